import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { CHANNEL_BYTES, CHANNEL_LABEL } from '@genba/shared/identity/wire-types';
import {
  HARD_FRAME_LIMIT_BYTES,
  HEARTBEAT_MS,
  WEBSOCKET_PATH,
  WEBSOCKET_SUBPROTOCOL,
} from '@genba/shared/protocol/limits';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { Presented } from '../identity/server-certificate.ts';
import type { IdentityRegister } from '../store/identity-register.ts';
import type { Store } from '../store/open-store.ts';
import type { Retention } from '../store/retention.ts';
import { errorCodeOf } from '../store/storage-error.ts';
import { Admission, type SecureConnection } from './admission.ts';
import type { AdmissionLimits } from './admission-limits.ts';
import { Heartbeat } from './heartbeat.ts';
import { httpRoutes } from './http-routes.ts';
import { isLoopbackHost, isLoopbackHostHeader } from './loopback.ts';
import { CLOSE_GOING_AWAY, CLOSE_REFUSED, Session, type SessionHost } from './session.ts';
import { SessionRegistry } from './session-registry.ts';
import { UpdatesRoute } from './updates-route.ts';

export interface GatewayOptions {
  readonly engines: ReadonlyMap<string, TaskEngine>;
  readonly store: Pick<Store, 'catalogue' | 'identities' | 'screening' | 'weights' | 'parts'>;
  readonly retention: Pick<Retention, 'usage'>;
  /** TLS and enrolled devices; null lets everybody on this computer in. */
  readonly secure: { readonly presented: Presented; readonly limits: AdmissionLimits } | null;
  /** A name or address to listen on; undefined is all of them. Without TLS a loopback one is required. */
  readonly host: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Folder of the app's updates; it may be missing. */
  readonly updatesFolder: string;
  readonly log: Logger;
  /** Time between two pings to a client, milliseconds. */
  readonly heartbeatMs?: number;
}

/** How long TLS and the head of a request may take, milliseconds. */
const REQUEST_DEADLINE_MS = 10_000;

/** How often that is looked at, milliseconds. */
const REQUEST_CHECK_MS = 2_000;

/** The aggregator's one port: WebSocket sessions, health, status and the app's updates. */
export class Gateway {
  readonly #http: Server | TlsServer;
  readonly #sockets: WebSocketServer;
  readonly #host: SessionHost;
  readonly #updates: UpdatesRoute;
  readonly #sessions = new Set<Session>();
  readonly #unsubscribe: (() => void)[];
  readonly #heartbeat: Heartbeat;
  #cutting: Promise<void> = Promise.resolve();

  private constructor(options: GatewayOptions) {
    const { engines, store, retention, log, secure, updatesFolder, heartbeatMs = HEARTBEAT_MS } = options;
    const registry = new SessionRegistry({ closeCode: CLOSE_REFUSED });
    const register = store.identities;
    const admission = secure && new Admission({ register, limits: secure.limits, log });
    this.#host = { engines, store, retention, log, registry, admission };
    this.#updates = new UpdatesRoute(updatesFolder);
    const routes = httpRoutes(this.#host, this.#updates);
    this.#http = secure === null ? createServer(routes) : this.#tlsServer(secure.presented, routes);
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: HARD_FRAME_LIMIT_BYTES,
      // Text is decoded by the session, so that bad UTF-8 is answered instead of closing the connection.
      skipUTF8Validation: true,
      handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    });
    this.#http.on('upgrade', (request, socket, head) => void this.#onUpgrade(request, socket, head));
    const onWeights = [...engines.values()].flatMap((engine) => [
      engine.onIssue(({ taskId, clientId, base }) => registry.find(taskId, clientId)?.tellNews(base)),
      engine.onRecall(({ taskId, clientId, updateId, error }) => {
        registry.find(taskId, clientId)?.recall(updateId, error);
      }),
    ]);
    const onForeignChange =
      admission === null ? [] : [store.catalogue.onForeignChange(() => this.#cutRevokedSoon(register))];
    this.#unsubscribe = [...onWeights, ...onForeignChange];
    this.#heartbeat = new Heartbeat(heartbeatMs);
  }

  /**
   * Starts to listen.
   * @throws AppError `startup/host-not-loopback`, `startup/port-in-use`
   */
  static async listen(options: GatewayOptions): Promise<Gateway> {
    const { host, secure } = options;
    if (secure === null && !isLoopbackHost(host ?? ''))
      throw new AppError('startup/host-not-loopback', { detail: host });
    const gateway = new Gateway(options);
    try {
      await gateway.#listen(host?.replace(/^\[|\]$/g, ''), options.port);
      return gateway;
    } catch (cause) {
      await gateway.close();
      if (errorCodeOf(cause) !== 'EADDRINUSE') throw cause;
      throw new AppError('startup/port-in-use', { detail: `port ${options.port}`, cause });
    }
  }

  /** `http://ADDRESS:PORT` or `https://ADDRESS:PORT`, with the port really taken. */
  get address(): string {
    const { address, port } = this.#http.address() as AddressInfo;
    const scheme = this.#host.admission === null ? 'http' : 'https';
    return `${scheme}://${isIPv6(address) ? `[${address}]` : address}:${port}`;
  }

  /** The port really taken. */
  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Presents another certificate to who connects from now on. */
  present({ chainPem, keyPem }: Presented): void {
    (this.#http as TlsServer).setSecureContext({ cert: chainPem, key: keyPem, minVersion: 'TLSv1.3' });
  }

  /** Stops listening and ends every session with close code 1001; what is in transfer can be continued later. */
  async close(): Promise<void> {
    this.#heartbeat.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    await Promise.all([...this.#sessions].map((session) => session.end({ closeCode: CLOSE_GOING_AWAY })));
    this.#updates.cut();
    this.#http.closeIdleConnections();
    // TLS that never finished, a request that never ends.
    this.#host.admission?.pending.cut();
    await closed;
    await this.#host.admission?.close();
    await this.#cutting;
  }

  #tlsServer({ chainPem, keyPem }: Presented, routes: RequestListener): TlsServer {
    const { admission, log } = this.#host;
    const options = {
      cert: chainPem,
      key: keyPem,
      minVersion: 'TLSv1.3',
      handshakeTimeout: REQUEST_DEADLINE_MS,
      headersTimeout: REQUEST_DEADLINE_MS,
      requestTimeout: REQUEST_DEADLINE_MS,
      connectionsCheckingInterval: REQUEST_CHECK_MS,
    } as const;
    const server = createTlsServer(options, routes);
    // The TCP connection below TLS, as documented.
    server.on('connection', (socket) => admission?.pending.add(socket as Socket));
    server.on('tlsClientError', (error) => log.info({ message: error.message }, 'TLS failed'));
    return server;
  }

  /** Looks once, after any look in progress: that one may have begun before the change. */
  #cutRevokedSoon(register: IdentityRegister): void {
    this.#cutting = this.#cutting
      .then(() => this.#cutRevoked(register))
      .catch((thrown) => this.#host.log.error({ err: toAppError(thrown) }, 'revocations not read'));
  }

  /** Ends the sessions of devices that were locked out. */
  async #cutRevoked(register: IdentityRegister): Promise<void> {
    const open = [...this.#sessions].filter(({ deviceId }) => deviceId !== null);
    if (open.length === 0) return;
    const deviceIds = open.map(({ deviceId }) => deviceId!);
    const revoked = new Set(await register.revokedAmong(deviceIds));
    for (const session of open.filter(({ deviceId }) => revoked.has(deviceId!))) {
      this.#host.log.warn({ deviceId: session.deviceId }, 'device locked out, connection cut');
      void session.end({ error: 'identity/revoked', closeCode: CLOSE_REFUSED });
    }
  }

  #listen(host: string | undefined, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host, port, exclusive: true }, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A peer that is gone while we think it over.
    socket.on('error', () => {});
    const { admission } = this.#host;
    const refusal = upgradeRefusal(request, { isOpen: admission === null });
    if (refusal !== null) {
      refuseUpgrade(socket, refusal);
      return;
    }
    const waitS = await admission?.counts.waitS(request.socket.remoteAddress ?? '');
    if (typeof waitS === 'number') {
      refuseUpgrade(socket, '429 Too Many Requests', [`Retry-After: ${waitS}`]);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = admission && secureConnection(request.socket as TLSSocket);
      const session = new Session(webSocket, this.#host, connection);
      if (admission !== null) socket.on('data', (chunk: Buffer) => session.countReceived(chunk.byteLength));
      this.#sessions.add(session);
      this.#heartbeat.add(session);
      webSocket.once('close', () => {
        this.#sessions.delete(session);
        this.#heartbeat.remove(session);
      });
    });
  }
}

/** The same as none in TLS 1.3 (RFC 8446, section 7.5). */
const NO_CONTEXT = Buffer.alloc(0);

function secureConnection(socket: TLSSocket): SecureConnection {
  const { remoteAddress = '', remotePort } = socket;
  const channel = socket.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, NO_CONTEXT);
  return { remoteAddress, remotePort, channel };
}

function refuseUpgrade(socket: Duplex, status: string, headers: readonly string[] = []): void {
  const lines = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0', ...headers];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Why a WebSocket is not opened, as an HTTP status line; null when it may be. */
function upgradeRefusal(
  { headers, url }: IncomingMessage,
  { isOpen }: { readonly isOpen: boolean },
): string | null {
  if (isOpen && !isLoopbackHostHeader(headers.host)) return '421 Misdirected Request';
  // Only browsers send Origin, and no page has business here.
  if (headers.origin !== undefined) return '403 Forbidden';
  if (url !== WEBSOCKET_PATH) return '404 Not Found';
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.includes(WEBSOCKET_SUBPROTOCOL) ? null : '400 Bad Request';
}
