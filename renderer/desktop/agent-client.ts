import {
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  LOCAL_API_TOKEN_PREFIX,
  type LocalCommand,
  type LocalMessage,
  type LocalQuery,
  localMessageSchema,
} from '@genba/shared/local-api/messages';
import {
  ANSWER_TYPES,
  type AnsweredQuery,
  type AnswerTo,
  type CommandWish,
  deadlineOf,
  type QueryWish,
} from './agent-requests.ts';
import type { AgentView, CommandOutcome, Contact, Failure, QueryOutcome } from './agent-view.ts';
import type { EndpointSource } from './endpoint-source.ts';
import { keepEqualParts } from './keep-equal-parts.ts';
import { openPictureDoor } from './picture-door.ts';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
/** How long an attempt may take before the window says that it has no contact. */
const CONNECT_DEADLINE_MS = 4_000;

/** What comes back under a request's number. */
type Answer = Exclude<LocalMessage, { type: 'status' | 'judged' }> | Failure;

/** Some of a long answer, before its end. */
type Part = Extract<LocalMessage, { type: 'judged' }>;

/** The part of a browser's WebSocket that the client uses. */
export type AgentSocket = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

export interface AgentClientOptions {
  readonly endpoint: EndpointSource;
  readonly openSocket: (address: string, protocols: string[]) => AgentSocket;
  /** A number in [0, 1): spreads the retries of many windows. */
  readonly random: () => number;
}

/**
 * The window's one connection to its agent: checks all that arrives, reconnects for ever with backoff, asks
 * for the endpoint before every attempt (a restarted agent has a new port and token), and answers every
 * command and question exactly once. Parts of the status that have not changed stay the same objects, so that what
 * shows them need not be drawn again.
 */
export class AgentClient {
  #view: AgentView = { contact: { kind: 'opening' }, status: null, heardAt: null, pictures: null };
  #socket: AgentSocket | null = null;
  /** Of the agent that was found last. */
  #token: string | null = null;
  #attempts = 0;
  #nextId = 1;
  #isClosed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #parts = new Map<number, (part: Part) => void>();
  readonly #options: AgentClientOptions;

  constructor(options: AgentClientOptions) {
    this.#options = options;
  }

  /** Begins to connect; returns at once. */
  start(): void {
    void this.#connect();
  }

  /** Stops for good; open commands are answered `unanswered`. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#drop();
  }

  /** The current view; the same object until something changes. */
  readonly view = (): AgentView => this.#view;

  /** Calls `listener` after every change of the view, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Gives one command and waits for its reply, as long as such a command may take. */
  async send(wish: CommandWish): Promise<CommandOutcome> {
    const command = typeof wish === 'string' ? { command: wish } : wish;
    const answer = await this.#request(deadlineOf(command.command), (id) => ({ id, ...command }));
    if ('kind' in answer) return answer;
    if (answer.type !== 'reply') return this.#misanswered();
    return answer.error === null ? { kind: 'done', result: answer.result ?? null } : refusalIn(answer);
  }

  /**
   * Asks one question and waits for its answer, as long as such a question may take: so long again after each part.
   * @param onPart hears what comes before the answer
   */
  async ask<Query extends AnsweredQuery>(
    wish: Extract<QueryWish, { query: Query }>,
    onPart: (part: Part) => void = () => {},
  ): Promise<QueryOutcome<AnswerTo<Query>>> {
    const answer = await this.#request(deadlineOf(wish.query), (id) => ({ id, ...wish }), onPart);
    if ('kind' in answer) return answer;
    if (answer.type === 'reply' && answer.error !== null) return refusalIn(answer);
    if (answer.type !== ANSWER_TYPES[wish.query as AnsweredQuery]) return this.#misanswered();
    return { kind: 'answered', answer: answer as AnswerTo<Query> };
  }

  #request(
    deadlineMs: number,
    request: (id: number) => LocalCommand | LocalQuery,
    onPart: (part: Part) => void = () => {},
  ): Promise<Answer> {
    const socket = this.#socket;
    if (socket === null || this.#view.contact.kind !== 'connected')
      return Promise.resolve({ kind: 'unanswered' });
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const wait = () => setTimeout(() => this.#settle(id, { kind: 'unanswered' }), deadlineMs);
      let timer = wait();
      this.#pending.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#parts.set(id, (part) => {
        clearTimeout(timer);
        timer = wait();
        onPart(part);
      });
      socket.send(JSON.stringify(request(id)));
    });
  }

  /** An answer of another kind than what was asked: window and agent do not speak the same language. */
  #misanswered(): Failure {
    this.#show({ contact: { kind: 'unreadable' } });
    this.#socket?.close();
    return { kind: 'unanswered' };
  }

  async #connect(): Promise<void> {
    const endpoint = await this.#options.endpoint().catch(() => undefined);
    if (this.#isClosed) return;
    if (endpoint === undefined) return this.#retry({ kind: 'unreachable', problem: null });
    if (endpoint === null) return this.#show({ contact: { kind: 'refused' } });
    if (endpoint.state === 'starting') return this.#retry({ kind: 'starting' });
    if (endpoint.state === 'absent') return this.#retry({ kind: 'unreachable', problem: endpoint.problem });
    void this.#findPictures(endpoint.address, endpoint.token);
    this.#open(
      `${endpoint.address.replace(/^http/, 'ws')}${LOCAL_API_PATH}`,
      `${LOCAL_API_TOKEN_PREFIX}${endpoint.token}`,
    );
  }

  /** Connecting need not wait for this: there is no picture to be shown before the agent has answered. */
  async #findPictures(address: string, token: string): Promise<void> {
    if (token === this.#token) return;
    this.#token = token;
    const pictures = await openPictureDoor(address, token);
    if (token === this.#token) this.#show({ pictures });
  }

  #open(address: string, tokenProtocol: string): void {
    const socket = this.#options.openSocket(address, [LOCAL_API_SUBPROTOCOL, tokenProtocol]);
    this.#socket = socket;
    const lose = () => {
      clearTimeout(deadline);
      if (this.#socket !== socket) return;
      this.#drop();
      const isUnreadable = this.#view.contact.kind === 'unreadable';
      this.#retry(isUnreadable ? { kind: 'unreadable' } : { kind: 'unreachable', problem: null });
    };
    // A loopback port taken over by a silent program would otherwise hold the window for minutes.
    const deadline = setTimeout(lose, CONNECT_DEADLINE_MS);
    socket.onopen = () => clearTimeout(deadline);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = lose;
  }

  #receive(data: unknown): void {
    const message = readMessage(data);
    if (message === null) {
      this.#show({ contact: { kind: 'unreadable' } });
      this.#socket?.close();
      return;
    }
    this.#attempts = 0;
    if (message.type === 'judged') {
      this.#parts.get(message.id)?.(message);
      return;
    }
    if (message.type !== 'status') {
      this.#settle(message.id, message);
      return;
    }
    const { contact, status } = this.#view;
    this.#show({
      contact: contact.kind === 'connected' ? contact : { kind: 'connected' },
      status: keepEqualParts(status, message.status),
      heardAt: new Date().toISOString(),
    });
  }

  #retry(contact: Contact): void {
    if (this.#isClosed) return;
    this.#show({ contact });
    this.#retryTimer = setTimeout(() => void this.#connect(), this.#nextWait(contact));
  }

  #nextWait(contact: Contact): number {
    if (contact.kind === 'starting') return FIRST_RETRY_MS;
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts++);
    // Half fixed, half jitter: never at once, never later than the ceiling.
    return ceiling * (0.5 + this.#options.random() / 2);
  }

  /** Lets the socket go and answers what still waits for it. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const id of [...this.#pending.keys()]) this.#settle(id, { kind: 'unanswered' });
  }

  #settle(id: number, answer: Answer): void {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    this.#parts.delete(id);
    resolve?.(answer);
  }

  #show(change: Partial<AgentView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function refusalIn({ error, detail }: Extract<LocalMessage, { type: 'reply' }>): Failure {
  return { kind: 'refused', code: error ?? 'internal/bug', detail: detail ?? null };
}

function readMessage(data: unknown): LocalMessage | null {
  if (typeof data !== 'string') return null;
  try {
    return localMessageSchema.parse(JSON.parse(data));
  } catch {
    return null;
  }
}
