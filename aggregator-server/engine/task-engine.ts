import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { type WeightLayout, weightLayout } from '@genba/shared/model/layout';
import { type Task, updateEncodingOf } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type {
  BaseRecord,
  Catalogue,
  ClientRecord,
  NewUpdate,
  TaskState,
  UpdateRecord,
} from '../store/catalogue.ts';
import type { OperatorRequest, OperatorTable, RequestEnd } from '../store/operator-table.ts';
import type { ScreeningTable } from '../store/screening-table.ts';
import type { WeightBatch, WeightStore } from '../store/weight-store.ts';
import { type MergeRunner, RunnerLost } from './merge-runner.ts';
import { type Missing, missingOf } from './missing-files.ts';
import { changeStrategy, createTask, findTask, keepSettings, type OpenContext } from './open-task.ts';
import { QueueClosed, SerialQueue } from './serial-queue.ts';
import { type Ended, type KeeperContext, StateKeeper } from './state-keeper.ts';
import type { StepHook } from './steps.ts';
import { WorkerRunner } from './worker-runner.ts';

const STORAGE_RETRY_MS = 2000;
/** Longest sleep of the timer, milliseconds: a clock that is set meanwhile is noticed within that. */
const LONGEST_SLEEP_MS = 60_000;
/** How often a job is tried whose runner died; one that kills it every time must not hold the others for ever. */
const RUNNER_TRIES = 3;

export interface TaskEngineOptions {
  readonly task: Task;
  readonly catalogue: Catalogue;
  readonly screening: ScreeningTable;
  readonly operators: OperatorTable;
  readonly weights: WeightStore;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly newId?: () => string;
  readonly onStep?: StepHook;
  /** Pause before an update that met a full or failing disk is tried again, milliseconds. */
  readonly storageRetryMs?: number;
  /** Keeps the weight store within its limit; called after each commit. Without limit when left out. */
  readonly keepWithin?: () => Promise<void>;
  /** Makes what runs the strategy; a thread when left out. */
  readonly startRunner?: (task: Task, weightsFolder: string, checkSet: string | null) => MergeRunner;
  /** Folder of held-out examples that every update is judged on; none when left out. */
  readonly checkSet?: string | null;
}

/** An update that has arrived complete and proved, as the gateway hands it over. */
export type ArrivedUpdate = Omit<NewUpdate, 'taskId' | 'receivedAt'> & {
  /** Its weights; taken over by the weight store. */
  readonly path: string;
};

/** An update that its client must offer once more, or will get no answer to. */
export interface Recall {
  readonly taskId: string;
  readonly clientId: string;
  readonly updateId: string;
  readonly error: AppError;
}

/** Told when there is news for a client, committed: weights to be offered, or that its update is in quarantine. */
export type IssueListener = (issued: { taskId: string; clientId: string }) => void;

/**
 * The only writer of one task's state. What it keeps in memory does not grow with the number of clients: the vectors
 * of the strategy's server side; everything else is read when needed.
 */
export class TaskEngine {
  readonly task: Task;
  readonly layout: WeightLayout;
  readonly #options: TaskEngineOptions;
  readonly #runner: MergeRunner;
  readonly #keeper: StateKeeper;
  readonly #log: Logger;
  readonly #queue = new SerialQueue();
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<IssueListener>();
  readonly #recallListeners = new Set<(recall: Recall) => void>();
  readonly #clientVectors: readonly string[];
  readonly #queuedUpdates = new Set<string>();
  /** Journaled updates that wait for a file their client has, by id. */
  readonly #blocked = new Map<string, { readonly update: UpdateRecord; readonly isDamaged: boolean }>();
  #timer: NodeJS.Timeout | undefined;
  #failedCount = 0;

  private constructor(
    options: TaskEngineOptions,
    runner: MergeRunner,
    left: { readonly state: TaskState; readonly dueAtMs: number | null },
  ) {
    const { task, log } = options;
    this.task = task;
    this.layout = weightLayout(task);
    this.#options = options;
    this.#runner = runner;
    this.#log = log;
    this.#clientVectors = strategyVectors(task).client;
    const context: KeeperContext = {
      ...options,
      runner,
      keepsStartWeights: keptVectors(task).client.includes('startWeights'),
      clientVectors: this.#clientVectors,
      newId: options.newId ?? randomUUID,
      now: () => this.#now(),
      onStep: options.onStep ?? (() => {}),
      keepWithin: options.keepWithin ?? (async () => {}),
      onIssued: (clientId) => {
        for (const listener of this.#listeners) listener({ taskId: task.id, clientId });
      },
    };
    this.#keeper = new StateKeeper(context, left.state, left.dueAtMs);
  }

  /**
   * Opens a task, creating it on first sight, and begins to replay every update that was received but not applied.
   * One that changed its strategy first applies them under the old one.
   * @throws AppError `task/changed`, `check-set/unusable`, `store/damaged`, `server/storage`
   */
  static async open(options: TaskEngineOptions): Promise<TaskEngine> {
    const runner = runnerFor(options);
    try {
      await runner.prepare();
      const state = await bringUpToDate(options, runner);
      await options.screening.keepCheckSet(options.task.id, options.checkSet ?? null);
      const engine = new TaskEngine(options, runner, { state, dueAtMs: await runner.dueAtMs(state) });
      await engine.#replay();
      return engine;
    } catch (thrown) {
      await runner.end();
      throw thrown;
    }
  }

  /** Applies all that a task received under its former settings, and closes its open round. */
  static async finishUnder(options: TaskEngineOptions, state: TaskState): Promise<TaskState> {
    const runner = runnerFor(options);
    let engine: TaskEngine | undefined;
    try {
      const opened = new TaskEngine(options, runner, { state, dueAtMs: await runner.dueAtMs(state) });
      engine = opened;
      await opened.#replay();
      await opened.#queue.add(async () => {
        // Nobody's confirmed progress is left in a round that no one would close any more.
        const { dueAtMs } = opened.#keeper;
        if (dueAtMs !== null) await opened.#keeper.closeDue(dueAtMs);
      });
      return opened.state;
    } finally {
      await (engine ?? { close: () => runner.end() }).close();
    }
  }

  get state(): TaskState {
    return this.#keeper.state;
  }

  /** Updates not merged since the start (a damaged file, a file that its client must send again, a bug); they stay journaled. */
  get failedCount(): number {
    return this.#failedCount + this.#blocked.size;
  }

  /** Whether the file of a journaled update is damaged: its client, which keeps it until its answer, sends it again. */
  isDamaged(updateId: string): boolean {
    return this.#blocked.get(updateId)?.isDamaged ?? false;
  }

  /** What must come back before an update of this client can be merged. */
  missingFor(client: ClientRecord): Missing {
    return missingOf(client, this.#clientVectors);
  }

  /** @returns a function that ends the subscription */
  onRecall(listener: (recall: Recall) => void): () => void {
    this.#recallListeners.add(listener);
    return () => this.#recallListeners.delete(listener);
  }

  /** @returns a function that ends the subscription */
  onIssue(listener: IssueListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Journals an update. On return it is durable and will be applied exactly once: the receipt may be given. The
   * same update again gives the first record and is not applied again.
   * @throws AppError `update/id-conflict`, `update/unknown-base`, `server/storage`
   */
  async receive({ path, ...update }: ArrivedUpdate): Promise<UpdateRecord> {
    const { catalogue, weights, onStep = () => {} } = this.#options;
    const batch = weights.begin();
    try {
      await batch.adopt(path, update.digest);
      await onStep('receive/stored');
      const journaled = await catalogue.journalUpdate({
        ...update,
        taskId: this.task.id,
        receivedAt: this.#now().toISOString(),
      });
      await onStep('receive/journaled');
      if (journaled.state === 'received') this.#enqueue(journaled);
      else await this.#forget(batch, update.digest);
      return journaled;
    } catch (thrown) {
      await this.#forget(batch, update.digest);
      throw thrown;
    } finally {
      batch.end();
    }
  }

  /**
   * Issues the global weights as start weights, after all updates received so far.
   * @throws AppError `server/storage`
   */
  join(clientId: string): Promise<BaseRecord> {
    return this.#queue.add(async () => {
      const issue = () => this.#keeper.join(clientId);
      const base = await issue().catch((thrown) => {
        if (thrown instanceof RunnerLost) return issue();
        throw thrown;
      });
      this.#setTimer();
      return base;
    });
  }

  /**
   * Takes start weights back that a client has sent again, complete and proved. An update that waited for them is tried
   * again.
   * @returns false unless the client starts from them
   * @throws AppError `server/storage`
   */
  async restoreStart({
    path,
    ...of
  }: {
    clientId: string;
    base: BaseRecord;
    path: string;
  }): Promise<boolean> {
    const { catalogue, weights, onStep = () => {} } = this.#options;
    const { clientId, base } = of;
    const batch = weights.begin();
    try {
      await batch.adopt(path, base.weightsDigest);
      await onStep('restore/stored');
      if (!(await catalogue.restoreStartWeights({ clientId, baseId: base.baseId }))) {
        await this.#forget(batch, base.weightsDigest);
        return false;
      }
      await onStep('restore/committed');
    } finally {
      batch.end();
    }
    this.#log.info({ taskId: this.task.id, clientId, baseId: base.baseId }, 'start weights restored');
    // No eviction here: it would be what was just asked for. The commit of its update is followed by one.
    for (const { update } of this.#blocked.values()) if (update.clientId === clientId) this.#enqueue(update);
    return true;
  }

  /**
   * Issues the global weights in place of a base whose file is gone before its client had it.
   * @throws AppError `server/storage`
   */
  reissue(base: { clientId: string; baseId: string }): Promise<BaseRecord> {
    return this.#queue.add(async () => {
      const issue = () => this.#keeper.reissue(base);
      return issue().catch((thrown) => {
        if (thrown instanceof RunnerLost) return issue();
        throw thrown;
      });
    });
  }

  /** Remembers that a client works from these weights. @returns false unless they are its current base */
  async markInstalled(base: { baseId: string; clientId: string }): Promise<boolean> {
    const installedAt = this.#now().toISOString();
    const obsolete = await this.#options.catalogue.markInstalled({ ...base, installedAt });
    if (obsolete === null) return false;
    if (obsolete.length > 0) await this.#keeper.removeObsolete(obsolete);
    return true;
  }

  /**
   * Carries out an operator's request, after all updates received so far, exactly once: its effect and its end are one
   * transaction. A request that cannot be carried out ends as failed; one that was withdrawn meanwhile has no effect.
   * Resolves when it has ended; rejects when the engine is closed before, and the next start takes it up again.
   */
  execute(request: OperatorRequest): Promise<void> {
    return this.#queue.add(() => this.#insistently(() => this.#carryOut(request), null));
  }

  /** Resolves when everything received so far is applied. */
  whenIdle(): Promise<void> {
    return this.#queue.whenIdle();
  }

  /** Finishes the merge in progress; what waits is replayed at the next start. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#queue.close();
    clearTimeout(this.#timer);
    await this.#runner.end();
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  async #replay(): Promise<void> {
    const pending = await this.#options.catalogue.pendingUpdates(this.task.id);
    if (pending.length > 0)
      this.#log.info({ taskId: this.task.id, updates: pending.length }, 'replaying updates');
    for (const update of pending) this.#enqueue(update);
    this.#setTimer();
  }

  #enqueue(update: UpdateRecord): void {
    // The same update may be journaled twice in a row by two connections; it is queued once.
    if (this.#queuedUpdates.has(update.updateId)) return;
    this.#queuedUpdates.add(update.updateId);
    this.#blocked.delete(update.updateId);
    this.#queue
      .add(() => this.#insistently(() => this.#applyQueued(update), update.updateId))
      .catch((thrown) => {
        if (thrown instanceof QueueClosed) return;
        this.#failedCount++;
        const { code, message } = toAppError(thrown);
        this.#log.error(
          { taskId: this.task.id, updateId: update.updateId, code, message },
          'update not applied',
        );
      })
      .finally(() => this.#queuedUpdates.delete(update.updateId));
  }

  /** Wakes when the open round is due; what arrived before is queued before. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    const { dueAtMs } = this.#keeper;
    if (dueAtMs === null || this.#stopping.signal.aborted) return;
    const sleepMs = Math.min(Math.max(dueAtMs - this.#now().getTime(), 0), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#enqueueClose(), sleepMs);
  }

  #enqueueClose(): void {
    this.#queue
      .add(() => this.#insistently(() => this.#keeper.closeDue(this.#now().getTime()), null))
      .then(() => this.#setTimer())
      .catch((thrown) => {
        if (thrown instanceof QueueClosed) return;
        const { code, message } = toAppError(thrown);
        this.#log.error({ taskId: this.task.id, code, message }, 'round not closed');
        // The next update tries again, and so does the timer.
        if (!this.#stopping.signal.aborted)
          this.#timer = setTimeout(() => this.#setTimer(), LONGEST_SLEEP_MS);
      });
  }

  /** Order matters, so trouble with the disk holds the queue until it is over; other trouble skips the job. */
  async #insistently(job: () => Promise<void>, updateId: string | null): Promise<void> {
    for (let lostCount = 0; ; ) {
      try {
        return await job();
      } catch (thrown) {
        const isLost = thrown instanceof RunnerLost && ++lostCount < RUNNER_TRIES;
        const { code, message } = toAppError(thrown);
        if (code !== 'server/storage' && !isLost) throw thrown;
        this.#log.error({ taskId: this.task.id, updateId, code, message }, 'retrying');
      }
      const pauseMs = this.#options.storageRetryMs ?? STORAGE_RETRY_MS;
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {
        throw new QueueClosed();
      });
    }
  }

  /** Applies an update in its turn, unless a rollback has brought that forward. */
  async #applyQueued(update: UpdateRecord): Promise<void> {
    if (this.#queuedUpdates.has(update.updateId)) await this.#apply(update);
  }

  async #apply(update: UpdateRecord): Promise<void> {
    const startedAt = performance.now();
    const ended = await this.#keeper.apply(update);
    this.#setTimer();
    if (ended.kind === 'blocked' || ended.kind === 'reset') this.#recall(update, ended);
    else this.#report(update, ended, Math.round(performance.now() - startedAt));
  }

  #report(
    { updateId, clientId }: UpdateRecord,
    ended: Exclude<Ended, { kind: 'blocked' | 'reset' }>,
    durationMs: number,
  ): void {
    const entry = { taskId: this.task.id, updateId, clientId };
    switch (ended.kind) {
      case 'set-aside':
        this.#log.error({ ...entry, code: ended.code }, 'update set aside');
        return;
      case 'quarantined':
        this.#log.warn({ ...entry, finding: ended.finding }, 'update in quarantine');
        return;
      case 'applied': {
        const { staleness, effect } = ended.figures;
        const { globalVersion } = this.state;
        const checkSet = ended.measured?.accuracy ?? undefined;
        this.#log.info(
          { ...entry, globalVersion, staleness, effect, checkSet, durationMs },
          'update applied',
        );
      }
    }
  }

  async #carryOut(request: OperatorRequest): Promise<void> {
    const { operators, onStep = () => {} } = this.#options;
    const { requestId, command, requestedBy } = request;
    const end = { requestId, finishedAt: this.#now().toISOString() };
    const entry = { taskId: this.task.id, requestId, command, requestedBy };
    await onStep('operator/taken');
    try {
      await this.#decide(command, end);
      this.#log.info(entry, 'operator request done');
    } catch (thrown) {
      const error = toAppError(thrown);
      if (thrown instanceof RunnerLost || error.code === 'server/storage') throw thrown;
      this.#log.error({ ...entry, code: error.code, message: error.message }, 'operator request failed');
      await operators.fail({ ...end, code: error.code, detail: error.detail ?? null });
    }
  }

  /** @throws AppError `operation/not-quarantined`, `operation/version-not-kept`, and as the keeper's moves */
  async #decide(command: OperatorRequest['command'], end: RequestEnd): Promise<void> {
    if (command.kind === 'rollback') return this.#rollBack(command.version, end);
    const { updateId } = command;
    const isDone =
      command.kind === 'drop' ? await this.#keeper.drop(updateId, end) : await this.#release(updateId, end);
    if (!isDone) throw new AppError('operation/not-quarantined', { detail: updateId });
  }

  async #release(updateId: string, end: RequestEnd): Promise<boolean> {
    const { catalogue, operators, onStep = () => {} } = this.#options;
    const update = await catalogue.findUpdate(updateId);
    if (update?.taskId !== this.task.id) return false;
    const released = await operators.release({ ...end, updateId });
    if (released === null) return false;
    await onStep('operator/committed');
    this.#enqueue(released);
    return true;
  }

  /** Applies what waits first, so that no confirmed update is built on weights that its client no longer has. */
  async #rollBack(version: number, end: RequestEnd): Promise<void> {
    const { operators } = this.#options;
    do {
      await this.#applyWaiting();
      if (await this.#keeper.rollBack(version, end)) break;
      // An update came in between, or the request was withdrawn.
    } while ((await operators.find(end.requestId))?.state === 'waiting');
    this.#setTimer();
  }

  async #applyWaiting(): Promise<void> {
    const { catalogue } = this.#options;
    const overtake = (updateId: string) =>
      catalogue.setAside({ updateId, code: 'update/overtaken', state: this.state, issue: null });
    for (const update of await catalogue.pendingUpdates(this.task.id)) {
      const { updateId } = update;
      this.#queuedUpdates.delete(updateId);
      try {
        await this.#apply(update);
        // What waits for a file would be merged into weights that are given up.
        if (this.#blocked.delete(updateId)) await overtake(updateId);
      } catch (thrown) {
        const { code, message } = toAppError(thrown);
        if (thrown instanceof RunnerLost || code === 'server/storage') throw thrown;
        this.#log.error({ taskId: this.task.id, updateId, code, message }, 'update not applied');
        await overtake(updateId);
      }
    }
  }

  #recall(update: UpdateRecord, ended: Extract<Ended, { kind: 'blocked' | 'reset' }>): void {
    const { updateId, clientId } = update;
    const isBlocked = ended.kind === 'blocked';
    const lacks = isBlocked ? ended.lacks : 'reference';
    if (isBlocked) this.#blocked.set(updateId, { update, isDamaged: lacks === 'update' });
    const error = new AppError(isBlocked ? 'update/offer-again' : 'update/unknown-base', {
      detail: `the server has lost the ${lacks} it needs`,
    });
    const recall = { taskId: this.task.id, clientId, updateId, error };
    this.#log.error(
      { ...recall, error: undefined, code: error.code, lacks },
      'update not merged, client recalled',
    );
    for (const listener of this.#recallListeners) listener(recall);
  }

  /** Lets go of weights that were stored for nothing. */
  async #forget(batch: WeightBatch, digest: string): Promise<void> {
    batch.end();
    await this.#keeper.removeObsolete([digest]);
  }
}

function runnerFor({ task, weights, startRunner, checkSet = null }: TaskEngineOptions): MergeRunner {
  return startRunner?.(task, weights.folder, checkSet) ?? new WorkerRunner(task, weights.folder, checkSet);
}

interface VectorNames {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

function strategyVectors(task: Task): VectorNames {
  const { serverVectors, clientVectors } = createStrategy(task.federation, weightLayout(task));
  return { server: serverVectors, client: clientVectors };
}

/** A delta is decoded against what the client was last sent, whether the strategy looks at that or not. */
function keptVectors(task: Task): VectorNames {
  const { server, client } = strategyVectors(task);
  const isNeeded = updateEncodingOf(task) !== 'float32' && !client.includes('startWeights');
  return { server, client: isNeeded ? [...client, 'startWeights'] : client };
}

/** The state of a task under the strategy its file names now. */
async function bringUpToDate(options: TaskEngineOptions, runner: MergeRunner): Promise<TaskState> {
  const { task, catalogue, weights, log, now = () => new Date() } = options;
  const context: OpenContext = { task, catalogue, weights, now };
  const left = await findTask(context);
  if (left === null) return createTask(context, runner);
  const kept = keptVectors(task);
  const remove = (digests: readonly string[]) =>
    weights.removeUnreferenced(digests, (candidates) => catalogue.unreferenced(candidates));
  if (left.fits) {
    await remove(await keepSettings(context, kept));
    const found = await findTask(context);
    return found!.state;
  }
  log.info(
    { taskId: task.id, from: left.settings.strategy, to: task.federation.strategy },
    'strategy changes',
  );
  const former = { ...options, task: { ...task, federation: left.settings } };
  const finished = await TaskEngine.finishUnder(former, left.state);
  const { state, obsoleteDigests } = await changeStrategy(context, finished, { runner, kept });
  await remove(obsoleteDigests);
  return state;
}
