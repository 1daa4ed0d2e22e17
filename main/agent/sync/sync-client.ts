import { EventEmitter } from 'node:events';
import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { NetworkState } from '@genba/shared/local-api/network';
import { HEARTBEAT_MS, MAX_BACKLOG_BYTES } from '@genba/shared/protocol/limits';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { DeviceKey } from '../identity/device-key.ts';
import type { Dial } from '../network/dial.ts';
import { withDiskTrouble } from '../store/disk-trouble.ts';
import { fullJitterDelayMs } from './backoff.ts';
import { RateLimit } from './rate-limit.ts';
import { RecentReports } from './recent-reports.ts';
import { type SessionContext, type SessionIdentity, type SyncLimits, SyncSession } from './session.ts';
import { channelOf, isProven, openSocket, type Target } from './target.ts';
import { connectionProblem } from './tls-problem.ts';
import { TransferPace } from './transfer-pace.ts';

/**
 * A connection that lasted this long was a good one, as is one that brought a transfer further: the next wait starts small
 * again, milliseconds.
 */
const STABLE_MS = 5_000;

/** How long the same network state is not logged again, milliseconds. */
const CHANGE_SILENCE_MS = 60_000;

/** Wait after a refusal that only a person can lift, milliseconds: someone may just have lifted it. */
const REFUSED_DELAY_MS = 30_000;

/**
 * Wait after a proxy has refused the password, milliseconds: where it is that of a Windows account, a handful of wrong
 * ones in half an hour lock it.
 */
const LOGIN_REFUSED_DELAY_MS = 15 * 60_000;

/**
 * Wait where this program is too old for the task, milliseconds, and half of it at random: every such plant waits for
 * an update, or for another task file. A program that was updated is a new process, which connects at once.
 */
const OUTDATED_DELAY_MS = 15 * 60_000;

/** How long a connection may take to answer after the PC has slept, milliseconds. */
const WAKE_PROBE_MS = 3_000;

/** Where to connect to, and as who. */
export interface SyncTargets {
  /** At least one, best first; tried in turn. */
  readonly targets: readonly [Target, ...Target[]];
  /** The task that was enrolled for; null where nobody has to show who he is. */
  readonly enrolledTask: string | null;
}

export interface SyncOptions {
  readonly where: SyncTargets;
  /** Opens the encrypted connections. */
  readonly dial: Dial;
  readonly context: Omit<SessionContext, 'onKeyChange' | 'onSignOfLife' | 'pace' | 'limits'>;
  /** Bytes per second that each direction may take; null for as fast as it goes. */
  readonly rates?: { readonly upload: number | null; readonly download: number | null } | undefined;
  /** Whether it may be connected now; {@link SyncClient.hoursChanged} tells that this has changed. */
  readonly mayConnect?: () => boolean;
  readonly log: Logger;
  /** Time between two pings, milliseconds. */
  readonly heartbeatMs?: number;
}

interface SyncEvents {
  /** The network state changed. */
  state: [state: NetworkState];
  /** Something of a transfer went over the link. */
  progress: [];
}

/**
 * Keeps one connection to the aggregator alive: connects to one address after the other, notices a dead link, waits
 * with full jitter, connects again. Being offline is a state, not an error.
 */
export class SyncClient extends EventEmitter<SyncEvents> {
  state: NetworkState = 'offline';
  readonly #where: SyncTargets;
  /** Which of the targets is in use. */
  #turn = 0;
  readonly #dial: Dial;
  readonly #context: SessionContext;
  readonly #mayConnect: () => boolean;
  readonly #log: Logger;
  #socket: WebSocket | null = null;
  #session: SyncSession | null = null;
  #failedAttempts = 0;
  #retryTimer: NodeJS.Timeout | null = null;
  #isStopped = false;
  /** How long to wait at least before the next attempt, milliseconds. */
  #leastDelayMs = 0;
  readonly #reports = new RecentReports();
  /** A link may also come and go every few seconds. */
  readonly #changes = new RecentReports(CHANGE_SILENCE_MS);
  readonly #pace = new TransferPace();
  readonly #limits: SyncLimits;
  readonly #heartbeatMs: number;
  /** Whether the link has carried anything since the last ping. */
  #isAlive = true;
  #isKeyChanged = false;

  constructor(options: SyncOptions) {
    super();
    this.#where = options.where;
    this.#dial = options.dial;
    const { upload = null, download = null } = options.rates ?? {};
    this.#limits = { upload: new RateLimit(upload), download: new RateLimit(download) };
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.#mayConnect = options.mayConnect ?? (() => true);
    this.#log = options.log;
    this.#context = {
      ...options.context,
      pace: this.#pace,
      limits: this.#limits,
      onSignOfLife: () => {
        this.#isAlive = true;
        this.emit('progress');
      },
      onKeyChange: () => {
        this.#isKeyChanged = true;
        this.#socket?.close();
      },
      onRefusal: (error, isFatal) => {
        if (isFatal) this.#leastDelayMs = refusedDelayMs(error, Math.random);
        options.context.onRefusal(error, isFatal);
        this.#report(error);
        // An update that was refused leaves the connection in order; anything else needs a new one.
        if (isFatal || error.isRetryable) this.#socket?.close();
      },
    };
  }

  /** Starts connecting; returns at once. */
  start(): void {
    this.#connect();
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#isStopped = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#socket?.close();
    this.#socket?.terminate();
  }

  /** There may be something to send. */
  notify(): void {
    if (this.state !== 'online') return;
    try {
      this.#session?.offerNext();
    } catch (thrown) {
      this.#breakOff(thrown);
    }
  }

  /**
   * The PC has slept, or its clock has jumped: what was known of the network is old. Connects at once instead of waiting,
   * or asks the open connection for a sign of life and lets it go where none comes soon.
   */
  wake(): void {
    const socket = this.#socket;
    this.connectNow();
    if (this.#isStopped || socket === null) return;
    const deadline = setTimeout(() => socket.terminate(), WAKE_PROBE_MS);
    const live = () => clearTimeout(deadline);
    socket.once('pong', live).once('message', live).once('close', live);
    if (socket.readyState === socket.OPEN) socket.ping();
  }

  /** Connects at once instead of waiting for its turn, unless it is connected or may not be. */
  connectNow(): void {
    if (this.#isStopped) return;
    this.#failedAttempts = 0;
    if (this.#socket !== null) return;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /**
   * Whether it may be connected has changed: connects, or ends the connection where a message ends.
   * @param spreadMs connects at a random moment within so long, milliseconds: many plants may have the same hours
   */
  hoursChanged(spreadMs: number): void {
    if (this.#isStopped) return;
    if (!this.#mayConnect()) {
      if (this.#socket === null) this.#rest();
      else this.#socket.close();
      return;
    }
    // A connection that is just being closed is followed by a new one anyway.
    if (this.#socket !== null) return;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#failedAttempts = 0;
    this.#setState('connecting');
    this.#retryTimer = setTimeout(() => this.#connect(), Math.random() * spreadMs);
  }

  /** Leaves the line to others until the hours change. */
  #rest(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#leastDelayMs = 0;
    this.#setState('outside-plan');
  }

  /** Whether the aggregator has let this plant in and no weights are on their way. */
  get isSettled(): boolean {
    return this.state === 'online' && this.#session?.isFetching === false;
  }

  /** There may be a key to announce. */
  announceKey(): void {
    this.#session?.announceKey();
  }

  /** The address in use, or tried last. */
  get address(): string {
    return this.#target.address;
  }

  get #target(): Target {
    return this.#where.targets[this.#turn]!;
  }

  #setState(state: NetworkState): void {
    if (state === this.state) return;
    this.state = state;
    const isNews = state !== 'connecting' && this.#changes.isNews(state, Date.now());
    this.#log[isNews ? 'info' : 'debug']({ state, server: this.address }, 'network');
    this.emit('state', state);
  }

  #connect(): void {
    this.#isKeyChanged = false;
    if (!this.#mayConnect()) {
      this.#rest();
      return;
    }
    // Who tries again and again is offline, and has been since the first time.
    if (this.#failedAttempts === 0) this.#setState('connecting');
    let key: DeviceKey | null;
    try {
      key = this.#where.enrolledTask === null ? null : this.#context.device.connectionKey();
    } catch (thrown) {
      this.#context.onRefusal(toAppError(thrown), true);
      this.#onClosed();
      return;
    }
    const socket = openSocket(this.#target, this.#dial);
    this.#socket = socket;
    let channel: Buffer | null = null;
    let heartbeat: NodeJS.Timeout | null = null;
    let openedAt = Number.POSITIVE_INFINITY;
    socket.on('upgrade', (response) => {
      channel = channelOf(response);
    });
    socket.on('open', () => {
      openedAt = Date.now();
      this.#isAlive = true;
      heartbeat = setInterval(() => {
        // Nothing came or went for a whole period, not even the pong: the link is dead, whatever TCP still believes. On a
        // slow link ping and pong wait behind a transfer.
        if (!this.#isAlive && !socket.isPaused) return socket.terminate();
        this.#isAlive = false;
        socket.ping();
      }, this.#heartbeatMs);
      this.#session = new SyncSession(socket, this.#context, this.#identity(key, channel));
      this.#session.start();
    });
    for (const sign of ['ping', 'pong'] as const) {
      socket.on(sign, () => {
        this.#isAlive = true;
      });
    }
    socket.on('message', (data: Buffer, isBinary) => {
      this.#isAlive = true;
      // An aggregator that asks and does not read: it would fill this PC's memory with answers.
      if (socket.bufferedAmount > MAX_BACKLOG_BYTES) {
        socket.terminate();
        return;
      }
      this.#receive(data, isBinary);
      if (!isBinary) return;
      this.emit('progress');
      this.#slowDown(socket, data.byteLength);
    });
    socket.on('error', (error) => {
      this.#log.debug({ error: error.message }, 'socket');
      this.#onConnectionError(connectionProblem(error, isProven(socket)));
    });
    socket.on('close', () => {
      if (heartbeat !== null) clearInterval(heartbeat);
      const hasProgress = this.#pace.connectionEnded(Date.now());
      if (hasProgress || Date.now() - openedAt > STABLE_MS) this.#failedAttempts = 0;
      this.#onClosed();
    });
  }

  /** Reads no further for as long as the limit says: TCP slows the aggregator down. */
  #slowDown(socket: WebSocket, bytes: number): void {
    const waitMs = this.#limits.download.take(bytes, performance.now());
    if (waitMs <= 0 || socket.readyState !== socket.OPEN) return;
    socket.pause();
    setTimeout(() => socket.resume(), waitMs);
  }

  /** Tells of what keeps the connection from coming about, unless that is only the network: no problem but a state. */
  #onConnectionError(problem: AppError | null): void {
    if (problem === null) return;
    this.#context.onRefusal(problem, true);
    if (!problem.code.startsWith('proxy/')) return;
    // A proxy is asked again as often as a network that is gone.
    this.#leastDelayMs = problem.code === 'proxy/login-refused' ? LOGIN_REFUSED_DELAY_MS : 0;
  }

  #report({ code, detail, cause }: AppError): void {
    const level = this.#reports.isNews(code, Date.now()) ? 'warn' : 'debug';
    this.#log[level]({ code, detail, cause: code === 'internal/bug' ? cause : undefined }, 'sync');
  }

  #identity(key: DeviceKey | null, channel: Buffer | null): SessionIdentity | null {
    const { enrolledTask: taskId } = this.#where;
    // With an anchor the connection is TLS and has a channel. Were it not, nothing could be signed on it.
    return key === null || taskId === null ? null : { key, channel: channel!, taskId };
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // Messages come between open and close only.
    const session = this.#session!;
    try {
      session.receive(data, isBinary);
      if (session.isEstablished) this.#setState('online');
    } catch (thrown) {
      this.#breakOff(thrown);
    }
  }

  /** Ends a conversation in which something went wrong; the next one starts from what is stored. */
  #breakOff(thrown: unknown): void {
    const error = withDiskTrouble(thrown);
    // Nothing comes of saying it again, but all else is a matter of this one connection.
    this.#context.onRefusal(error, error.code === 'task/app-too-old');
    this.#socket?.close();
  }

  #onClosed(): void {
    const wasWelcome = this.#session?.isEstablished === true;
    this.#socket = null;
    this.#session = null;
    if (!this.#isStopped && !this.#mayConnect()) {
      this.#rest();
      return;
    }
    this.#setState('offline');
    if (this.#isStopped) return;
    this.#retryTimer = setTimeout(() => this.#connect(), this.#nextDelayMs(wasWelcome));
  }

  /** Moves on to the next address, unless this one let us in; waits only when none is left. */
  #nextDelayMs(wasWelcome: boolean): number {
    if (this.#isKeyChanged) return 0;
    // Another address leads through the same proxy.
    if (!wasWelcome && this.#leastDelayMs < LOGIN_REFUSED_DELAY_MS) {
      this.#turn = (this.#turn + 1) % this.#where.targets.length;
      if (this.#turn !== 0) return 0;
    }
    const leastDelayMs = this.#leastDelayMs;
    this.#leastDelayMs = 0;
    if (leastDelayMs > 0) return leastDelayMs;
    const delayMs = fullJitterDelayMs(this.#failedAttempts, Math.random);
    this.#failedAttempts += 1;
    return delayMs;
  }
}

/**
 * How long to wait after a refusal that only a person can lift.
 * @param random uniform in [0, 1)
 * @returns milliseconds
 */
export function refusedDelayMs({ code }: AppError, random: () => number): number {
  return code === 'task/app-too-old' ? OUTDATED_DELAY_MS * (1 + random() / 2) : REFUSED_DELAY_MS;
}
