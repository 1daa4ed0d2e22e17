import type { Outcome } from '@genba/shared/local-api/outcome';
import type { WatchStatus } from '@genba/shared/local-api/watches';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { useNow } from '../../../ui/use-now.ts';
import { toneOf } from '../large-result.tsx';
import { OutcomeShape } from '../outcome-shape.tsx';

const NAMES = {
  ok: 'watch.counts.ok',
  ng: 'watch.counts.ng',
  named: 'watch.counts.named',
  unjudged: 'watch.counts.unjudged',
} as const satisfies Record<Outcome, string>;

const OUTCOMES = Object.keys(NAMES) as Outcome[];

/** How many were judged, of what, and since when. */
export function WatchCounts({ watch: { counts, since } }: { readonly watch: WatchStatus }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const isTold = counts.ok + counts.ng > 0;
  const shown = OUTCOMES.filter((outcome) => {
    return counts[outcome] > 0 || (isTold && (outcome === 'ok' || outcome === 'ng'));
  });
  return (
    <section className="watch__counts" aria-label={t('watch.counts')}>
      <dl>
        {shown.map((outcome) => (
          <div key={outcome} data-tone={toneOf(outcome)}>
            <dt>
              <OutcomeShape outcome={outcome} /> {t(NAMES[outcome])}
            </dt>
            <dd>{formats.count(counts[outcome])}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">{t('watch.counts.since', { time: formats.moment(since, nowMs) })}</p>
    </section>
  );
}
