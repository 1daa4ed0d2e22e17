import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import type { InsistentQueue } from './insistent-queue.ts';
import { QueueClosed } from './serial-queue.ts';

/** Longest sleep of the timer, milliseconds: a clock that is set meanwhile is noticed within that. */
const LONGEST_SLEEP_MS = 60_000;

export interface RoundTimerOptions {
  readonly taskId: string;
  readonly queue: InsistentQueue;
  /** When the open round must be closed, milliseconds since 1970; null while nobody waits. */
  readonly dueAtMs: () => number | null;
  readonly closeDue: (nowMs: number) => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Has a round closed when its deadline passes, so that a plant that is missing never wedges it. */
export class RoundTimer {
  readonly #options: RoundTimerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RoundTimerOptions) {
    this.#options = options;
  }

  /** Sleeps until the open round is due; to be called after whatever may have opened or closed one. */
  set(): void {
    const { queue, dueAtMs, now } = this.#options;
    clearTimeout(this.#timer);
    const due = dueAtMs();
    if (due === null || queue.isClosing) return;
    const sleepMs = Math.min(Math.max(due - now().getTime(), 0), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#enqueueClose(), sleepMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** What arrived before the deadline is queued before. */
  #enqueueClose(): void {
    const { taskId, queue, closeDue, now, log } = this.#options;
    queue
      .add(() => closeDue(now().getTime()))
      .then(() => this.set())
      .catch((thrown) => {
        if (thrown instanceof QueueClosed) return;
        const { code, message } = toAppError(thrown);
        log.error({ taskId, code, message }, 'round not closed');
        // The next update tries again, and so does the timer.
        if (!queue.isClosing) this.#timer = setTimeout(() => this.set(), LONGEST_SLEEP_MS);
      });
  }
}
