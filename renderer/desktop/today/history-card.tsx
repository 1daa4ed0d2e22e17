import { Card } from '../../ui/card.tsx';
import { Curve } from '../../ui/curve.tsx';
import type { CurveLine } from '../../ui/curve-props.ts';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LINE_COLORS } from '../../ui/theme.ts';
import type { AgentClient } from '../agent-client.ts';
import { scoreValues, useModelWords } from '../model/model-words.ts';
import { useStatus } from '../use-status.ts';
import { type LineName, scoreCurve, summarise } from './score-curve.ts';

/** More arrivals than this would hatch the drawing. */
const MARKS_AT_MOST = 16;

const LOOKS = {
  own: { label: 'history.own', dash: undefined },
  check: { label: 'history.check', dash: '7 4' },
} as const satisfies Record<LineName, unknown>;

/** How well the model has done after each round, on the plant's own data and on the check set. */
export function HistoryCard({ client }: { readonly client: AgentClient }) {
  const history = useStatus(client, (status) => status.history);
  const { t, formats } = useLanguage();
  const { kind, points, names, arrivals } = scoreCurve(history);
  const words = useModelWords(kind);
  const lines: CurveLine[] = [];
  const sentences: string[] = [];
  for (const key of names) {
    const name = t(LOOKS[key].label);
    const summary = summarise(points, key);
    if (summary === null) continue;
    const { first, firstRound, last, lastRound, best } = summary;
    lines.push({
      key,
      name,
      color: LINE_COLORS[key],
      dash: LOOKS[key].dash,
      latest: words.score(last),
    });
    const [from, now, most] = [words.score(first), words.score(last), words.score(best)];
    sentences.push(t('history.summary', { name, first: from, firstRound, last: now, lastRound, best: most }));
  }
  const marks = arrivals.length <= MARKS_AT_MOST ? arrivals : [];
  return (
    <Card
      title={kind === null ? t('history.title') : t('history.title.of', { kind: words.scoreKind(kind) })}
      width="wide"
    >
      <Curve
        lines={lines}
        points={points}
        values={scoreValues(kind)}
        xLabel={t('history.round')}
        formatX={formats.count}
        marks={marks}
        summary={sentences}
        emptyText={t(kind === null ? 'history.empty' : 'history.unscored')}
        note={marks.length > 0 ? <p>{t('history.installed')}</p> : null}
      />
    </Card>
  );
}
