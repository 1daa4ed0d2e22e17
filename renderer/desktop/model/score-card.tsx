import { type ModelReport, PLANT_MODELS, type PlantModel } from '@genba/shared/local-api/model';
import { Card } from '../../ui/card.tsx';
import { Curve } from '../../ui/curve.tsx';
import type { CurveLine } from '../../ui/curve-props.ts';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LINE_COLORS } from '../../ui/theme.ts';
import { useNow } from '../../ui/use-now.ts';
import { scoreValues, useModelWords } from './model-words.ts';

/** Told apart by dash as well as by colour. */
const LOOKS = {
  own: { color: LINE_COLORS.own, dash: undefined },
  shared: { color: LINE_COLORS.check, dash: '7 4' },
  together: { color: LINE_COLORS.third, dash: '2 3' },
} as const satisfies Record<PlantModel, unknown>;

/** Exchanges that lie closer together than this are told apart by seconds. */
const MOMENTARY_MS = 5 * 60_000;

function spanMs(comparisons: ModelReport['comparisons']): number {
  const at = comparisons.map((each) => Date.parse(each.at));
  return Math.max(...at) - Math.min(...at);
}

/** How good the three models were after each exchange, on the same examples of this plant. */
export function ScoreCard({ comparisons }: { readonly comparisons: ModelReport['comparisons'] }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const newest = comparisons.at(-1);
  const words = useModelWords(newest?.scoreKind ?? null);
  // Scores of different kinds are no curve.
  const alike = comparisons.filter(({ scoreKind }) => scoreKind === newest?.scoreKind);
  const lines = PLANT_MODELS.filter((model) => alike.some((each) => each[model] !== null)).map(
    (model): CurveLine => ({
      key: model,
      name: words.name(model),
      latest: words.score(newest![model]),
      ...LOOKS[model],
    }),
  );
  const isMomentary = spanMs(alike) < MOMENTARY_MS;
  const time = (at: string) => (isMomentary ? formats.clock(at) : formats.moment(at, nowMs));
  const points = alike.map(({ own, shared, together }, place) => ({ x: place + 1, own, shared, together }));
  const summary =
    newest === undefined
      ? []
      : [
          t('model.scores.summary', {
            kind: words.scoreKind(newest.scoreKind),
            count: newest.examples,
            formatted: formats.count(newest.examples),
          }),
        ];
  return (
    <Card title={t('model.scores.title')} width="full">
      <Curve
        lines={lines}
        points={points}
        values={scoreValues(newest?.scoreKind ?? null)}
        xLabel={t('model.scores.exchange')}
        formatX={(x) => (alike[x - 1] === undefined ? '' : time(alike[x - 1]!.at))}
        marks={[]}
        summary={summary}
        emptyText={t('model.scores.empty')}
      />
    </Card>
  );
}
