import { type StrategySettings, strategySettingsSchema } from '@genba/shared/federation/strategies/settings';
import type { Task } from '@genba/shared/model/task';
import type { Catalogue, StoredTask, TaskState } from '../store/catalogue.ts';
import { discardStaged } from '../store/vector-files.ts';
import type { WeightBatch, WeightStore } from '../store/weight-store.ts';
import { manifestDigest } from './manifest.ts';
import type { MergeRunner, NextState } from './merge-runner.ts';
import { strategyKind } from './strategy-kind.ts';

/** What opening a task needs. */
export interface OpenContext {
  readonly task: Task;
  readonly catalogue: Catalogue;
  readonly weights: WeightStore;
  readonly now: () => Date;
  /** Of a task on first sight. */
  readonly firstWeights: () => Promise<Float32Array>;
}

/** What a strategy keeps, by name. */
export interface KeptVectors {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

/** A task as it was left, with settings proved. */
export interface LeftTask {
  readonly state: TaskState;
  readonly settings: StrategySettings;
  /** Whether its state is of the strategy that the task names now. */
  readonly fits: boolean;
}

/** The task as it was left; null on first sight. @throws AppError `task/changed`, `store/damaged`, `server/storage` */
export async function findTask({ task, catalogue }: OpenContext): Promise<LeftTask | null> {
  const stored = await catalogue.findTask(task.id, manifestDigest(task));
  if (stored === null) return null;
  const settings = settingsOf(stored, task);
  return { state: stored.state, settings, fits: strategyKind(settings) === strategyKind(task.federation) };
}

/** Creates a task from its first weights. @throws AppError `server/storage`, and what `firstWeights` throws */
export async function createTask(context: OpenContext, runner: MergeRunner): Promise<TaskState> {
  const { task, catalogue, weights, now, firstWeights } = context;
  const first = await firstWeights();
  const batch = weights.begin();
  try {
    const globalDigest = await batch.put(first);
    const opened = await runner.open({ globalDigest, globalVersion: 0, clientCount: 0 });
    await takeIn(opened, batch);
    await catalogue.createTask({
      taskId: task.id,
      manifestDigest: manifestDigest(task),
      settings: JSON.stringify(task.federation),
      state: opened.state,
      createdAt: now().toISOString(),
    });
    return opened.state;
  } finally {
    batch.end();
  }
}

/** Writes down the settings a task runs with from now on. @returns digests that may have lost their last reader */
export function keepSettings(
  { task, catalogue }: OpenContext,
  kept: KeptVectors,
): Promise<readonly string[]> {
  return catalogue.changeSettings({
    taskId: task.id,
    settings: JSON.stringify(task.federation),
    taskVectors: ['globalWeights', ...kept.server],
    clientVectors: kept.client,
  });
}

/**
 * Gives a task another strategy: it goes on from the global weights at the same version, and every client receives
 * them. Updates received before must be applied already, and an open round closed.
 * @returns the new state, and digests that may have lost their last reader
 */
export async function changeStrategy(
  context: OpenContext,
  left: TaskState,
  { runner, kept }: { readonly runner: MergeRunner; readonly kept: KeptVectors },
): Promise<{ state: TaskState; obsoleteDigests: readonly string[] }> {
  const { task, catalogue, weights, now } = context;
  const { globalVersion, vectors } = left;
  const clientCount = await catalogue.countClients(task.id);
  const opened = await runner.open({
    globalDigest: vectors.globalWeights,
    globalVersion,
    clientCount,
  });
  const batch = weights.begin();
  try {
    await takeIn(opened, batch);
    const { obsoleteDigests } = await catalogue.changeStrategy({
      taskId: task.id,
      settings: JSON.stringify(task.federation),
      state: opened.state,
      client: opened.client,
      release: opened.clientCalibrates
        ? { keepsStartWeights: false, use: 'install-as-reference' }
        : { keepsStartWeights: kept.client.includes('startWeights'), use: 'install' },
      changedAt: now().toISOString(),
    });
    return { state: opened.state, obsoleteDigests };
  } finally {
    batch.end();
  }
}

async function takeIn({ staged }: NextState, batch: WeightBatch): Promise<void> {
  try {
    for (const vector of staged) await batch.moveIn(vector);
  } catch (thrown) {
    await discardStaged(staged);
    throw thrown;
  }
}

/** An old program wrote none: it kept what both references of OrthoFL need, so either of them fits. */
function settingsOf({ settings }: StoredTask, { federation }: Task): StrategySettings {
  if (settings !== null) return strategySettingsSchema.parse(JSON.parse(settings));
  const isPlainOrthoFl = federation.strategy === 'orthofl' && federation.memory === undefined;
  return isPlainOrthoFl ? federation : strategySettingsSchema.parse({});
}
