import type { Finding } from './finding.ts';
import { type NormGroup, type Norms, WHOLE_MODEL } from './norms.ts';
import { placeIn } from './robust-score.ts';
import type { ScreeningSettings } from './settings.ts';

/** How far one update moved the model. */
export interface NormRecord {
  /** Local rounds behind it. */
  readonly rounds: number;
  readonly norms: Norms;
}

/** What was merged before. */
export interface NormHistory {
  /** The newest updates of this client. */
  readonly own: readonly NormRecord[];
  /** The newest updates of the task, this client's among them. */
  readonly task: readonly NormRecord[];
}

/** Most that more rounds excuse: a client says itself how many it trained. */
const MOST_ROUNDS_RATIO = 100;

/** How many times the task's usual norm is too much whatever the client's own history says: it might have crept there. */
const CREEPING_FACTOR = 20;

/**
 * Share of the start weights' norm that a layer may move in one round whatever the history says. The better a model gets,
 * the less each round moves it, so that after hundreds of rounds an ordinary one, such as the first after others
 * reported, is many times the usual, and still next to nothing of the model.
 */
const HARMLESS_RELATIVE_NORM = 0.1;

/** The same for any number of rounds: no training that was measured moved a layer by more than 1.02 of its weights. */
const MOST_HARMLESS_RELATIVE_NORM = 1.5;

/** Largest ‖δ‖ / ‖S‖ without any history; honest first updates of the demo stay below 0.2. */
const LARGEST_RELATIVE_NORM = 30;

/**
 * Whether an update moved the model far out of the ordinary: a plant with swapped units, a broken trainer, an attacker
 * that scales its update up. Only too large is judged; too small harms nobody.
 *
 * Judged for the whole model and for each layer, each by its robust z-score (see `placeIn`):
 * - a client with a history of its own: out of the ordinary in its own *and* in the task's. Its own alone would be
 *   strict with a plant that has always been quiet, the task's alone unfair to one with more data than the others.
 * - whoever it is: out of the ordinary in the task's, and more than {@link CREEPING_FACTOR} times its median.
 * - where the task has no history yet: more than {@link LARGEST_RELATIVE_NORM} times the norm of the start weights.
 *
 * What moved by no more than {@link harmlessShare} of its start weights' norm is never found. That is what a plant is judged
 * by that comes back when the others have converged: theirs is no measure for weights that have all of it before them,
 * and its own history may be short, or older than its outage.
 *
 * Rounds: n rounds squashed into one update move the model further than one. So each norm of the history counts as
 * ‖δ_i‖ √(n / n_i) where n > n_i (n random steps; capped at {@link MOST_ROUNDS_RATIO}), and as it is where n ≤ n_i:
 * a long outage must not make the next ordinary update look large.
 * Norms are judged as they are, not their logarithms. Honest ones of one plant spread over a factor of 30, because
 * the first round after others reported moves the model most. On that scale, robust deviations of the logarithm
 * tolerate a factor of several hundred, those of the norm about ten (figures: `node demo/screening.ts`).
 * @param startNormsOf gives the norms of the start weights S; called at most once, where the history speaks against the
 *   update
 * @returns the worst finding; null where nothing is wrong
 */
export function judgeNorms(
  update: NormRecord,
  history: NormHistory,
  { settings, startNormsOf }: { readonly settings: ScreeningSettings; readonly startNormsOf: () => Norms },
): Extract<Finding, { kind: 'history' }> | null {
  const { scoreLimit, minimumHistory } = settings;
  if (history.task.length < minimumHistory) return null;
  const hasOwn = history.own.length >= minimumHistory;
  let startNorms: Norms | null = null;
  let worst: Extract<Finding, { kind: 'history' }> | null = null;
  for (const [group, norm] of Object.entries(update.norms)) {
    const task = placeIn(comparable(history.task, group, update.rounds), norm);
    const ownScore = hasOwn ? placeIn(comparable(history.own, group, update.rounds), norm).score : null;
    const isOutOfOwn = ownScore !== null && ownScore > scoreLimit;
    const isFarOut = norm > CREEPING_FACTOR * task.usual;
    if (task.score <= scoreLimit || !(isOutOfOwn || isFarOut)) continue;
    if (worst !== null && task.score <= worst.taskScore) continue;
    startNorms ??= startNormsOf();
    if (norm <= harmlessShare(update.rounds) * startNorms[group]!) continue;
    worst = {
      kind: 'history',
      group,
      norm,
      usual: task.usual,
      ownScore,
      taskScore: task.score,
      limit: scoreLimit,
    };
  }
  return worst;
}

/**
 * Share of its start weights' norm that a layer may move in n rounds whatever the history says.
 *
 * Equation: min(0.1 √n, 1.5). Training from first weights moved a layer by 0.05 (1 round), 0.31 (12), 0.62 (61), 0.77
 * (200) and 0.99 (1500) of its norm on two hundred digits, and by 0.15 (1), 0.25 (5), 0.46 (20), 0.73 (60) and 1.02 (240)
 * on the demo's. With labels turned round the demo's are 0.19 (1 round), 0.24 (3) and 0.26 (5).
 * Range: n ≥ 1; claimed by the client, so it is bounded.
 */
export function harmlessShare(rounds: number): number {
  return Math.min(HARMLESS_RELATIVE_NORM * Math.sqrt(rounds), MOST_HARMLESS_RELATIVE_NORM);
}

/** Whether there is too little history for {@link judgeNorms}, so that {@link judgeFirst} has to do. */
export function lacksHistory({ task }: NormHistory, { minimumHistory }: ScreeningSettings): boolean {
  return task.length < minimumHistory;
}

/** The rule for a task without a history; see {@link judgeNorms}. */
export function judgeFirst(
  norms: Norms,
  startNorms: Norms,
  groups: readonly NormGroup[],
): Extract<Finding, { kind: 'absolute' }> | null {
  const judged = [WHOLE_MODEL, ...groups.filter(({ isTrained }) => isTrained).map(({ name }) => name)];
  for (const group of judged) {
    const [norm, startNorm] = [norms[group]!, startNorms[group]!];
    // A layer of zeros says nothing about what is large.
    if (startNorm > 0 && norm > LARGEST_RELATIVE_NORM * startNorm)
      return { kind: 'absolute', group, norm, startNorm, limit: LARGEST_RELATIVE_NORM };
  }
  return null;
}

/** A history's norms as they would be after so many rounds. */
function comparable(history: readonly NormRecord[], group: string, rounds: number): number[] {
  return history.map((record) => {
    const ratio = Math.min(Math.max(rounds / record.rounds, 1), MOST_ROUNDS_RATIO);
    return record.norms[group]! * Math.sqrt(ratio);
  });
}
