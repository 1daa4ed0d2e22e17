import { randomUUID } from 'node:crypto';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { type WeightLayout, weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type { BaseRecord, Catalogue, ClientRecord, TaskState, UpdateRecord } from '../store/catalogue.ts';
import type { OperatorRequest, OperatorTable } from '../store/operator-table.ts';
import { DEFAULT_MERGE_MEMORY_BYTES, type ProvedWeights } from '../store/proved-weights.ts';
import type { ScreeningTable } from '../store/screening-table.ts';
import type { WeightStore } from '../store/weight-store.ts';
import { type ArrivedStart, type ArrivedUpdate, FileIntake } from './file-intake.ts';
import { type ExpectedUpdate, Foresight } from './foresight.ts';
import { InsistentQueue } from './insistent-queue.ts';
import type { KeeperContext } from './keeper-context.ts';
import { keptVectors, strategyVectors } from './kept-vectors.ts';
import type { MergeRunner, RunnerStart } from './merge-runner.ts';
import { type Missing, missingOf } from './missing-files.ts';
import { changeStrategy, createTask, findTask, keepSettings, type OpenContext } from './open-task.ts';
import { OperatorOrders } from './operator-orders.ts';
import { RoundTimer } from './round-timer.ts';
import { StateKeeper } from './state-keeper.ts';
import type { StepHook } from './steps.ts';
import { UpdateApplier } from './update-applier.ts';
import { type Recall, UpdateQueue } from './update-queue.ts';
import { WeightsIssuer } from './weights-issuer.ts';
import { WorkerRunner } from './worker-runner.ts';

const STORAGE_RETRY_MS = 2000;

export interface TaskEngineOptions {
  readonly task: Task;
  readonly catalogue: Catalogue;
  readonly screening: ScreeningTable;
  readonly operators: OperatorTable;
  readonly weights: WeightStore;
  /** Where weights wait that were proved as they arrived. */
  readonly proved: ProvedWeights;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly newId?: () => string;
  readonly onStep?: StepHook;
  /** Pause before an update that met a full or failing disk is tried again, milliseconds. */
  readonly storageRetryMs?: number;
  /** Keeps the weight store within its limit; called after each commit. Without limit when left out. */
  readonly keepWithin?: () => Promise<void>;
  /** Makes what runs the strategy; a thread when left out. */
  readonly startRunner?: (start: RunnerStart) => MergeRunner;
  /** See {@link RunnerStart}; {@link DEFAULT_MERGE_MEMORY_BYTES} when left out. */
  readonly mergeMemoryBytes?: number;
  /** Folder of held-out examples that every update is judged on; none when left out. */
  readonly checkSet?: string | null;
  /** What a task on first sight begins with; drawn from its seed when left out. */
  readonly firstWeights?: (() => Promise<Float32Array>) | null;
}

/**
 * Told when there is news for a client, committed: weights to be offered, or that its update is in quarantine.
 * `base` is its new base where that is at hand; without it, what the news is must be asked.
 */
export type IssueListener = (issued: {
  readonly taskId: string;
  readonly clientId: string;
  readonly base?: BaseRecord;
}) => void;

/**
 * The only writer of one task's state. What it keeps in memory does not grow with the number of clients: the vectors
 * of the strategy's server side; everything else is read when needed.
 */
export class TaskEngine {
  readonly task: Task;
  readonly layout: WeightLayout;
  readonly #context: KeeperContext;
  readonly #queue: InsistentQueue;
  readonly #keeper: StateKeeper;
  readonly #issuer: WeightsIssuer;
  readonly #applier: UpdateApplier;
  readonly #updates: UpdateQueue;
  readonly #foresight: Foresight;
  readonly #intake: FileIntake;
  readonly #orders: OperatorOrders;
  readonly #timer: RoundTimer;
  /** Removal of files that installed weights have replaced. */
  #removing: Promise<void> = Promise.resolve();
  readonly #issueListeners = new Set<IssueListener>();
  readonly #recallListeners = new Set<(recall: Recall) => void>();

  private constructor(
    options: TaskEngineOptions,
    runner: MergeRunner,
    left: { readonly state: TaskState; readonly dueAtMs: number | null },
  ) {
    const { task, log, storageRetryMs = STORAGE_RETRY_MS } = options;
    this.task = task;
    this.layout = weightLayout(task);
    const context = contextOf(options, runner, (clientId, base) => {
      for (const listener of this.#issueListeners) listener({ taskId: task.id, clientId, base });
    });
    const about = { taskId: task.id, log };
    const queue = new InsistentQueue({ ...about, storageRetryMs });
    const keeper = new StateKeeper(context, left.state, left.dueAtMs);
    const issuer = new WeightsIssuer(context, keeper);
    const foresight = new Foresight(context, keeper);
    const applier = new UpdateApplier(context, { keeper, issuer, foresight });
    this.#timer = new RoundTimer({
      ...about,
      queue,
      dueAtMs: () => keeper.dueAtMs,
      closeDue: (nowMs) => applier.closeDue(nowMs),
      now: context.now,
    });
    this.#updates = new UpdateQueue({
      ...about,
      queue,
      keeper,
      applier,
      catalogue: context.catalogue,
      onTried: () => this.#timer.set(),
      onRecall: (recall) => {
        for (const listener of this.#recallListeners) listener(recall);
      },
    });
    this.#intake = new FileIntake(context, { keeper, updates: this.#updates, foresight });
    this.#orders = new OperatorOrders(context, { keeper, issuer, updates: this.#updates });
    this.#context = context;
    this.#queue = queue;
    this.#keeper = keeper;
    this.#issuer = issuer;
    this.#applier = applier;
    this.#foresight = foresight;
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
      options.proved.adopt(await runner.rooms());
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
      await opened.#queue.addBriefly(async () => {
        // Nobody's confirmed progress is left in a round that no one would close any more.
        const { dueAtMs } = opened.#keeper;
        if (dueAtMs !== null) await opened.#applier.closeDue(dueAtMs);
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
    return this.#updates.failedCount;
  }

  /** Whether the file of a journaled update is damaged: its client, which keeps it until its answer, sends it again. */
  isDamaged(updateId: string): boolean {
    return this.#updates.isDamaged(updateId);
  }

  /** What must come back before an update of this client can be merged. */
  missingFor(client: ClientRecord): Missing {
    return missingOf(client, this.#context.clientVectors);
  }

  /** @returns a function that ends the subscription */
  onRecall(listener: (recall: Recall) => void): () => void {
    this.#recallListeners.add(listener);
    return () => this.#recallListeners.delete(listener);
  }

  /** @returns a function that ends the subscription */
  onIssue(listener: IssueListener): () => void {
    this.#issueListeners.add(listener);
    return () => this.#issueListeners.delete(listener);
  }

  /** An update is proved and lies in memory: {@link receive} is called when it is synced, or {@link giveUp}. */
  expect(update: ExpectedUpdate): void {
    this.#foresight.expect(update);
  }

  /** An expected update could not be synced. */
  giveUp(updateId: string): void {
    this.#foresight.giveUp(updateId);
  }

  /**
   * Journals an update. On return it is durable and will be applied exactly once: the receipt may be given. The
   * same update again gives the first record and is not applied again.
   * @throws AppError `update/id-conflict`, `update/unknown-base`, `server/storage`
   */
  receive(update: ArrivedUpdate): Promise<UpdateRecord> {
    return this.#intake.receive(update);
  }

  /**
   * Takes start weights back that a client has sent again, complete and proved. An update that waited for them is tried
   * again.
   * @returns false unless the client starts from them
   * @throws AppError `server/storage`
   */
  restoreStart(start: ArrivedStart): Promise<boolean> {
    return this.#intake.restoreStart(start);
  }

  /**
   * Issues the global weights as start weights, after all updates received so far.
   * @throws AppError `server/storage`
   */
  async join(clientId: string): Promise<BaseRecord> {
    const base = await this.#queue.addBriefly(() => this.#issuer.join(clientId));
    this.#timer.set();
    return base;
  }

  /**
   * Issues the global weights in place of a base whose file is gone before its client had it.
   * @throws AppError `server/storage`
   */
  reissue(base: { clientId: string; baseId: string }): Promise<BaseRecord> {
    return this.#queue.addBriefly(() => this.#issuer.reissue(base));
  }

  /** Remembers that a client works from these weights. @returns false unless they are its current base */
  async markInstalled(base: { baseId: string; clientId: string }): Promise<boolean> {
    const { catalogue, now } = this.#context;
    const obsolete = await catalogue.markInstalled({ ...base, installedAt: now().toISOString() });
    if (obsolete === null) return false;
    // Its next update need not wait for the disk to free what it has no use for any more.
    if (obsolete.length > 0) {
      this.#removing = this.#removing.then(() => this.#keeper.removeObsolete(obsolete));
    }
    return true;
  }

  /**
   * Carries out an operator's request, after all updates received so far, exactly once: its effect and its end are one
   * transaction. A request that cannot be carried out ends as failed; one that was withdrawn meanwhile has no effect.
   * Resolves when it has ended; rejects when the engine is closed before, and the next start takes it up again.
   */
  execute(request: OperatorRequest): Promise<void> {
    return this.#queue.add(async () => {
      await this.#orders.carryOut(request);
      this.#timer.set();
    });
  }

  /** Resolves when everything received so far is applied, and what that replaced is removed. */
  async whenIdle(): Promise<void> {
    await this.#queue.whenIdle();
    await this.#keeper.whenClean();
    await this.#removing;
  }

  /** Finishes the merge in progress; what waits is replayed at the next start. */
  async close(): Promise<void> {
    const foreseen = this.#foresight.close();
    await this.#queue.close();
    await this.#keeper.whenClean();
    await this.#removing;
    this.#timer.stop();
    await this.#context.runner.end();
    await foreseen;
  }

  async #replay(): Promise<void> {
    await this.#updates.replay();
    this.#timer.set();
  }
}

function contextOf(
  options: TaskEngineOptions,
  runner: MergeRunner,
  onIssued: KeeperContext['onIssued'],
): KeeperContext {
  const { task, newId = randomUUID, now = () => new Date() } = options;
  const { onStep = () => {}, keepWithin = async () => {} } = options;
  return {
    ...options,
    runner,
    keepsStartWeights: keptVectors(task).client.includes('startWeights'),
    clientVectors: strategyVectors(task).client,
    newId,
    now,
    onStep,
    keepWithin,
    onIssued,
  };
}

function runnerFor({
  task,
  weights,
  startRunner,
  checkSet,
  mergeMemoryBytes,
}: TaskEngineOptions): MergeRunner {
  const start: RunnerStart = {
    task,
    folder: weights.folder,
    checkSet: checkSet ?? null,
    memoryBytes: mergeMemoryBytes ?? DEFAULT_MERGE_MEMORY_BYTES,
  };
  return startRunner?.(start) ?? new WorkerRunner(start);
}

/** The state of a task under the strategy its file names now. */
async function bringUpToDate(options: TaskEngineOptions, runner: MergeRunner): Promise<TaskState> {
  const { task, catalogue, weights, log, now = () => new Date() } = options;
  const { firstWeights } = options;
  const seeded = async () => initialWeights(weightLayout(task), task.seed);
  const context: OpenContext = { task, catalogue, weights, now, firstWeights: firstWeights ?? seeded };
  const left = await findTask(context);
  if (left === null) return createTask(context, runner);
  if (firstWeights) log.info({ taskId: task.id }, 'has begun already: no start weights are read');
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
