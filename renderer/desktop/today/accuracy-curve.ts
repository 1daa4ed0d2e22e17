import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { CurvePoint } from '../../ui/curve-props.ts';

type History = AgentStatus['history'];
/** Measured on the plant's own held-out examples, or on the check set. */
export type AccuracyName = 'own' | 'check';

export interface AccuracyCurve {
  /** One point per round that was measured, oldest first. */
  readonly points: readonly CurvePoint[];
  /** Which of the two lines have any value. */
  readonly names: readonly AccuracyName[];
  /** Rounds after which weights from the aggregator were installed. */
  readonly arrivals: readonly number[];
}

/** Sorts an agent's history into what the drawing needs. */
export function accuracyCurve(history: History): AccuracyCurve {
  // By round: a round that is run again after a crash replaces its first point.
  const byRound = new Map<number, CurvePoint>();
  const arrivals = new Set<number>();
  for (const { event, round, ownAccuracy, checkAccuracy } of history) {
    if (event === 'installed') arrivals.add(round);
    else if (ownAccuracy !== null || checkAccuracy !== null) {
      byRound.set(round, { x: round, own: ownAccuracy, check: checkAccuracy });
    }
  }
  const points = [...byRound.values()].sort((left, right) => left.x - right.x);
  const names = (['own', 'check'] as const).filter((name) => points.some((point) => point[name] !== null));
  const [first] = points;
  // Arrivals before the first point, such as the very first weights, have no place on the axis.
  const drawable = [...arrivals].filter((round) => first !== undefined && round > first.x);
  return { points, names, arrivals: drawable };
}

export interface AccuracySummary {
  readonly first: number;
  readonly firstRound: number;
  readonly last: number;
  readonly lastRound: number;
  readonly best: number;
}

/** A line in five numbers; null when it has no value. */
export function summarise(points: readonly CurvePoint[], name: AccuracyName): AccuracySummary | null {
  const known = points.flatMap((point) => {
    const value = point[name];
    return value === null || value === undefined ? [] : [{ round: point.x, value }];
  });
  const first = known[0];
  const last = known.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    first: first.value,
    firstRound: first.round,
    last: last.value,
    lastRound: last.round,
    best: Math.max(...known.map(({ value }) => value)),
  };
}
