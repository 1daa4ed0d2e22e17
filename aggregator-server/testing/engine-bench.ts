import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '@genba/shared/model/task';
import { pino } from 'pino';
import type { EngineStep, StepHook } from '../engine/steps.ts';
import { StrategyRunner } from '../engine/strategy-runner.ts';
import { TaskEngine, type TaskEngineOptions } from '../engine/task-engine.ts';
import type { AggregatorOptions } from '../server.ts';
import type { BaseRecord, UpdateRecord } from '../store/catalogue.ts';
import { openStore, type Store } from '../store/open-store.ts';
import { Retention } from '../store/retention.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from '../store/retention-policy.ts';
import { THIS_THREAD } from '../store/store-threads.ts';
import { bytesOf, sha256 } from './fixtures.ts';

export interface BenchOptions
  extends Pick<TaskEngineOptions, 'now' | 'startRunner' | 'checkSet' | 'mergeMemoryBytes'>,
    Pick<AggregatorOptions, 'storeThreads'> {
  readonly policy?: RetentionPolicy;
}

/** An engine over a real data folder, without sockets. */
export class EngineBench {
  readonly engine: TaskEngine;
  readonly store: Store;
  readonly retention: Retention;
  readonly #folder: string;

  private constructor(folder: string, store: Store, retention: Retention, engine: TaskEngine) {
    this.#folder = folder;
    this.store = store;
    this.retention = retention;
    this.engine = engine;
  }

  static async open(
    folder: string,
    task: Task,
    onStep?: StepHook,
    { policy = DEFAULT_RETENTION, storeThreads = THIS_THREAD, ...more }: BenchOptions = {},
  ): Promise<EngineBench> {
    const now = more.now ?? (() => new Date());
    // In this thread, as the runner: starting some for each bench would take most of the time.
    const store = await openStore(folder, { threads: storeThreads, policy, now: now() });
    try {
      const { catalogue, weights } = store;
      const log = pino({ level: 'silent' });
      const startRunner: TaskEngineOptions['startRunner'] = (start) => new StrategyRunner(start);
      const retention = new Retention({ catalogue, weights, policy, log, now });
      const keepWithin = () => retention.keepWithin();
      const common = { ...store, task, log, keepWithin, storageRetryMs: 20 };
      const options = { ...common, onStep, startRunner, ...more };
      return new EngineBench(folder, store, retention, await TaskEngine.open(options));
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
  }

  /** A client's current base and the weights it was sent; of two vectors in one file the first. */
  async baseOf(clientId: string): Promise<{ base: BaseRecord; weights: Float32Array }> {
    const client = await this.store.catalogue.findClient(this.engine.task.id, clientId);
    const base = client!.base!;
    const sent = await this.store.weights.read(base.weightsDigest);
    return { base, weights: sent.slice(0, this.engine.layout.size) };
  }

  async join(clientId: string): Promise<BaseRecord> {
    await this.see(clientId);
    return this.engine.join(clientId);
  }

  /** What a welcome does. */
  async see(clientId: string, seenAt = new Date()): Promise<void> {
    const client = { taskId: this.engine.task.id, clientId, plantName: clientId };
    await this.store.catalogue.seeClient({ ...client, seenAt: seenAt.toISOString() });
  }

  /** Lets go of all that may go, as under a limit that nothing else can meet. */
  async evictAll(): Promise<void> {
    const { catalogue, weights } = this.store;
    const all = { count: 1000, atTime: new Date().toISOString() };
    const versions = await catalogue.evictOldestVersions(all);
    const { digests } = await catalogue.evictFilesOfClients(all);
    const unreferenced = (candidates: readonly string[]) => catalogue.unreferenced(candidates);
    await weights.removeUnreferenced([...versions, ...digests], unreferenced);
  }

  /** Sends start weights again as the gateway does. */
  async restore(clientId: string, base: BaseRecord, weights: Float32Array): Promise<boolean> {
    const path = join(this.#folder, 'transfers', `${randomUUID()}.part`);
    await writeFile(path, bytesOf(weights));
    return this.engine.restoreStart({ clientId, base, path });
  }

  /** Hands an update over as the gateway does. */
  async deliver(update: {
    updateId: string;
    clientId: string;
    baseId: string;
    weights: Float32Array;
  }): Promise<UpdateRecord> {
    const { weights, ...ids } = update;
    const bytes = bytesOf(weights);
    const path = join(this.#folder, 'transfers', `${randomUUID()}.part`);
    await writeFile(path, bytes);
    const metrics = { loss: 0.5, validationAccuracy: null };
    return this.engine.receive({ ...ids, rounds: 1, examples: 10, metrics, digest: sha256(bytes), path });
  }

  /** What these clients have, in a form that is the same in every run. */
  async standingsOf(clientIds: readonly string[]): Promise<object[]> {
    const { catalogue } = this.store;
    const clients = await Promise.all(clientIds.map((id) => catalogue.findClient(this.engine.task.id, id)));
    return clients.map((client) => {
      const { isHeld, scalars, vectors, base } = client!;
      return { isHeld, scalars, vectors, weights: base!.weightsDigest, version: base!.version };
    });
  }

  /**
   * Waits until work is done or the engine hangs in it, and lets a new one take over the folder, as after a crash.
   */
  async takenOver({
    work,
    halted,
    reopen,
  }: {
    readonly work: Promise<void>;
    readonly halted: Promise<void> | undefined;
    readonly reopen: () => Promise<EngineBench>;
  }): Promise<EngineBench> {
    await Promise.race([halted, work]);
    await this.abandon();
    return reopen();
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.store.close();
  }

  /** Leaves everything as it is on disk, like a killed process whose engine hangs in a {@link haltAt} hook. */
  async abandon(): Promise<void> {
    await this.store.close();
  }
}

/** A hook that never returns from a step once it is armed; `halted` resolves then. */
export function haltAt(step: EngineStep): { onStep: StepHook; arm: () => void; halted: Promise<void> } {
  const { promise: halted, resolve } = Promise.withResolvers<void>();
  let isArmed = false;
  const onStep: StepHook = (current) => {
    if (current !== step || !isArmed) return;
    resolve();
    return new Promise<void>(() => {});
  };
  const arm = () => {
    isArmed = true;
  };
  return { onStep, arm, halted };
}
