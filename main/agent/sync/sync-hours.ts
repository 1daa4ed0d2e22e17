import type { SyncNowState } from '@genba/shared/local-api/network';
import {
  isPlanOpen,
  nextTransition,
  parseShiftPlan,
  type ShiftPlan,
} from '@genba/shared/local-api/shift-plan';
import type { Logger } from 'pino';
import type { Outbox } from '../store/outbox.ts';
import type { AgentSettings } from '../store/settings.ts';

/** How often the clock on the wall is looked at, milliseconds: timers do not run while a PC sleeps. */
const TICK_MS = 5_000;

/** How long nothing may go on before a wish to send at once is given up, milliseconds. */
export const STALLED_MS = 10 * 60_000;

/** Over how long the plants of a company that share a plan spread their first attempts, milliseconds. */
const OPENING_SPREAD_MS = 30_000;

export interface SyncHoursContext {
  readonly settings: () => Pick<AgentSettings, 'syncWhen' | 'syncNowRound'>;
  /** Keeps across restarts up to which round somebody wants all sent at once; null: nobody does. */
  readonly keepSyncNow: (round: number | null) => void;
  readonly outbox: Pick<Outbox, 'newestRound' | 'awaitsAnswer'>;
  /** Whether there are weights to train: a plant without any fetches them at any time. */
  readonly hasWeights: () => boolean;
  /** Whether the aggregator has let this plant in and no weights are on their way. */
  readonly isSettled: () => boolean;
  /**
   * Whether the agent may be connected has changed.
   * @param spreadMs over how long connecting is to be spread, milliseconds
   */
  readonly onChange: (spreadMs: number) => void;
  readonly log: Logger;
  /** For tests: the clock on the wall, and one that nobody sets. */
  readonly now?: () => number;
  readonly monotonicNow?: () => number;
}

/**
 * Says at any moment whether the agent may be connected: as the plan for sending says, at any time while somebody wants
 * all sent at once, and always before it has its first weights.
 */
export class SyncHours {
  readonly #context: SyncHoursContext;
  readonly #now: () => number;
  readonly #monotonicNow: () => number;
  #plan: { readonly text: string | null; readonly plan: ShiftPlan | null } = { text: null, plan: null };
  #wasOpen = true;
  #syncNow: SyncNowState | null = null;
  #progressMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(context: SyncHoursContext) {
    this.#context = context;
    this.#now = context.now ?? Date.now;
    this.#monotonicNow = context.monotonicNow ?? (() => performance.now());
    this.progressed();
    // Whoever asked for it did not ask for the agent to be ended meanwhile.
    if (context.settings().syncNowRound !== null) this.#syncNow = 'running';
    this.#wasOpen = this.isOpen();
  }

  /** Begins to watch the clock. */
  start(): void {
    this.tick();
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Whether the agent may be connected now. */
  isOpen(): boolean {
    const { syncWhen, syncNowRound } = this.#context.settings();
    return (
      syncNowRound !== null || isPlanOpen(this.#planOf(syncWhen), this.#now()) || !this.#context.hasWeights()
    );
  }

  /** When the plan next lets the agent connect, milliseconds since 1970; null while it may. */
  opensAtMs(): number | null {
    if (this.isOpen()) return null;
    return nextTransition(this.#planOf(this.#context.settings().syncWhen), this.#now());
  }

  /** What became of the last wish to send at once; null where there was none since the start. */
  get syncNow(): SyncNowState | null {
    return this.#syncNow;
  }

  /** Somebody wants all sent at once that waits now. */
  sendNow(): void {
    this.#context.keepSyncNow(this.#context.outbox.newestRound());
    this.#context.log.info('everything that waits is to be sent at once');
    this.#syncNow = 'running';
    this.progressed();
    this.changed();
  }

  /** Something of a transfer went over the link. */
  progressed(): void {
    this.#progressMs = this.#monotonicNow();
  }

  /** Looks at the clock, tells what has changed, and sets the timer for the next time. */
  tick(): void {
    this.#look(OPENING_SPREAD_MS);
  }

  /** What was set, or what there is to train, is another: looks at once, and what follows is for this plant alone. */
  changed(): void {
    this.#look(0);
  }

  #look(spreadMs: number): void {
    if (this.#isStopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#endSyncNow();
    this.#tellChange(spreadMs);
    const { syncWhen, syncNowRound } = this.#context.settings();
    if (syncWhen === null && syncNowRound === null) return;
    const nowMs = this.#now();
    const nextMs = nextTransition(this.#planOf(syncWhen), nowMs);
    const waitMs = nextMs === null ? TICK_MS : Math.min(TICK_MS, Math.max(1, nextMs - nowMs));
    this.#timer = setTimeout(() => this.tick(), waitMs);
  }

  #tellChange(spreadMs: number): void {
    const isOpen = this.isOpen();
    if (isOpen === this.#wasOpen) return;
    this.#wasOpen = isOpen;
    const opensAtMs = this.opensAtMs();
    const opensAt = opensAtMs === null ? undefined : new Date(opensAtMs).toISOString();
    this.#context.log.info(
      { opensAt },
      isOpen ? 'the agent may connect' : 'outside of the hours for sending',
    );
    this.#context.onChange(spreadMs);
  }

  #endSyncNow(): void {
    const { syncNowRound } = this.#context.settings();
    if (syncNowRound === null) return;
    const { outbox, isSettled, keepSyncNow, log } = this.#context;
    if (isSettled() && !outbox.awaitsAnswer(syncNowRound)) this.#syncNow = 'done';
    else if (this.#monotonicNow() - this.#progressMs >= STALLED_MS) this.#syncNow = 'stalled';
    else return;
    log.info({ outcome: this.#syncNow }, 'sending at once has ended');
    keepSyncNow(null);
  }

  #planOf(text: string | null): ShiftPlan | null {
    if (text !== this.#plan.text) this.#plan = { text, plan: text === null ? null : parseShiftPlan(text) };
    return this.#plan.plan;
  }
}
