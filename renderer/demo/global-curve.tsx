import type { DemoStatus } from '@genba/shared/local-api/demo-status';
import { Card } from '../ui/card.tsx';
import { Curve } from '../ui/curve.tsx';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { LINE_COLORS } from '../ui/theme.ts';

/** How the shared model got better while the demo ran. */
export function GlobalCurve({ curve }: Pick<DemoStatus, 'curve'>) {
  const { t, formats } = useLanguage();
  const formatTime = (seconds: number) => formats.duration(seconds * 1000);
  const first = curve[0];
  const last = curve.at(-1);
  const hasPoints = first !== undefined && last !== undefined;
  return (
    <Card title={t('demo.curve')} width="wide">
      <Curve
        lines={
          hasPoints
            ? [
                {
                  key: 'shared',
                  name: t('demo.curve.name'),
                  color: LINE_COLORS.own,
                  dash: undefined,
                  latest: formats.percent(last.accuracy),
                },
              ]
            : []
        }
        points={curve.map(({ seconds, accuracy }) => ({ x: seconds, shared: accuracy }))}
        values="shares"
        xLabel={t('demo.curve.axis')}
        formatX={formatTime}
        marks={[]}
        summary={
          hasPoints
            ? [
                t('demo.curve.summary', {
                  first: formats.percent(first.accuracy),
                  firstTime: formatTime(first.seconds),
                  last: formats.percent(last.accuracy),
                  lastTime: formatTime(last.seconds),
                  best: formats.percent(Math.max(...curve.map(({ accuracy }) => accuracy))),
                }),
              ]
            : []
        }
        emptyText={t('demo.curve.empty')}
      />
    </Card>
  );
}
