import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerCredentials } from './certificates.ts';

/** What a test proxy does with a CONNECT. */
export type ProxyManner =
  /** Opens the tunnel. */
  | 'open'
  /** Accepts the connection and never says anything. */
  | 'hang'
  /** Closes the connection without an answer. */
  | 'close'
  /** Says something that is no HTTP. */
  | 'babble'
  /** Refuses with this status. */
  | number;

export interface TestProxyOptions {
  /** Makes it a proxy that is reached over TLS. */
  readonly credentials?: ServerCredentials;
  /** `user:password` that it wants to see (Basic). */
  readonly login?: string;
  /** What it says it takes, where that is not Basic. */
  readonly challenge?: string;
  /** Where every tunnel really leads to: on 127.0.0.1, whatever name is asked for. */
  readonly port: () => number;
}

/** A real proxy that opens tunnels (CONNECT) on this computer. Tests bend it. */
export class TestProxy {
  manner: ProxyManner = 'open';
  /** What it was asked for: `host:port` of each CONNECT. */
  readonly asked: string[] = [];
  /** `Proxy-Authorization` of each, null where there was none. */
  readonly shown: (string | null)[] = [];
  readonly #server: Server;
  readonly #options: TestProxyOptions;
  readonly #sockets = new Set<Duplex>();

  static async start(options: TestProxyOptions): Promise<TestProxy> {
    const proxy = new TestProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(options: TestProxyOptions) {
    this.#options = options;
    const { credentials } = options;
    this.#server = credentials === undefined ? createServer() : createTlsServer({ ...credentials });
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on('connect', (request, socket) => this.#onConnect(request, socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address, as it is set. */
  get address(): string {
    return `${this.#options.credentials === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Cuts what is open; further connections are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #onConnect({ url, headers }: IncomingMessage, socket: Duplex): void {
    this.#keep(socket);
    const shown = headers['proxy-authorization'] ?? null;
    this.asked.push(url!);
    this.shown.push(shown);
    if (this.manner === 'close') socket.destroy();
    if (this.manner === 'babble') socket.end('220 mail.example ESMTP\r\n');
    if (this.manner === 'hang' || this.manner === 'close' || this.manner === 'babble') return;
    const { login, challenge } = this.#options;
    const wanted = login === undefined ? null : `Basic ${Buffer.from(login).toString('base64')}`;
    if (challenge !== undefined || (wanted !== null && shown !== wanted)) {
      refuse(socket, 407, [`Proxy-Authenticate: ${challenge ?? 'Basic realm="工場"'}`]);
    } else if (typeof this.manner === 'number') refuse(socket, this.manner);
    else this.#open(socket);
  }

  #open(socket: Duplex): void {
    const far = connect(this.#options.port(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(far);
      far.pipe(socket);
    });
    this.#keep(far);
    socket.on('close', () => far.destroy());
    far.on('close', () => socket.destroy());
  }
}

function refuse(socket: Duplex, status: number, headers: readonly string[] = []): void {
  const lines = [`HTTP/1.1 ${status} Refused`, 'Connection: close', 'Content-Length: 0', ...headers];
  socket.end(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8'));
}
