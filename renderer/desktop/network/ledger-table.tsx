import type { LedgerEntry } from '@genba/shared/local-api/ledger';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { useNow } from '../../ui/use-now.ts';

const CONTENTS = { update: 'ledger.update', 'start-weights': 'ledger.startWeights' } as const;
const OUTCOMES = {
  running: 'ledger.running',
  complete: 'ledger.complete',
  'broken-off': 'ledger.brokenOff',
  unknown: 'ledger.unknown',
} as const satisfies Record<LedgerEntry['outcome'], string>;

/** Each delivery in one row: when, what, how much, to whom, and how it ended. */
export function LedgerTable({ entries }: { readonly entries: readonly LedgerEntry[] }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={t('ledger.table')}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('ledger.column.time')}</th>
            <th scope="col">{t('ledger.column.content')}</th>
            <th scope="col" className="number">
              {t('ledger.column.size')}
            </th>
            <th scope="col">{t('ledger.column.peer')}</th>
            <th scope="col">{t('ledger.column.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.entryId}>
              <th scope="row">
                <time dateTime={entry.startedAt}>{formats.moment(entry.startedAt, nowMs)}</time>
              </th>
              <td>{t(CONTENTS[entry.content], roundsOf(entry))}</td>
              <td className="number">
                {entry.outcome === 'unknown'
                  ? t('ledger.range', {
                      least: formats.size(entry.sentBytes),
                      most: formats.size(entry.plannedBytes),
                    })
                  : formats.size(entry.sentBytes)}
              </td>
              <td className="break">{entry.peer}</td>
              <td>{t(OUTCOMES[entry.outcome])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function roundsOf({ rounds }: LedgerEntry): { readonly count: number } {
  return { count: rounds };
}
