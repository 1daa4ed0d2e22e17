import type { ModelReport, ModelSummary } from '@genba/shared/local-api/model';

/** A grey tile, as a thumbnail that an agent sends. */
export const TILE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEklEQVR4nGNoQAMMVBAAsv8A3kYgAb4n7GUAAAAASUVORK5CYII=';

const day = (number: number) => `2026-11-${String(number).padStart(2, '0')}T08:30:00.000Z`;

/** The gate's choice, while a newer model is held back. */
export function modelSummary(change: Partial<ModelSummary> = {}): ModelSummary {
  return {
    chosenBy: null,
    inUse: { model: 'together', globalVersion: 12, from: day(24), since: day(24), score: 0.956 },
    scoreKind: 'accuracy',
    isHoldingBack: true,
    ...change,
  };
}

/** What an agent says of its models after a few exchanges: of ten digits, 4 and 9 are mistaken for each other. */
export function modelReport(summary: ModelSummary | null = modelSummary()): ModelReport {
  const scores = [
    [0.81, 0.78, 0.84],
    [0.86, 0.88, 0.91],
    [0.88, null, 0.93],
    [0.9, 0.93, 0.956],
    [0.91, 0.94, 0.931],
  ] as const;
  const classes = Array.from({ length: 10 }, (_, digit) => ({ right: digit === 4 ? 44 : 49, total: 50 }));
  const judged = { isAvailable: true, loss: 0.2, classes, regression: null };
  return {
    summary,
    models: [
      {
        ...judged,
        model: 'own',
        globalVersion: 13,
        score: 0.91,
        mistakes: [{ actual: 4, judgedAs: 9, count: 6 }],
      },
      { ...judged, model: 'shared', globalVersion: 13, score: 0.94, mistakes: [], isAvailable: false },
      {
        ...judged,
        model: 'together',
        globalVersion: 13,
        score: 0.931,
        mistakes: [
          { actual: 4, judgedAs: 9, count: 5 },
          { actual: 7, judgedAs: 1, count: 2 },
        ],
      },
    ],
    comparisons: scores.map(([own, shared, together], place) => ({
      ...{ at: day(20 + place), round: 10 * (place + 1), globalVersion: 9 + place, scoreKind: 'accuracy' },
      ...{ examples: 500, own, shared, together, inUse: place === 0 ? null : scores[place - 1]![2] },
    })),
    decisions: [
      {
        ...{ at: day(25), by: null, kind: 'held-back', model: 'together', globalVersion: 13 },
        ...{ reason: 'worse', score: 0.931, inUseScore: 0.956 },
      },
      {
        ...{ at: day(24), by: '佐藤', kind: 'automatic', model: null, globalVersion: null },
        ...{ reason: 'person', score: null, inUseScore: null },
      },
      {
        ...{ at: day(20), by: null, kind: 'taken', model: 'together', globalVersion: 9 },
        ...{ reason: 'first', score: 0.84, inUseScore: null },
      },
    ],
  };
}

/** What an agent says that learns a number: how well it is met, which is worse than nothing at first. */
export function regressionReport(): ModelReport {
  const { summary, models, comparisons } = modelReport();
  const scoreKind = 'r-squared';
  const inUse = { ...summary!.inUse, score: 0.871 };
  const regression = { meanAbsoluteError: 0.42, rootMeanSquaredError: 0.63 };
  return {
    summary: { ...summary!, scoreKind, isHoldingBack: false, inUse },
    models: models.map((judged) => ({ ...judged, score: 0.871, classes: [], mistakes: [], regression })),
    comparisons: comparisons.slice(0, 3).map((each, place) => {
      const score = [-0.31, 0.64, 0.871][place]!;
      return { ...each, scoreKind, own: score - 0.05, shared: null, together: score, inUse: null };
    }),
    decisions: [],
  };
}
