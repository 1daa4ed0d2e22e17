import { type IncomingMessage, request } from 'node:http';
import { AppError } from '@genba/shared/errors/app-error';
import { UPDATES_PATH } from '@genba/shared/protocol/status';
import type { Dial } from '../network/dial.ts';
import type { SyncTargets } from '../sync/sync-client.ts';
import { encryptedConnection, endpointOf, type Target } from '../sync/target.ts';
import { connectionProblem } from '../sync/tls-problem.ts';

/** How long the aggregator may say nothing before or within an answer, milliseconds. */
const SILENCE_MS = 60_000;

/** What a plant asks for of a release of the app. */
export interface FileWish {
  readonly method: 'GET' | 'HEAD';
  /** A plain name; anything else is no file of a release. */
  readonly name: string;
  /** Part of it, as HTTP writes it; undefined for the whole. */
  readonly range?: string | undefined;
  /** Ends the request, and the answer in progress. */
  readonly signal: AbortSignal;
}

/** Whom to ask, and how to get there. */
export interface ReleaseSource {
  /** Null where this PC has not enrolled: nobody else is asked for a program to be run here. */
  readonly where: SyncTargets | null;
  readonly dial: Dial;
}

/**
 * Asks the aggregator that this PC has enrolled with for a file of the app's release: over the plant's own way out,
 * with the enrolled certificate as the only one that counts. Its addresses are tried in turn.
 * @returns its answer, whatever its status
 * @throws AppError `identity/not-enrolled`, `updates/unreachable`, `tls/…`, `proxy/…`
 */
export async function askForFile({ where, dial }: ReleaseSource, wish: FileWish): Promise<IncomingMessage> {
  if (where === null || where.enrolledTask === null) throw new AppError('identity/not-enrolled');
  let problem: AppError | null = null;
  let cause: unknown;
  for (const target of where.targets) {
    try {
      return await ask(target, dial, wish);
    } catch (thrown) {
      cause = thrown;
      if (thrown instanceof AppError) problem = thrown;
      if (wish.signal.aborted) break;
    }
  }
  throw problem ?? new AppError('updates/unreachable', { detail: (cause as Error).message, cause });
}

function ask({ address, anchor }: Target, dial: Dial, wish: FileWish): Promise<IncomingMessage> {
  if (anchor === null) throw new AppError('identity/not-enrolled');
  const { method, name, range, signal } = wish;
  return new Promise((resolve, reject) => {
    let isProven = false;
    const asked = request({
      method,
      path: `${UPDATES_PATH}${encodeURIComponent(name)}`,
      headers: { host: new URL(address).host, ...(range === undefined ? {} : { range }) },
      signal,
      timeout: SILENCE_MS,
      createConnection: encryptedConnection(endpointOf(address), {
        anchor,
        dial,
        onProven: () => {
          isProven = true;
        },
      }),
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.once('error', (error) => reject(connectionProblem(error, isProven) ?? error));
    asked.once('response', resolve);
    asked.end();
  });
}
