import type { NetworkState } from '@genba/shared/local-api/network';
import type { WatchStatus } from '@genba/shared/local-api/watches';
import type { Logger } from 'pino';
import type { AgentDatabase } from '../store/database.ts';
import { withDiskTrouble } from '../store/disk-trouble.ts';
import { JudgedHours } from './judged-hours.ts';
import { type TroubleKind, TroubleLog } from './trouble-log.ts';

/** How often it is looked, milliseconds; it writes only where something has changed. */
const LOOK_MS = 15_000;

export interface ShiftRecorderContext {
  readonly database: AgentDatabase;
  /** Code of the problem that stands; null where none does. */
  readonly problem: () => Exclude<TroubleKind, 'offline'> | null;
  readonly network: () => NetworkState;
  readonly watches: () => readonly Pick<WatchStatus, 'path' | 'since' | 'counts'>[];
  readonly log: Logger;
}

/** Writes down, for people of later shifts, what no other part of the agent keeps. */
export class ShiftRecorder {
  readonly #context: ShiftRecorderContext;
  readonly #troubles: TroubleLog;
  readonly #judged: JudgedHours;
  #timer: NodeJS.Timeout | null = null;
  #wasOffline = false;

  constructor(context: ShiftRecorderContext) {
    this.#context = context;
    this.#troubles = new TroubleLog(context.database);
    this.#judged = new JudgedHours(context.database);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS);
  }

  /**
   * Writes down what was judged since it looked last; to be called once nothing is judged any more, and before the
   * database is closed. The network tells nothing by then.
   */
  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#write(() => this.#judged.observe(this.#context.watches(), Date.now()));
  }

  /** Looks at how things stand. */
  look(nowMs: number = Date.now()): void {
    const { problem, network, watches } = this.#context;
    const state = network();
    // Every attempt of an outage goes through "connecting".
    this.#wasOffline = state === 'offline' || (state === 'connecting' && this.#wasOffline);
    const now = new Set<TroubleKind>(this.#wasOffline ? ['offline'] : []);
    const code = problem();
    if (code !== null) now.add(code);
    this.#write(() => {
      this.#troubles.observe(now, nowMs);
      this.#judged.observe(watches(), nowMs);
    });
  }

  /** A disk that is full costs these lines at most, never the agent. */
  #write(write: () => void): void {
    try {
      write();
    } catch (thrown) {
      const trouble = withDiskTrouble(thrown);
      if (trouble.code !== 'store/disk-full') throw thrown;
      this.#context.log.debug({ code: trouble.code }, 'the record of this shift waits for room');
    }
  }
}
