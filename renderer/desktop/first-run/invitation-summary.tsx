import type { Invitation } from '@genba/shared/identity/invitation';
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';

interface InvitationSummaryProps {
  readonly client: AgentClient;
  /** The invitation as the agent takes it. */
  readonly text: string;
  readonly invitation: Invitation;
  readonly onBack: () => void;
  readonly onJoined: () => void;
}

/** Who invites to what: nothing is sent anywhere before a person has seen it and said yes. */
export function InvitationSummary({ client, text, invitation, onBack, onJoined }: InvitationSummaryProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const [isAsking, setIsAsking] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const join = async () => {
    setIsAsking(true);
    setOutcome(null);
    const answer = await client.send({ command: 'enrol', invitation: text });
    setIsAsking(false);
    setOutcome(answer);
    if (answer.kind === 'done') onJoined();
  };
  const { plantName, taskId, servers, expiresAt } = invitation;
  return (
    <div className="form">
      <p>{t('join.summary')}</p>
      <dl className="facts">
        <dt>{t('join.plant')}</dt>
        <dd>{plantName}</dd>
        <dt>{t('join.task')}</dt>
        <dd>{taskId}</dd>
        <dt>{t('join.servers')}</dt>
        <dd>{servers.join(', ')}</dd>
        <dt>{t('join.expires')}</dt>
        <dd>{formats.moment(expiresAt, nowMs)}</dd>
      </dl>
      {isAsking ? <LoadingState text={t('join.asking')} /> : null}
      <div className="actions">
        <Button ref={first} disabled={isAsking} onClick={() => void join()}>
          {t('join.confirm')}
        </Button>
        <Button variant="default" disabled={isAsking} onClick={onBack}>
          {t('join.back')}
        </Button>
      </div>
      <CommandFailure outcome={outcome} />
    </div>
  );
}
