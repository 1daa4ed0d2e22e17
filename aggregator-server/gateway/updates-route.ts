import type { IncomingMessage, ServerResponse } from 'node:http';
import { UPDATES_PATH } from '@genba/shared/protocol/status';
import send from 'send';
import { BLOCK_MAP_SUFFIX, CHANNEL_FILES, INSTALLER_NAME } from '../updates/release.ts';

/** Installers sent at once; more PCs are asked to come again, so that updates never crowd out what plants report. */
const MAX_DOWNLOADS = 16;

/** When to come again, seconds. */
const RETRY_AFTER_S = 60;

/** How long a PC may take nothing before its download is cut, milliseconds; it goes on where it was. */
const STALLED_MS = 60_000;

/**
 * Sends the app's installers and channel files, whole or by range. They are no secret, so nobody has to prove anything.
 */
export class UpdatesRoute {
  readonly #folder: string;
  readonly #downloads = new Set<ServerResponse>();

  /** @param folder of updates; it may be missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether it is for this route to answer. */
  isMeant({ method, url = '' }: IncomingMessage): boolean {
    return (method === 'GET' || method === 'HEAD') && url.startsWith(UPDATES_PATH);
  }

  /** Answers; 404 for whatever is not published. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const name = nameOf(request.url!);
    if (name === null) {
      refuse(response, 404);
      return;
    }
    if (INSTALLER_NAME.test(name)) {
      if (this.#downloads.size >= MAX_DOWNLOADS) {
        refuse(response, 503);
        return;
      }
      this.#downloads.add(response);
      response.once('close', () => this.#downloads.delete(response));
    }
    response.setTimeout(STALLED_MS, () => response.destroy());
    response.setHeader('x-content-type-options', 'nosniff');
    // A channel file is replaced under its name.
    const options = { root: this.#folder, index: false, cacheControl: false } as const;
    response.setHeader('cache-control', 'no-cache');
    send(request, encodeURIComponent(name), options)
      .on('directory', () => refuse(response, 404))
      .on('error', ({ status }: { status: number }) => refuse(response, status))
      .pipe(response);
  }

  /** Cuts the downloads in progress; the PCs go on later. */
  cut(): void {
    for (const response of this.#downloads) response.destroy();
  }
}

/** The file that is asked for; null where it is none that may be published. */
function nameOf(url: string): string | null {
  // The updater adds `?noCache=…` to a channel file.
  const [path = ''] = url.slice(UPDATES_PATH.length).split('?', 1);
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch {
    return null;
  }
  const isChannel = CHANNEL_FILES.some((channel) => channel === name);
  const installer = name.endsWith(BLOCK_MAP_SUFFIX) ? name.slice(0, -BLOCK_MAP_SUFFIX.length) : name;
  return isChannel || INSTALLER_NAME.test(installer) ? name : null;
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (status === 503) response.setHeader('retry-after', RETRY_AFTER_S);
  response.writeHead(status, { 'content-length': 0 }).end();
}
