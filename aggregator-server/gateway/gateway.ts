import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '@genba/shared/errors/app-error';
import {
  HARD_FRAME_LIMIT_BYTES,
  HEARTBEAT_MS,
  WEBSOCKET_PATH,
  WEBSOCKET_SUBPROTOCOL,
} from '@genba/shared/protocol/limits';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { Store } from '../store/open-store.ts';
import type { Retention } from '../store/retention.ts';
import { errorCodeOf } from '../store/storage-error.ts';
import { Heartbeat } from './heartbeat.ts';
import { httpRoutes } from './http-routes.ts';
import { isLoopbackHost, isLoopbackHostHeader } from './loopback.ts';
import { CLOSE_GOING_AWAY, CLOSE_REFUSED, Session, type SessionHost } from './session.ts';
import { SessionRegistry } from './session-registry.ts';

export interface GatewayOptions {
  readonly engines: ReadonlyMap<string, TaskEngine>;
  readonly store: Pick<Store, 'catalogue' | 'screening' | 'weights' | 'parts'>;
  readonly retention: Pick<Retention, 'usage'>;
  /** A loopback name or address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Logger;
  /** Time between two pings to a client, milliseconds. */
  readonly heartbeatMs?: number;
}

/** The aggregator's one port: WebSocket sessions, health and status. */
export class Gateway {
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #host: SessionHost;
  readonly #sessions = new Set<Session>();
  readonly #unsubscribe: (() => void)[];
  readonly #heartbeat: Heartbeat;

  private constructor({ engines, store, retention, log, heartbeatMs = HEARTBEAT_MS }: GatewayOptions) {
    this.#host = {
      engines,
      store,
      retention,
      log,
      registry: new SessionRegistry({ closeCode: CLOSE_REFUSED }),
    };
    this.#http = createServer(httpRoutes(this.#host));
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: HARD_FRAME_LIMIT_BYTES,
      // Text is decoded by the session, so that bad UTF-8 is answered instead of closing the connection.
      skipUTF8Validation: true,
      handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    });
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    const { registry } = this.#host;
    this.#unsubscribe = [...engines.values()].flatMap((engine) => [
      engine.onIssue(({ taskId, clientId }) => registry.find(taskId, clientId)?.tellNews()),
      engine.onRecall(({ taskId, clientId, updateId, error }) => {
        registry.find(taskId, clientId)?.recall(updateId, error);
      }),
    ]);
    this.#heartbeat = new Heartbeat(heartbeatMs);
  }

  /**
   * Starts to listen.
   * @throws AppError `startup/host-not-loopback`, `startup/port-in-use`
   */
  static async listen(options: GatewayOptions): Promise<Gateway> {
    if (!isLoopbackHost(options.host)) {
      throw new AppError('startup/host-not-loopback', { detail: options.host });
    }
    const gateway = new Gateway(options);
    try {
      await gateway.#listen(options.host.replace(/^\[|\]$/g, ''), options.port);
      return gateway;
    } catch (cause) {
      await gateway.close();
      if (errorCodeOf(cause) !== 'EADDRINUSE') throw cause;
      throw new AppError('startup/port-in-use', { detail: `port ${options.port}`, cause });
    }
  }

  /** `http://ADDRESS:PORT`, with the port really taken. */
  get address(): string {
    const { address, port } = this.#http.address() as AddressInfo;
    return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
  }

  /** Stops listening and ends every session with close code 1001; what is in transfer can be continued later. */
  async close(): Promise<void> {
    this.#heartbeat.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    await Promise.all([...this.#sessions].map((session) => session.end({ closeCode: CLOSE_GOING_AWAY })));
    this.#http.closeIdleConnections();
    await closed;
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host, port, exclusive: true }, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = upgradeRefusal(request);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new Session(webSocket, this.#host);
      this.#sessions.add(session);
      this.#heartbeat.add(session);
      webSocket.once('close', () => {
        this.#sessions.delete(session);
        this.#heartbeat.remove(session);
      });
    });
  }
}

/** Why a WebSocket is not opened, as an HTTP status line; null when it may be. */
function upgradeRefusal({ headers, url }: IncomingMessage): string | null {
  if (!isLoopbackHostHeader(headers.host)) return '421 Misdirected Request';
  // Only browsers send Origin, and no page has business here.
  if (headers.origin !== undefined) return '403 Forbidden';
  if (url !== WEBSOCKET_PATH) return '404 Not Found';
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.includes(WEBSOCKET_SUBPROTOCOL) ? null : '400 Bad Request';
}
