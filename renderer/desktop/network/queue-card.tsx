import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { SendingHours } from './sending-hours.tsx';

/** What waits to be sent, and what has arrived. */
export function QueueCard({ client }: { readonly client: AgentClient }) {
  const { t, formats, language } = useLanguage();
  const nowMs = useNow();
  const queue = useStatus(client, (status) => status.queue);
  const held = useStatus(client, (status) => status.held);
  const refused = useStatus(client, (status) => status.refused);
  const network = useStatus(client, (status) => status.network);
  const { roundsWaiting, roundsWaitingPeak, updatesDelivered, updatesRefused, lastSyncAt } = queue;
  return (
    <Card title={t('queue.title')} width="third">
      <div className="lead">
        <p className="lead__value">
          {formats.count(roundsWaiting)}
          <span className="lead__unit">{t('queue.unit', { count: roundsWaiting })}</span>
        </p>
        <p>{t('queue.waiting')}</p>
      </div>
      <SendingHours client={client} network={network} nowMs={nowMs} />
      <dl className="figures">
        <dt>{t('queue.delivered')}</dt>
        <dd>{t('queue.results', { count: updatesDelivered, formatted: formats.count(updatesDelivered) })}</dd>
        {updatesRefused > 0 ? (
          <>
            <dt data-tone="stopped">{t('queue.refused')}</dt>
            <dd data-tone="stopped">
              {t('queue.results', { count: updatesRefused, formatted: formats.count(updatesRefused) })}
            </dd>
          </>
        ) : null}
        <dt>{t('queue.peak')}</dt>
        <dd>
          {t('queue.rounds', { count: roundsWaitingPeak, formatted: formats.count(roundsWaitingPeak) })}
        </dd>
        <dt>{t('queue.lastSync')}</dt>
        <dd>
          {lastSyncAt === null ? (
            t('queue.never')
          ) : (
            <time dateTime={lastSyncAt} title={formats.moment(lastSyncAt, nowMs)}>
              {formats.ago(lastSyncAt, nowMs)}
            </time>
          )}
        </dd>
      </dl>
      {held === null ? null : (
        <p className="soft push-down">
          {t(held.reason === 'norm' ? 'queue.held.norm' : 'queue.held.checkSet', {
            time: formats.moment(held.since, nowMs),
          })}
        </p>
      )}
      {refused[0] === undefined ? null : (
        <p className="soft push-down">
          {t('queue.refused.note', { reason: ERROR_CATALOGUE[refused[0].code][language] })}
        </p>
      )}
    </Card>
  );
}
