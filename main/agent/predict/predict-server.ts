import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { JudgedItem, JudgingModel } from '@genba/shared/local-api/judging';
import type { Logger } from 'pino';
import type { Subject } from '../judging/judge-subject.ts';
import { readSubject } from './predict-request.ts';
import { showsToken } from './predict-token.ts';

/** Requests that are read or judged at a time; more are told to come again. Bounds memory, and how long one waits. */
const MAX_AT_ONCE = 16;

const MAX_CONNECTIONS = 64;

/** How long a client may take to send its request, milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;

/** What the server answers with for each code of its own; of others it is 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'predict/bad-request': 400,
  'predict/unauthorised': 401,
  'predict/not-found': 404,
  'predict/too-large': 413,
  'predict/busy': 503,
  'judging/no-model': 503,
  'dataset/not-read': 503,
  'trainer/crashed': 503,
};

export interface PredictContext {
  /** Judges all of a subject. @throws AppError `judging/no-model`, `dataset/not-read`, `trainer/…` */
  readonly judge: (subject: Subject) => Promise<PredictAnswer>;
  readonly token: string;
  readonly log: Logger;
}

/** What a program gets: one result per picture, row or window, in order. */
export interface PredictAnswer {
  readonly model: JudgingModel;
  readonly results: readonly Pick<JudgedItem, 'line' | 'verdict' | 'problem'>[];
}

/** Answers `POST /predict` for MES and PLC. Plain HTTP: meant for programs on this PC. */
export class PredictServer {
  readonly #context: PredictContext;
  readonly #http: Server;
  #openCount = 0;

  constructor(context: PredictContext) {
    this.#context = context;
    this.#http = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: 16 * 1024 },
      (request, response) => void this.#serve(request, response),
    );
    this.#http.maxConnections = MAX_CONNECTIONS;
  }

  /** @param host address to listen on @throws AppError `startup/port-in-use` */
  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause) => {
        reject(new AppError('startup/port-in-use', { detail: `${host} port ${port}`, cause }));
      });
      this.#http.listen(port, host, resolve);
    });
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      respond(response, 200, await this.#answer(request));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === 'internal/bug') this.#context.log.error({ error: error.message }, 'predict');
      else this.#context.log.debug({ code: error.code, detail: error.detail }, 'predict');
      refuse(response, error);
    }
  }

  async #answer(request: IncomingMessage): Promise<PredictAnswer> {
    const { token, judge } = this.#context;
    if (!showsToken(request.headers.authorization, token)) throw new AppError('predict/unauthorised');
    if (request.method !== 'POST' || new URL(request.url ?? '/', 'http://pc').pathname !== '/predict') {
      throw new AppError('predict/not-found');
    }
    if (this.#openCount >= MAX_AT_ONCE) throw new AppError('predict/busy');
    this.#openCount += 1;
    try {
      return await judge(await readSubject(request));
    } finally {
      this.#openCount -= 1;
    }
  }
}

function refuse(response: ServerResponse, error: AppError): void {
  const { code, detail = null } = error;
  // The rest of a body that nobody reads must not be taken for the next request.
  response.setHeader('connection', 'close');
  if (code === 'predict/unauthorised') response.setHeader('www-authenticate', 'Bearer');
  if (code === 'predict/busy') response.setHeader('retry-after', '1');
  const message = { en: error.sentence('en'), ja: error.sentence('ja') };
  respond(response, STATUS[code] ?? 500, {
    error: { code, detail: code === 'internal/bug' ? null : detail, message },
  });
}

function respond(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}
