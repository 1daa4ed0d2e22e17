import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { DATA_FRAME_HEADER_BYTES } from '@genba/shared/protocol/data-frame';
import { WEBSOCKET_PATH, WEBSOCKET_SUBPROTOCOL } from '@genba/shared/protocol/limits';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

/** Stands between agents and an aggregator, passes every frame on, and counts what agents say. */
export class WebSocketRelay {
  /** Types of the messages agents have sent, in order. */
  readonly said: string[] = [];
  /** Bytes of payload in agents' data frames. */
  uploadedBytes = 0;
  readonly #server: WebSocketServer;
  readonly #target: string;

  private constructor(server: WebSocketServer, target: string) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (agent) => this.#pass(agent));
  }

  /** @param target `http://127.0.0.1:PORT` of the aggregator */
  static async start(target: string): Promise<WebSocketRelay> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: WEBSOCKET_PATH });
    await once(server, 'listening');
    return new WebSocketRelay(server, target);
  }

  /** `127.0.0.1:PORT` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #pass(agent: WebSocket): void {
    const address = `${this.#target.replace('http', 'ws')}${WEBSOCKET_PATH}`;
    const aggregator = new WebSocket(address, WEBSOCKET_SUBPROTOCOL, { perMessageDeflate: false });
    const early: [RawData, boolean][] = [];
    agent.on('message', (data, isBinary) => {
      this.#count(data as Buffer, isBinary);
      if (aggregator.readyState === aggregator.CONNECTING) early.push([data, isBinary]);
      else aggregator.send(data as Buffer, { binary: isBinary });
    });
    aggregator.on('open', () => {
      for (const [data, isBinary] of early) aggregator.send(data as Buffer, { binary: isBinary });
    });
    aggregator.on('message', (data, isBinary) => agent.send(data as Buffer, { binary: isBinary }));
    agent.on('close', () => aggregator.terminate());
    aggregator.on('close', () => agent.terminate());
    for (const socket of [agent, aggregator]) socket.on('error', () => undefined);
  }

  #count(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.uploadedBytes += data.byteLength - DATA_FRAME_HEADER_BYTES;
    else this.said.push((JSON.parse(data.toString('utf8')) as { type: string }).type);
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
