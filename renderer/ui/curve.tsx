import { lazy } from 'react';
import type { CurveLine, CurveProps } from './curve-props.ts';
import { useLanguage } from './i18n/use-language.ts';
import { Later } from './later.tsx';

// The chart library is two thirds of the code; the rest of the window need not wait for it.
const LinePlot = lazy(async () => ({ default: (await import('./line-plot.tsx')).LinePlot }));

/** A curve with its legend, its words and its numbers; the drawing itself is hidden from screen readers. */
export function Curve(props: CurveProps) {
  const { lines, points, summary, emptyText, note } = props;
  if (points.length === 0) {
    return (
      <div className="curve">
        <p className="curve__plot curve__plot--empty">{emptyText}</p>
      </div>
    );
  }
  return (
    <figure className="curve">
      <ul className="curve__legend">
        {lines.map((line) => (
          <li key={line.key}>
            <DashSample line={line} />
            {line.name}
            <strong>{line.latest}</strong>
          </li>
        ))}
      </ul>
      <Later before={<div className="curve__plot" />}>
        <div className="curve__plot" aria-hidden="true">
          <LinePlot {...props} />
        </div>
      </Later>
      <figcaption className="curve__summary">
        {summary.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {note}
      </figcaption>
      <CurveTable {...props} />
    </figure>
  );
}

function DashSample({ line }: { readonly line: CurveLine }) {
  return (
    <svg className="curve__dash" viewBox="0 0 28 4" aria-hidden="true" focusable="false">
      <line x1="0" y1="2" x2="28" y2="2" stroke={line.color} strokeWidth="3" strokeDasharray={line.dash} />
    </svg>
  );
}

function CurveTable({ lines, points, values, xLabel, formatX }: CurveProps) {
  const { t, formats } = useLanguage();
  const write = values === 'shares' ? formats.percent : formats.decimal;
  return (
    <details className="disclosure">
      <summary>{t('curve.table')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={t('curve.table')}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{xLabel}</th>
              {lines.map((line) => (
                <th key={line.key} scope="col" className="number">
                  {line.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.x}>
                <th scope="row">{formatX(point.x)}</th>
                {lines.map((line) => (
                  <td key={line.key} className="number">
                    {formatShare(point[line.key], write, t('common.none'))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

/** A share as a percentage, or the sign for "no value". */
export function formatShare(
  share: number | null | undefined,
  percent: (share: number) => string,
  none: string,
): string {
  return share === null || share === undefined ? none : percent(share);
}
