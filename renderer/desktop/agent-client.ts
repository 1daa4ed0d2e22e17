import {
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  LOCAL_API_TOKEN_PREFIX,
  type LocalCommand,
  type LocalMessage,
  localMessageSchema,
  type PlainCommand,
} from '@genba/shared/local-api/messages';
import type { AgentView, CommandOutcome, Contact } from './agent-view.ts';
import type { EndpointSource } from './endpoint-source.ts';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
/** How long an attempt may take before the window says that it has no contact. */
const CONNECT_DEADLINE_MS = 4_000;
const COMMAND_DEADLINE_MS = 5_000;

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
 * command exactly once.
 */
export class AgentClient {
  #view: AgentView = { contact: { kind: 'opening' }, status: null, heardAt: null };
  #socket: AgentSocket | null = null;
  #attempts = 0;
  #nextId = 1;
  #isClosed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #pending = new Map<number, (outcome: CommandOutcome) => void>();
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

  /** Sends one command and waits for its reply, at most five seconds. */
  send(command: PlainCommand): Promise<CommandOutcome> {
    const socket = this.#socket;
    if (socket === null || this.#view.contact.kind !== 'connected')
      return Promise.resolve({ kind: 'unanswered' });
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, { kind: 'unanswered' }), COMMAND_DEADLINE_MS);
      this.#pending.set(id, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      socket.send(JSON.stringify({ id, command } satisfies LocalCommand));
    });
  }

  async #connect(): Promise<void> {
    const endpoint = await this.#options.endpoint().catch(() => undefined);
    if (this.#isClosed) return;
    if (endpoint === undefined) return this.#retry({ kind: 'unreachable', problem: null });
    if (endpoint === null) return this.#show({ contact: { kind: 'refused' } });
    if (endpoint.state === 'starting') return this.#retry({ kind: 'starting' });
    if (endpoint.state === 'absent') return this.#retry({ kind: 'unreachable', problem: endpoint.problem });
    this.#open(
      `${endpoint.address.replace(/^http/, 'ws')}${LOCAL_API_PATH}`,
      `${LOCAL_API_TOKEN_PREFIX}${endpoint.token}`,
    );
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
    if (message.type === 'reply') {
      const { id, error } = message;
      this.#settle(id, error === null ? { kind: 'done' } : { kind: 'refused', code: error });
      return;
    }
    // Answers to questions that a window does not ask.
    if (message.type !== 'status') return;
    this.#show({
      contact: { kind: 'connected' },
      status: message.status,
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

  #settle(id: number, outcome: CommandOutcome): void {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    resolve?.(outcome);
  }

  #show(change: Partial<AgentView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function readMessage(data: unknown): LocalMessage | null {
  if (typeof data !== 'string') return null;
  try {
    return localMessageSchema.parse(JSON.parse(data));
  } catch {
    return null;
  }
}
