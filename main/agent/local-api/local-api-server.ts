import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import { MAX_LOCAL_FRAME_CHARACTERS } from '@genba/shared/local-api/limits';
import {
  type AgentStatus,
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  LOCAL_API_TOKEN_PREFIX,
  type LocalCommand,
  type LocalMessage,
  type LocalQuery,
  localRequestSchema,
  MAX_REPLY_DETAIL,
} from '@genba/shared/local-api/messages';
import { PICTURES_PATH } from '@genba/shared/local-api/pictures';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { UPDATES_PATH } from '@genba/shared/protocol/status';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { type ReleaseDoor, relayRelease } from '../updates/relay-release.ts';
import { servePages } from './pages.ts';
import { servePictures } from './serve-pictures.ts';

/** Shortest time between two status messages, milliseconds. */
const STATUS_INTERVAL_MS = 100;

/** Where Electron serves the window's pages from. */
const SHELL_ORIGIN = 'genba://app';

/** Before the token of a plain request (RFC 6750). */
const BEARER = 'Bearer ';

/** A command that the agent carries out and goes on. */
export type AgentCommand = Exclude<LocalCommand, { command: 'stop' }>;

/** What the local API needs of the agent. */
export interface LocalApiContext {
  readonly status: () => AgentStatus;
  /** Done when it resolves. @throws AppError when the command cannot be carried out */
  readonly execute: (command: AgentCommand) => Promise<ExchangeResult | null>;
  /** Answers a question, with the same id. @throws AppError for a question that has no answer */
  readonly answer: (
    query: LocalQuery,
    /** Sends what comes before the answer; resolves when the other side can take more. */
    tell: (message: LocalMessage) => Promise<void>,
  ) => Promise<LocalMessage>;
  /** Where a picture lies that a window may see. @throws AppError `labels/unknown-picture` for any other */
  readonly findPicture: (picture: string) => Promise<string>;
  /** Where the window gets files of the app's release; left out: nowhere. */
  readonly release?: Pick<ReleaseDoor, 'ask' | 'rate'>;
  /** Ends the agent's process; called when the answer to whoever asked for it is on its way. */
  readonly stop: () => void;
  /** Folder of the built pages. */
  readonly pagesFolder: string;
  readonly log: Logger;
}

/**
 * The agent's door for windows on this PC: a WebSocket that needs this start's token and one of our own origins,
 * the built pages for a browser, and the pictures that the window may see. Listens on 127.0.0.1 only.
 */
export class LocalApiServer {
  readonly token = randomBytes(32).toString('hex');
  readonly #context: LocalApiContext;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_LOCAL_FRAME_CHARACTERS,
    handleProtocols: () => LOCAL_API_SUBPROTOCOL,
  });
  #statusTimer: NodeJS.Timeout | null = null;
  /** What every window has heard last; null where one of them has heard something else. */
  #lastTold: string | null = null;

  constructor(context: LocalApiContext) {
    this.#context = context;
    const servePage = servePages(context.pagesFolder);
    const { findPicture: find, release, log } = context;
    const servePicture = servePictures({ token: this.token, find, log });
    const isAllowed = ({ headers }: IncomingMessage) => this.#isToken(headers.authorization, BEARER);
    const serveRelease = release === undefined ? servePage : relayRelease({ ...release, isAllowed, log });
    this.#http = createServer((request, response) => {
      if (!this.#isOwnHost(request)) response.writeHead(421).end();
      else if (request.url?.startsWith(PICTURES_PATH)) void servePicture(request, response);
      else if (request.url?.startsWith(UPDATES_PATH)) void serveRelease(request, response);
      else servePage(request, response);
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets.on('connection', (socket) => this.#serve(socket));
  }

  /** Starts listening. Port 0 takes any free one. @throws AppError `startup/port-in-use` */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => {
        reject(new AppError('startup/port-in-use', { detail: `port ${port}`, cause }));
      });
      this.#http.listen(port, '127.0.0.1', resolve);
    });
  }

  /** `http://127.0.0.1:PORT` */
  get address(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** The status may have changed: every window hears of it where it has, at most ten times a second. */
  statusChanged(): void {
    if (this.#statusTimer !== null || this.#sockets.clients.size === 0) return;
    this.#statusTimer = setTimeout(() => {
      this.#statusTimer = null;
      const message = this.#statusMessage();
      if (message === this.#lastTold) return;
      this.#lastTold = message;
      for (const client of this.#sockets.clients) client.send(message);
    }, STATUS_INTERVAL_MS);
  }

  /** Closes all windows' connections and stops listening. */
  async close(): Promise<void> {
    if (this.#statusTimer !== null) clearTimeout(this.#statusTimer);
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isAdmitted =
      request.url === LOCAL_API_PATH &&
      this.#isOwnHost(request) &&
      this.#isOwnOrigin(request.headers.origin) &&
      this.#hasToken(request.headers['sec-websocket-protocol']);
    if (!isAdmitted) {
      this.#context.log.warn(
        { origin: request.headers.origin },
        'a window without our token or origin was refused',
      );
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) =>
      this.#sockets.emit('connection', accepted, request),
    );
  }

  /** A page of another site that points its own name at 127.0.0.1 carries that name here. */
  #isOwnHost(request: IncomingMessage): boolean {
    return request.headers.host === this.address.slice('http://'.length);
  }

  /** Browsers always send an origin; programs of this account that read the token need none. */
  #isOwnOrigin(origin: string | undefined): boolean {
    return origin === undefined || origin === this.address || origin === SHELL_ORIGIN;
  }

  #hasToken(protocols: string | undefined): boolean {
    const offered = (protocols ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(LOCAL_API_SUBPROTOCOL)) return false;
    return offered.some((name) => this.#isToken(name, LOCAL_API_TOKEN_PREFIX));
  }

  /** Whether it is this start's token behind a prefix. */
  #isToken(shown: string | undefined, prefix: string): boolean {
    if (!shown?.startsWith(prefix)) return false;
    const expected = Buffer.from(this.token);
    const token = Buffer.from(shown.slice(prefix.length));
    return token.byteLength === expected.byteLength && timingSafeEqual(token, expected);
  }

  #statusMessage(): string {
    return JSON.stringify({ type: 'status', status: this.#context.status() } satisfies LocalMessage);
  }

  #serve(socket: WebSocket): void {
    socket.on('error', (error) => this.#context.log.debug({ error: error.message }, 'window'));
    socket.on('message', (data: Buffer) => {
      try {
        const request = parseControlFrame(
          localRequestSchema,
          data.toString('utf8'),
          MAX_LOCAL_FRAME_CHARACTERS,
        );
        if ('query' in request) void this.#answer(request, socket);
        else if (request.command === 'stop') this.#stop(socket, request.id);
        else void this.#reply(request).then((reply) => socket.send(JSON.stringify(reply)));
      } catch (thrown) {
        this.#context.log.warn({ detail: toAppError(thrown).detail }, 'a window sent an unknown command');
        socket.close(1008);
      }
    });
    this.#lastTold = null;
    socket.send(this.#statusMessage());
  }

  async #answer(query: LocalQuery, socket: WebSocket): Promise<void> {
    const tell = (message: LocalMessage) =>
      new Promise<void>((resolve, reject) => {
        // Nobody is left to hear the rest.
        if (socket.readyState !== WebSocket.OPEN) reject(new AppError('local/unauthorised'));
        else socket.send(JSON.stringify(message), () => resolve());
      });
    const answer = await this.#context.answer(query, tell).catch((thrown: unknown): LocalMessage => {
      const { code, detail } = toAppError(thrown);
      return { type: 'reply', id: query.id, error: code, ...told(detail) };
    });
    socket.send(JSON.stringify(answer), () => undefined);
  }

  #stop(socket: WebSocket, id: number): void {
    this.#context.log.info('a window or another agent asks this one to stop');
    const reply: LocalMessage = { type: 'reply', id, error: null };
    socket.send(JSON.stringify(reply), () => this.#context.stop());
  }

  async #reply(command: AgentCommand): Promise<LocalMessage> {
    try {
      const result = await this.#context.execute(command);
      return { type: 'reply', id: command.id, error: null, ...(result === null ? {} : { result }) };
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      return { type: 'reply', id: command.id, error: code, ...told(detail) };
    }
  }
}

function told(detail: string | undefined): { detail?: string } {
  return detail === undefined ? {} : { detail: detail.slice(0, MAX_REPLY_DETAIL) };
}
