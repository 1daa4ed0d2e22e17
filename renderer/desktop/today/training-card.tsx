import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { StandstillReason } from '@genba/shared/local-api/schedule';
import { Progress } from '@mantine/core';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';

/** Why nothing is being trained. */
const REASONS = {
  failed: 'standstill.failed',
  unconfigured: 'standstill.unconfigured',
  paused: 'standstill.paused',
  'no-weights': 'standstill.noWeights',
  'outside-plan': 'standstill.outsidePlan',
  'on-battery': 'standstill.onBattery',
  'pc-in-use': 'standstill.pcInUse',
  finished: 'standstill.finished',
  resting: 'standstill.resting',
  starting: 'standstill.starting',
} as const satisfies Record<StandstillReason, string>;

/** How far the round in progress is. */
export function TrainingCard({ client }: { readonly client: AgentClient }) {
  const { t, formats } = useLanguage();
  const round = useStatus(client, (status) => status.round);
  const standstill = useStatus(client, (status) => status.standstill);
  const queue = useStatus(client, (status) => status.queue);
  const base = useStatus(client, (status) => status.base);
  return (
    <Card title={t('training.title')} width="third">
      {round === null ? <Standstill standstill={standstill} /> : <RoundProgress round={round} />}
      <dl className="figures">
        <dt>{t('training.done')}</dt>
        <dd>{t('queue.rounds', { count: queue.roundsDone, formatted: formats.count(queue.roundsDone) })}</dd>
        <dt>{t('training.base')}</dt>
        <dd>
          {base === null
            ? t('training.base.none')
            : t('training.base.version', { version: formats.count(base.globalVersion) })}
        </dd>
      </dl>
    </Card>
  );
}

/** Why nothing is being trained, and when that goes on. */
function Standstill({ standstill }: Pick<AgentStatus, 'standstill'>) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  if (standstill === null) return <p>{t('training.none')}</p>;
  const { reason, until } = standstill;
  return (
    <>
      <p>{t(REASONS[reason])}</p>
      {until === null ? null : (
        <p className="soft">{t('standstill.until', { time: formats.moment(until, nowMs) })}</p>
      )}
    </>
  );
}

function RoundProgress({ round }: { readonly round: NonNullable<AgentStatus['round']> }) {
  const { t, formats } = useLanguage();
  const { number, epoch, epochs, batch, batches, remainingMs } = round;
  const share = batches > 0 ? Math.min(1, batch / batches) : 0;
  return (
    <>
      <div className="lead">
        <p className="lead__value">{formats.wholePercent(share)}</p>
        <p>{t('training.round', { number: formats.count(number) })}</p>
      </div>
      <Progress
        value={share * 100}
        size="lg"
        my="0.5rem"
        transitionDuration={200}
        aria-label={t('training.progress')}
      />
      <p className="soft">{t('training.epoch', { epoch, epochs })}</p>
      <p className="soft">
        {remainingMs === null
          ? t('training.remaining.unknown')
          : t('training.remaining', { time: formats.duration(remainingMs) })}
      </p>
    </>
  );
}
