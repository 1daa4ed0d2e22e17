import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { EmptyState, ErrorState, LoadingState } from '../../ui/screen-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { dayOf, laterDay } from './ledger-days.ts';
import { LedgerTable } from './ledger-table.tsx';
import { useLedger } from './use-ledger.ts';

/** The ledger: what left this PC, day by day. */
export function LedgerCard({ client }: { readonly client: AgentClient }) {
  const { t, language, formats } = useLanguage();
  const nowMs = useNow();
  const today = dayOf(nowMs);
  const [day, setDay] = useState(today);
  const delivered = useStatus(client, (status) => status.queue.updatesDelivered);
  const { read, failure, readMore, retry } = useLedger(client, day, delivered);
  const reason =
    failure === null
      ? null
      : failure.kind === 'refused'
        ? ERROR_CATALOGUE[failure.code][language]
        : t('ledger.unanswered');
  return (
    <Card title={t('ledger.title')} width="full">
      <div className="form">
        <p className="soft">{t('ledger.note')}</p>
        <div className="actions actions--end">
          <Button variant="default" onClick={() => setDay(laterDay(day, -1))}>
            {t('ledger.before')}
          </Button>
          <TextInput
            type="date"
            label={t('ledger.day')}
            max={today}
            value={day}
            onChange={({ currentTarget }) => {
              if (currentTarget.value !== '') setDay(currentTarget.value);
            }}
          />
          <Button variant="default" disabled={day >= today} onClick={() => setDay(laterDay(day, 1))}>
            {t('ledger.after')}
          </Button>
        </div>
        {reason === null ? null : <ErrorState text={reason} onRetry={retry} />}
        {read === null && failure === null ? <LoadingState text={t('ledger.loading')} /> : null}
        {read !== null && read.entries.length === 0 ? <EmptyState text={t('ledger.empty')} /> : null}
        {read !== null && read.entries.length > 0 ? <LedgerTable entries={read.entries} /> : null}
        {read?.hasMore === true ? (
          <Button variant="default" onClick={readMore}>
            {t('ledger.more')}
          </Button>
        ) : null}
        {read === null || read.keptSince === null ? null : (
          <p className="soft">{t('ledger.keptSince', { time: formats.moment(read.keptSince, nowMs) })}</p>
        )}
      </div>
    </Card>
  );
}
