import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { ScoreKind } from '@genba/shared/local-api/model';
import type { CurvePoint } from '../../ui/curve-props.ts';

type History = AgentStatus['history'];
/** Measured on the plant's own held-out examples, or on the check set. */
export type LineName = 'own' | 'check';

export interface ScoreCurve {
  /** What all points mean; null before anything was measured. */
  readonly kind: ScoreKind | null;
  /** One point per round that was scored, oldest first. */
  readonly points: readonly CurvePoint[];
  /** Which of the two lines have any value. */
  readonly names: readonly LineName[];
  /** Rounds after which weights from the aggregator were installed. */
  readonly arrivals: readonly number[];
}

/** Sorts an agent's history into what the drawing needs. */
export function scoreCurve(history: History): ScoreCurve {
  const kind = history.findLast(({ scoreKind }) => scoreKind !== null)?.scoreKind ?? null;
  // By round: a round that is run again after a crash replaces its first point.
  const byRound = new Map<number, CurvePoint>();
  const arrivals = new Set<number>();
  for (const { event, round, scoreKind, ownScore, checkScore } of history) {
    if (event === 'installed') arrivals.add(round);
    // Scores of different kinds are no curve.
    else if (scoreKind === kind && (ownScore !== null || checkScore !== null)) {
      byRound.set(round, { x: round, own: ownScore, check: checkScore });
    }
  }
  const points = [...byRound.values()].sort((left, right) => left.x - right.x);
  const names = (['own', 'check'] as const).filter((name) => points.some((point) => point[name] !== null));
  const [first] = points;
  // Arrivals before the first point, such as the very first weights, have no place on the axis.
  const drawable = [...arrivals].filter((round) => first !== undefined && round > first.x);
  return { kind, points, names, arrivals: drawable };
}

export interface LineSummary {
  readonly first: number;
  readonly firstRound: number;
  readonly last: number;
  readonly lastRound: number;
  readonly best: number;
}

/** A line in five numbers; null when it has no value. */
export function summarise(points: readonly CurvePoint[], name: LineName): LineSummary | null {
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
