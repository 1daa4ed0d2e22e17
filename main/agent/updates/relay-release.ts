import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { RELAY_PROBLEM_STATUS } from '@genba/shared/local-api/app-update';
import { UPDATES_PATH } from '@genba/shared/protocol/status';
import type { Logger } from 'pino';
import type { RateLimit } from '../sync/rate-limit.ts';
import type { FileWish } from './release-files.ts';
import { slowed } from './slowed.ts';

/** What a file of a release may be called; the aggregator looks closer. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,199}$/;

/** Of the aggregator's answer, what a window's updater needs. */
const KEPT_HEADERS = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'last-modified'];

export interface ReleaseDoor {
  /** Whether who asks has shown this start's token. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
  /** Asks the aggregator. @throws AppError */
  readonly ask: (wish: FileWish) => Promise<IncomingMessage>;
  /** What the plant's line gives to downloads. */
  readonly rate: () => RateLimit;
  readonly log: Logger;
}

/**
 * Hands files of the app's release on from the aggregator to this PC's window, which would otherwise need the plant's
 * proxy, its login and the enrolled certificate. Nothing of it is kept. Where the aggregator cannot be asked, the reason
 * is the answer's status text: an error code.
 * @returns a handler for requests under the path of updates
 */
export function relayRelease(
  door: ReleaseDoor,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (!door.isAllowed(request)) return end(response, 401);
    const name = nameOf(request.url ?? '');
    const { method } = request;
    if (name === null || (method !== 'GET' && method !== 'HEAD')) return end(response, 404);
    const over = new AbortController();
    response.once('close', () => over.abort());
    const { range } = request.headers;
    try {
      await hand(await door.ask({ method, name, range, signal: over.signal }), response, door.rate());
      door.log.info({ name, range, status: response.statusCode }, 'file of an update handed on');
    } catch (thrown) {
      if (over.signal.aborted) return;
      const { code, detail } = toAppError(thrown);
      door.log.warn({ name, code, detail }, 'no file of an update');
      refuse(response, code === 'internal/bug' ? 'updates/unreachable' : code);
    }
  };
}

/** The file that is asked for; null where it can be none of a release. */
function nameOf(url: string): string | null {
  // The updater adds `?noCache=…` to a channel file.
  const [path = ''] = url.slice(UPDATES_PATH.length).split('?', 1);
  try {
    const name = decodeURIComponent(path);
    return PLAIN_NAME.test(name) ? name : null;
  } catch {
    return null;
  }
}

async function hand(answer: IncomingMessage, response: ServerResponse, rate: RateLimit): Promise<void> {
  const status = answer.statusCode!;
  if (status === 404 || status === 416) {
    answer.resume();
    return end(response, status);
  }
  // A redirection leads elsewhere, and nowhere else is asked.
  if (status !== 200 && status !== 206) {
    answer.resume();
    return refuse(response, status === 503 ? 'updates/busy' : 'updates/unreachable');
  }
  for (const header of KEPT_HEADERS) {
    const value = answer.headers[header];
    if (value !== undefined) response.setHeader(header, value);
  }
  response.writeHead(status);
  await pipeline(answer, slowed(rate), response);
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 }).end();
}

/** Once its head is out, an answer can only be cut. */
function refuse(response: ServerResponse, problem: ErrorCode): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(RELAY_PROBLEM_STATUS, problem, { 'Content-Length': 0 }).end();
}
