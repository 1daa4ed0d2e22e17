import type { DriftFinding } from '@genba/shared/local-api/drift';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import { type FeatureSample, independentShare } from './feature-sample.ts';
import { PICTURE_ASPECTS } from './features.ts';
import { chance, distance } from './kolmogorov-smirnov.ts';

/** Fewer newer examples than this say nothing. */
export const MIN_EXAMPLES = 30;
/** Probability of a false alarm in one look, over all features together (Bonferroni). */
const FALSE_ALARM = 0.0001;
/** Smaller distances do no harm, however certain they are in a large sample. */
const LEAST_DISTANCE = 0.2;
/** Shares of a class must differ by this much, or by this factor. */
const LEAST_SHARE_CHANGE = 0.15;
const LEAST_SHARE_FACTOR = 3;
/** Medians this many interquartile ranges apart are another level; spreads by this factor another spread. */
const LEVEL_CHANGE = 0.25;
const SPREAD_CHANGE = 1.5;
const MAX_FINDINGS = 8;

/**
 * In which ways newer examples are unlike those before: a two-sample Kolmogorov-Smirnov test for each feature, as
 * Rabanser, Günnemann and Lipton recommend it ("Failing Loudly", NeurIPS 2019, arXiv 1810.11953), with sizes that heed how
 * much each example resembles the one before, and a test of proportions for each class. A finding must be both certain
 * and large.
 * @returns the most telling first; empty where nothing is unlike, or too little is known
 */
export function compareSamples(before: FeatureSample, now: FeatureSample, task: Task): DriftFinding[] {
  if (now.count < MIN_EXAMPLES || before.count < MIN_EXAMPLES) return [];
  const names = task.input.kind === 'image' ? PICTURE_ASPECTS : task.input.columns;
  const classes = objectiveOf(task).kind === 'regression' ? [] : task.classes;
  const level = FALSE_ALARM / (names.length + classes.length);
  const found: { finding: DriftFinding; size: number }[] = [];
  for (const [feature, name] of names.entries()) {
    const [one, other] = [before, now].map(({ rows }) => Float64Array.from(rows, (row) => row[feature]!));
    const largest = distance(one!, other!);
    // Of those before only: where the newer ones have changed midway, each would seem to resemble the one before.
    const share = independentShare(before, feature);
    const sizes = [before, now].map(({ count, rows }) => Math.max(1, Math.min(rows.length, count * share)));
    if (largest < LEAST_DISTANCE || chance(largest, sizes as [number, number]) >= level) continue;
    const change = changeOf(one!.toSorted(), other!.toSorted());
    const finding: DriftFinding =
      task.input.kind === 'image'
        ? { kind: 'picture', aspect: PICTURE_ASPECTS[feature]!, change, distance: largest }
        : { kind: 'column', column: name, change, distance: largest };
    found.push({ finding, size: largest });
  }
  for (const [label, className] of classes.entries()) {
    const finding = compareShares(before, now, { label, className, level });
    if (finding !== null) found.push({ finding, size: Math.abs(finding.now - finding.before) });
  }
  return found
    .sort((one, other) => other.size - one.size)
    .slice(0, MAX_FINDINGS)
    .map(({ finding }) => finding);
}

/**
 * Equation: chance ≤ 2 exp(−n₁ KL(p₁‖p) − n₂ KL(p₂‖p)), p the share over both, KL(q‖p) = q ln(q/p) + (1−q) ln((1−q)/(1−p))
 * (H. Chernoff, Ann. Math. Stat. 23, 1952): a bound, so it also holds for rare classes in small samples.
 * The guard: a class of none, or of all, is no change.
 */
function compareShares(
  before: FeatureSample,
  now: FeatureSample,
  { label, className, level }: { label: number; className: string; level: number },
): Extract<DriftFinding, { kind: 'class' }> | null {
  const [one, other] = [before.classes[label]! / before.count, now.classes[label]! / now.count];
  const pooled = (before.classes[label]! + now.classes[label]!) / (before.count + now.count);
  if (pooled === 0 || pooled === 1) return null;
  const information = before.count * divergence(one, pooled) + now.count * divergence(other, pooled);
  const isCertain = 2 * Math.exp(-information) < level;
  const factor = Math.max(one, other) / Math.max(Math.min(one, other), 1 / before.count);
  const isLarge = Math.abs(one - other) >= LEAST_SHARE_CHANGE || factor >= LEAST_SHARE_FACTOR;
  return isCertain && isLarge ? { kind: 'class', className, before: one, now: other } : null;
}

/** KL(q‖p) of two shares; 0 ln 0 = 0. */
function divergence(share: number, other: number): number {
  const term = (a: number, b: number) => (a === 0 ? 0 : a * Math.log(a / b));
  return term(share, other) + term(1 - share, 1 - other);
}

/** What changed most, from quantiles of both samples in order. */
function changeOf(
  before: Float64Array,
  now: Float64Array,
): 'higher' | 'lower' | 'wider' | 'narrower' | 'different' {
  const at = (values: Float64Array, share: number) => values[Math.floor(share * (values.length - 1))]!;
  const spread = (values: Float64Array) => at(values, 0.75) - at(values, 0.25);
  const moved = at(now, 0.5) - at(before, 0.5);
  if (Math.abs(moved) > LEVEL_CHANGE * spread(before)) return moved > 0 ? 'higher' : 'lower';
  const [old, fresh] = [spread(before), spread(now)];
  if (fresh > SPREAD_CHANGE * old) return 'wider';
  return old > SPREAD_CHANGE * fresh ? 'narrower' : 'different';
}
