import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { useSyncExternalStore } from 'react';
import { axisTicks } from './curve-axis.ts';
import type { CurveProps } from './curve-props.ts';
import { useLanguage } from './i18n/use-language.ts';

const MARK_COLOR = '#8d9a92';

/** The drawing of a curve; loaded after the rest of the window. */
export function LinePlot({ lines, points, values, marks, formatX }: CurveProps) {
  const { formats } = useLanguage();
  const scale = useSyncExternalStore(onResize, textScale);
  const tick = { fontSize: 12 * scale, fill: 'currentColor' };
  const ticks = axisTicks(points.flatMap((point) => lines.map((line) => point[line.key] ?? null)));
  return (
    <LineChart
      h="100%"
      mih="12rem"
      data={points.map((point) => ({ ...point }))}
      dataKey="x"
      series={lines.map(({ key, name, color, dash }) => ({
        name: key,
        label: name,
        color,
        ...(dash === undefined ? {} : { strokeDasharray: dash }),
      }))}
      curveType="monotone"
      strokeWidth={2.5 * scale}
      withDots={points.length === 1}
      gridAxis="x"
      gridColor="#e6ebe4"
      textColor="#535e57"
      strokeDasharray="0"
      tickLine="none"
      valueFormatter={values === 'shares' ? formats.percent : formats.decimal}
      referenceLines={marks.map((x) => ({ x, color: MARK_COLOR, strokeDasharray: '2 4' }))}
      lineProps={{ isAnimationActive: false }}
      lineChartProps={{
        accessibilityLayer: false,
        margin: { top: 8 * scale, right: 44 * scale, bottom: 0, left: 0 },
      }}
      tooltipProps={{ labelFormatter: (x) => formatX(Number(x)), isAnimationActive: false }}
      xAxisProps={{
        type: 'number',
        domain: ['dataMin', 'dataMax'],
        tickFormatter: formatX,
        allowDecimals: false,
        minTickGap: 24 * scale,
        height: 30 * scale,
        tick: { ...tick, transform: `translate(0, ${10 * scale})` },
      }}
      yAxisProps={{
        domain: [ticks[0]!, 1],
        ticks,
        tickFormatter: values === 'shares' ? formats.wholePercent : formats.decimal,
        width: 52 * scale,
        tick: { ...tick, transform: `translate(${-10 * scale}, 0)` },
      }}
    />
  );
}

/** The text grows with the window, and with the browser's zoom. */
function onResize(notify: () => void): () => void {
  window.addEventListener('resize', notify);
  return () => window.removeEventListener('resize', notify);
}

/** How much larger than usual the reader's text is; the drawing is in pixels and must grow with it. */
function textScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}
