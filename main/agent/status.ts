import type { AgentPhase, AgentStatus } from '@genba/shared/local-api/messages';
import type { StandstillReason } from '@genba/shared/local-api/schedule';
import type { DatasetState } from './dataset/dataset-keeper.ts';
import type { PlantTraining } from './rounds/plant-training.ts';
import type { LoopState } from './rounds/round-loop.ts';
import type { TrainingHold } from './schedule/training-hold.ts';

/** Points of the history that a window gets; older ones stay in the database. */
export const HISTORY_POINTS = 200;

/** What to call the agent's state, from what is set up and what the loop does. */
export function agentPhase(facts: {
  readonly isConfigured: boolean;
  readonly hasWeights: boolean;
  readonly hasFailed: boolean;
  readonly isPaused: boolean;
  readonly loop: LoopState | null;
}): AgentPhase {
  if (facts.hasFailed || facts.loop === 'failed') return 'failed';
  if (!facts.isConfigured) return 'unconfigured';
  if (facts.isPaused) return 'paused';
  if (!facts.hasWeights) return 'awaiting-weights';
  if (facts.loop === null) return 'starting';
  if (facts.loop === 'training') return 'training';
  return facts.loop === 'waiting' || facts.loop === 'recovering' ? 'starting' : 'idle';
}

/** How this PC trains, and why so; null while it does not. */
export function methodStatus(training: PlantTraining | null): AgentStatus['backend'] {
  const backend = training?.loop.backend ?? null;
  if (training === null || backend === null) return null;
  const { methods } = training;
  const notes = [methods.note, backend.note].filter((note) => note !== null);
  const timesCpu = methods.timesFaster(backend.name);
  return {
    ...backend,
    note: notes.length === 0 ? null : notes.join(' '),
    ...(timesCpu === null ? {} : { timesCpu }),
  };
}

/** What of the data a window shows; null before they were read. */
export function datasetStatus(state: DatasetState | null): AgentStatus['dataset'] {
  if (state === null) return null;
  const { path, training, validation, skipped, classes } = state.summary;
  const { readAt, change, isReachable } = state;
  return { path, training, validation, skipped, classes: [...classes], readAt, change, isReachable };
}

/** Why no round is being trained, and when that goes on by itself; null while one is. */
export function standstillOf(facts: {
  readonly phase: AgentPhase;
  readonly loop: LoopState | null;
  readonly hold: TrainingHold | null;
  /** As many rounds are done as the settings ask for. */
  readonly isFinished: boolean;
  readonly sleepsUntilMs: number | null;
}): AgentStatus['standstill'] {
  const at = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const because = (reason: StandstillReason, untilMs: number | null = null) => ({
    reason,
    until: at(untilMs),
  });
  switch (facts.phase) {
    case 'training':
      return null;
    case 'failed':
    case 'unconfigured':
    case 'paused':
      return because(facts.phase);
    case 'awaiting-weights':
      return because('no-weights');
    case 'starting':
      return because('starting');
    case 'idle':
      if (facts.isFinished) return because('finished');
      if (facts.hold !== null) return because(facts.hold.reason, facts.hold.untilMs);
      return facts.loop === 'held' ? because('starting') : because('resting', facts.sleepsUntilMs);
  }
}
