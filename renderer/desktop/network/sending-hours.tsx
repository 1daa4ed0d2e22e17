import type { NetworkStatus } from '@genba/shared/local-api/network';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';

interface SendingHoursProps {
  readonly client: AgentClient;
  readonly network: NetworkStatus;
  readonly nowMs: number;
}

/** From when on results are sent, and a button for who cannot wait. Nothing where they are sent at any time. */
export function SendingHours({ client, network: { state, until, syncNow }, nowMs }: SendingHoursProps) {
  const { t, formats } = useLanguage();
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  if (syncNow === 'running') return <p className="soft">{t('queue.syncNow.running')}</p>;
  const stalled = syncNow === 'stalled' ? <p className="soft">{t('queue.syncNow.stalled')}</p> : null;
  if (state !== 'outside-plan') return stalled;
  const ask = async () => {
    setIsAsking(true);
    setOutcome(null);
    setOutcome(await client.send('sync-now'));
    setIsAsking(false);
  };
  return (
    <>
      {until === null ? null : <p>{t('queue.from', { time: formats.moment(until, nowMs) })}</p>}
      {stalled}
      <Button size="sm" variant="default" disabled={isAsking} onClick={() => void ask()}>
        {t('queue.syncNow')}
      </Button>
      <CommandFailure outcome={outcome} />
    </>
  );
}
