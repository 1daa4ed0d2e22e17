import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { toAppError } from '@genba/shared/errors/app-error';
import { HEALTH_PATH, STATUS_PATH } from '@genba/shared/protocol/status';
import { isLoopbackHostHeader } from './loopback.ts';
import type { SessionHost } from './session.ts';
import { aggregatorStatus, health } from './status.ts';
import type { UpdatesRoute } from './updates-route.ts';

/**
 * Answers the plain HTTP requests, all read-only: health, the app's updates, and on this computer only also status;
 * everything else is 404. Where devices enrol there is no status: it would tell strangers about plants, and an address of this computer
 * proves nothing behind a proxy on it.
 */
export function httpRoutes(host: SessionHost, updates: UpdatesRoute): RequestListener {
  return (request, response) => {
    // Nothing here reads a body.
    request.resume();
    if (isServedHere(request, host) && updates.isMeant(request)) {
      // Fetching takes minutes, and is no attempt at a session.
      host.admission?.pending.settle(request.socket);
      updates.answer(request, response);
      return;
    }
    answer(request, host)
      .then(({ status, body }) => respond(response, status, body))
      .catch((thrown) => {
        const error = toAppError(thrown);
        host.log.error({ err: error }, 'status failed');
        respond(response, 500, { error: error.code });
      });
  };
}

async function answer(
  request: IncomingMessage,
  host: SessionHost,
): Promise<{ status: number; body: object }> {
  const isOpen = host.admission === null;
  if (!isServedHere(request, host)) return { status: 421, body: { error: 'host not served here' } };
  if (request.method === 'GET' && request.url === HEALTH_PATH) return { status: 200, body: health(host) };
  if (isOpen && request.method === 'GET' && request.url === STATUS_PATH) {
    return { status: 200, body: await aggregatorStatus(host) };
  }
  return { status: 404, body: { error: 'not found' } };
}

/** Where everybody is let in, only this computer's own names are: a page elsewhere must not reach it by another. */
function isServedHere({ headers }: IncomingMessage, { admission }: SessionHost): boolean {
  return admission !== null || isLoopbackHostHeader(headers.host);
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
