import { setTimeout as delay } from 'node:timers/promises';
import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import { RunnerLost } from './merge-runner.ts';
import { QueueClosed, SerialQueue } from './serial-queue.ts';

/** How often a job is tried whose runner died; one that kills it every time must not hold the others for ever. */
const RUNNER_TRIES = 3;

export interface InsistentQueueOptions {
  readonly taskId: string;
  readonly log: Logger;
  /** Pause before a job that met a full or failing disk is tried again, milliseconds. */
  readonly storageRetryMs: number;
}

/**
 * The jobs of one task, one after the other. Order matters, so trouble with the disk holds the queue until it is over;
 * other trouble skips the job.
 */
export class InsistentQueue {
  readonly #options: InsistentQueueOptions;
  readonly #queue = new SerialQueue();
  readonly #stopping = new AbortController();

  constructor(options: InsistentQueueOptions) {
    this.#options = options;
  }

  /** Whether no job that has not begun will be run any more. */
  get isClosing(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Adds a job that is tried until the disk takes what it writes.
   * @param updateId the update it is about, for the log
   * @returns what the job returns; rejects with QueueClosed when the queue is closed before it is done
   */
  add<Result>(job: () => Promise<Result>, updateId: string | null = null): Promise<Result> {
    return this.#queue.add(() => this.#insistently(job, updateId));
  }

  /** Adds a job whose caller waits for its answer: it is tried once more if its runner dies, and that is all. */
  addBriefly<Result>(job: () => Promise<Result>): Promise<Result> {
    return this.#queue.add(() =>
      job().catch((thrown) => {
        if (thrown instanceof RunnerLost) return job();
        throw thrown;
      }),
    );
  }

  /** Resolves when every job added so far has ended. */
  whenIdle(): Promise<void> {
    return this.#queue.whenIdle();
  }

  /** Lets the running job end, unless it waits for the disk, and starts no other. */
  close(): Promise<void> {
    this.#stopping.abort();
    return this.#queue.close();
  }

  async #insistently<Result>(job: () => Promise<Result>, updateId: string | null): Promise<Result> {
    const { taskId, log, storageRetryMs } = this.#options;
    for (let lostCount = 0; ; ) {
      try {
        return await job();
      } catch (thrown) {
        const isLost = thrown instanceof RunnerLost && ++lostCount < RUNNER_TRIES;
        const { code, message } = toAppError(thrown);
        if (code !== 'server/storage' && !isLost) throw thrown;
        log.error({ taskId, updateId, code, message }, 'retrying');
      }
      await delay(storageRetryMs, undefined, { signal: this.#stopping.signal }).catch(() => {
        throw new QueueClosed();
      });
    }
  }
}
