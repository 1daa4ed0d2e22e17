import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import type { Catalogue, UpdateRecord } from '../store/catalogue.ts';
import type { Ended } from './ended.ts';
import type { InsistentQueue } from './insistent-queue.ts';
import { RunnerLost } from './merge-runner.ts';
import { QueueClosed } from './serial-queue.ts';
import type { StateKeeper } from './state-keeper.ts';
import type { UpdateApplier } from './update-applier.ts';

/** An update that its client must offer once more, or will get no answer to. */
export interface Recall {
  readonly taskId: string;
  readonly clientId: string;
  readonly updateId: string;
  readonly error: AppError;
}

export interface UpdateQueueOptions {
  readonly taskId: string;
  readonly queue: InsistentQueue;
  readonly keeper: StateKeeper;
  readonly applier: Pick<UpdateApplier, 'apply'>;
  readonly catalogue: Pick<Catalogue, 'pendingUpdates' | 'setAside'>;
  readonly log: Logger;
  /** Called after an update was applied, or was not. */
  readonly onTried: () => void;
  readonly onRecall: (recall: Recall) => void;
}

/** The journaled updates of one task, applied in the order of the journal, each of them once. */
export class UpdateQueue {
  readonly #options: UpdateQueueOptions;
  readonly #queued = new Set<string>();
  /** Those that wait for a file their client has, by id. */
  readonly #blocked = new Map<string, { readonly update: UpdateRecord; readonly isDamaged: boolean }>();
  #failedCount = 0;

  constructor(options: UpdateQueueOptions) {
    this.#options = options;
  }

  /** Updates not merged since the start (a damaged file, a file that its client must send again, a bug); they stay journaled. */
  get failedCount(): number {
    return this.#failedCount + this.#blocked.size;
  }

  /** Whether the file of a journaled update is damaged: its client, which keeps it until its answer, sends it again. */
  isDamaged(updateId: string): boolean {
    return this.#blocked.get(updateId)?.isDamaged ?? false;
  }

  /** Queues everything that was received and not applied. @throws AppError `server/storage` */
  async replay(): Promise<void> {
    const { taskId, catalogue, log } = this.#options;
    const pending = await catalogue.pendingUpdates(taskId);
    if (pending.length > 0) log.info({ taskId, updates: pending.length }, 'replaying updates');
    for (const update of pending) this.enqueue(update);
  }

  enqueue(update: UpdateRecord): void {
    const { updateId } = update;
    // The same update may be journaled twice in a row by two connections; it is queued once.
    if (this.#queued.has(updateId)) return;
    this.#queued.add(updateId);
    this.#blocked.delete(updateId);
    this.#options.queue
      .add(() => this.#applyQueued(update), updateId)
      .catch((thrown) => {
        if (thrown instanceof QueueClosed) return;
        this.#failedCount++;
        this.#logNotApplied(updateId, thrown);
      })
      .finally(() => this.#queued.delete(updateId));
  }

  /** Tries again what waited for a file of this client. */
  retry(clientId: string): void {
    for (const { update } of this.#blocked.values()) if (update.clientId === clientId) this.enqueue(update);
  }

  /**
   * Applies all that waits, ahead of its turn; to be called from a job of the queue. What can't be applied now, for a
   * missing file or a fault of its own, is set aside: its ground is about to be given up.
   * @throws AppError `server/storage`; RunnerLost
   */
  async applyWaiting(): Promise<void> {
    const { taskId, catalogue } = this.#options;
    for (const update of await catalogue.pendingUpdates(taskId)) {
      const { updateId } = update;
      this.#queued.delete(updateId);
      try {
        await this.#apply(update);
        // What waits for a file would be merged into weights that are given up.
        if (this.#blocked.delete(updateId)) await this.#overtake(updateId);
      } catch (thrown) {
        if (thrown instanceof RunnerLost || toAppError(thrown).code === 'server/storage') throw thrown;
        this.#logNotApplied(updateId, thrown);
        await this.#overtake(updateId);
      }
    }
  }

  /** Applies an update in its turn, unless a rollback has brought that forward. */
  async #applyQueued(update: UpdateRecord): Promise<void> {
    if (this.#queued.has(update.updateId)) await this.#apply(update);
  }

  async #apply(update: UpdateRecord): Promise<void> {
    const startedAt = performance.now();
    const ended = await this.#options.applier.apply(update);
    this.#options.onTried();
    if (ended.kind === 'blocked' || ended.kind === 'reset') this.#recall(update, ended);
    else this.#report(update, ended, Math.round(performance.now() - startedAt));
  }

  async #overtake(updateId: string): Promise<void> {
    const { keeper, catalogue } = this.#options;
    await catalogue.setAside({ updateId, code: 'update/overtaken', state: keeper.state, issue: null });
  }

  #recall(update: UpdateRecord, ended: Extract<Ended, { kind: 'blocked' | 'reset' }>): void {
    const { taskId, log, onRecall } = this.#options;
    const { updateId, clientId } = update;
    const isBlocked = ended.kind === 'blocked';
    const lacks = isBlocked ? ended.lacks : 'reference';
    if (isBlocked) this.#blocked.set(updateId, { update, isDamaged: lacks === 'update' });
    const error = new AppError(isBlocked ? 'update/offer-again' : 'update/unknown-base', {
      detail: `the server has lost the ${lacks} it needs`,
    });
    const about = { taskId, clientId, updateId };
    log.error({ ...about, code: error.code, lacks }, 'update not merged, client recalled');
    onRecall({ ...about, error });
  }

  #report(
    { updateId, clientId }: UpdateRecord,
    ended: Exclude<Ended, { kind: 'blocked' | 'reset' }>,
    durationMs: number,
  ): void {
    const { taskId, keeper, log } = this.#options;
    const entry = { taskId, updateId, clientId };
    switch (ended.kind) {
      case 'set-aside':
        log.error({ ...entry, code: ended.code }, 'update set aside');
        return;
      case 'quarantined':
        log.warn({ ...entry, finding: ended.finding }, 'update in quarantine');
        return;
      case 'applied': {
        const { staleness, effect } = ended.figures;
        const { globalVersion } = keeper.state;
        const checkSet = ended.measured?.checkSet ?? undefined;
        log.info({ ...entry, globalVersion, staleness, effect, checkSet, durationMs }, 'update applied');
      }
    }
  }

  #logNotApplied(updateId: string, thrown: unknown): void {
    const { code, message } = toAppError(thrown);
    this.#options.log.error({ taskId: this.#options.taskId, updateId, code, message }, 'update not applied');
  }
}
