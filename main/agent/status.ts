import type { AgentPhase, AgentStatus } from '@genba/shared/local-api/messages';
import type { StandstillReason } from '@genba/shared/local-api/schedule';
import { type AgentParts, currentProblem } from './agent-parts.ts';
import type { DatasetState } from './dataset/dataset-keeper.ts';
import type { PlantTraining } from './rounds/plant-training.ts';
import { remainingMs } from './rounds/remaining-time.ts';
import type { LoopState } from './rounds/round-loop.ts';
import type { TrainingHold } from './schedule/training-hold.ts';
import { readBase, readHistory } from './store/history.ts';
import { newestRefused } from './store/refused-updates.ts';
import { scheduleOf } from './store/settings.ts';

/** Points of the history that a window gets; older ones stay in the database. */
const HISTORY_POINTS = 200;

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

/** Everything a window shows of an agent. */
export function describeAgent(parts: AgentParts): AgentStatus {
  const { client, data, database, disk, models, options, outbox, sync, training } = parts;
  const settings = parts.settings.read();
  const { plantName, server, dataset, isPaused, roundLimit } = settings;
  const task = client.task();
  const base = readBase(database);
  const loop = training?.loop ?? null;
  const round = loop?.current ?? null;
  const datasetProblem = training?.datasetProblem ?? null;
  const problem = currentProblem(parts);
  const identity = parts.identity.status();
  const isServerKnown = identity !== null || server !== null;
  const phase = agentPhase({
    isConfigured: isServerKnown && dataset !== null,
    hasWeights: base !== null,
    hasFailed:
      (datasetProblem !== null && training?.dataset === null) ||
      // What may mend itself needs no person: the weights come then.
      (sync.problem?.isRetryable === false && base === null),
    isPaused,
    loop: loop?.state ?? null,
  });
  return {
    appVersion: options.appVersion,
    clientId: client.clientId,
    plantName,
    phase,
    standstill: standstillOf({
      phase,
      loop: loop?.state ?? null,
      hold: training?.hold ?? null,
      isFinished: roundLimit !== null && outbox.figures().roundsDone >= roundLimit,
      sleepsUntilMs: loop?.sleepsUntilMs ?? null,
    }),
    schedule: scheduleOf(settings),
    problem: problem === null ? null : { code: problem.code, detail: problem.detail ?? null },
    notice: sync.notice,
    network: sync.status(),
    security: isServerKnown ? (identity === null ? 'open-loopback' : 'enrolled') : null,
    identity,
    backend: methodStatus(training),
    task:
      task === null ? null : { id: task.id, name: task.name, input: task.input.kind, classes: task.classes },
    dataset: datasetStatus(training?.dataset ?? null),
    model: models.summary(),
    drift: training?.drift ?? null,
    reading: data.progress ?? training?.reading ?? null,
    round: round === null ? null : { ...round, remainingMs: remainingMs(round, Date.now()) },
    roundLimit,
    queue: outbox.figures(),
    held: outbox.held(),
    refused: newestRefused(database),
    disk: disk.status,
    base,
    history: readHistory(database, HISTORY_POINTS),
  };
}
