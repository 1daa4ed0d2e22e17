import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import {
  type AgentStatus,
  LOCAL_API_ENDPOINT_FILE,
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  type LocalCommand,
  type LocalMessage,
  type LocalQuery,
  localRequestSchema,
} from '@genba/shared/local-api/messages';
import { type WebSocket, WebSocketServer } from 'ws';
import { nightChanges } from './fake-changes.ts';
import { addressOf, servePages } from './page-server.ts';

/** An agent's local API without an agent: it shows what a test tells it to, and obeys pause and resume. */
export class FakeAgent {
  readonly token = randomBytes(32).toString('hex');
  readonly commands: LocalCommand['command'][] = [];
  /** What the next commands are answered with; null obeys them. */
  refusal: ErrorCode | null = null;
  /** What a test answers by itself; null leaves it to the above. */
  answer: (request: LocalCommand | LocalQuery) => LocalMessage | null | Promise<LocalMessage | null> = () =>
    null;
  #status: AgentStatus;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  static async start(status: AgentStatus): Promise<FakeAgent> {
    return new FakeAgent(status, await servePages('desktop', () => false));
  }

  private constructor(status: AgentStatus, server: Server) {
    this.#status = status;
    this.#server = server;
    this.#sockets = new WebSocketServer({ noServer: true, handleProtocols: () => LOCAL_API_SUBPROTOCOL });
    server.on('upgrade', (request, socket, head) => {
      const protocols = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
      if (request.url !== LOCAL_API_PATH || !protocols?.includes(`token.${this.token}`)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#greet(client));
    });
  }

  get address(): string {
    return addressOf(this.#server);
  }

  /** Leaves word of this agent in a data folder, as a real one does. */
  async announce(dataFolder: string): Promise<void> {
    const endpoint = { pid: process.pid, address: this.address, token: this.token };
    await writeFile(join(dataFolder, LOCAL_API_ENDPOINT_FILE), JSON.stringify(endpoint));
  }

  /** Shows another status to every window. */
  show(status: AgentStatus): void {
    this.#status = status;
    for (const client of this.#sockets.clients) send(client, { type: 'status', status });
  }

  /** Ends at once, like an agent whose process was killed. */
  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #greet(client: WebSocket): void {
    send(client, { type: 'status', status: this.#status });
    client.on('message', async (data) => {
      const request = localRequestSchema.parse(JSON.parse(String(data)));
      // The shell says by itself, now and then, when somebody last touched the PC.
      if ('command' in request && request.command !== 'report-use') this.commands.push(request.command);
      const own = await this.answer(request);
      if (own !== null) return send(client, own);
      if ('query' in request && request.query === 'changes')
        return send(client, { type: 'changes', id: request.id, changes: nightChanges(request.period) });
      // It has nothing that any other question could be about.
      if ('query' in request)
        return send(client, { type: 'reply', id: request.id, error: 'local/not-running' });
      send(client, { type: 'reply', id: request.id, error: this.refusal });
      if (this.refusal !== null || request.command === 'report-use') return;
      this.show({ ...this.#status, phase: request.command === 'pause' ? 'paused' : 'training' });
    });
  }
}

function send(client: WebSocket, message: LocalMessage): void {
  client.send(JSON.stringify(message));
}
