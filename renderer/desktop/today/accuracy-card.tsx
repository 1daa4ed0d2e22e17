import { Card } from '../../ui/card.tsx';
import { Curve } from '../../ui/curve.tsx';
import type { CurveLine } from '../../ui/curve-props.ts';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LINE_COLORS } from '../../ui/theme.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { type AccuracyName, accuracyCurve, summarise } from './accuracy-curve.ts';

/** More arrivals than this would hatch the drawing. */
const MARKS_AT_MOST = 16;

const LOOKS = {
  own: { label: 'accuracy.own', dash: undefined },
  check: { label: 'accuracy.check', dash: '7 4' },
} as const satisfies Record<AccuracyName, unknown>;

/** How well the model has done after each round, on the plant's own data and on the check set. */
export function AccuracyCard({ client }: { readonly client: AgentClient }) {
  const history = useStatus(client, (status) => status.history);
  const { t, formats } = useLanguage();
  const { points, names, arrivals } = accuracyCurve(history);
  const lines: CurveLine[] = [];
  const sentences: string[] = [];
  for (const key of names) {
    const name = t(LOOKS[key].label);
    const summary = summarise(points, key);
    if (summary === null) continue;
    lines.push({
      key,
      name,
      color: LINE_COLORS[key],
      dash: LOOKS[key].dash,
      latest: formats.percent(summary.last),
    });
    sentences.push(
      t('accuracy.summary', {
        name,
        first: formats.percent(summary.first),
        firstRound: summary.firstRound,
        last: formats.percent(summary.last),
        lastRound: summary.lastRound,
        best: formats.percent(summary.best),
      }),
    );
  }
  const marks = arrivals.length <= MARKS_AT_MOST ? arrivals : [];
  return (
    <Card title={t('accuracy.title')} width="wide">
      <Curve
        lines={lines}
        points={points}
        xLabel={t('accuracy.round')}
        formatX={formats.count}
        marks={marks}
        summary={sentences}
        emptyText={t('accuracy.empty')}
        note={marks.length > 0 ? <p>{t('accuracy.installed')}</p> : null}
      />
    </Card>
  );
}
