import { toAppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { readInvitation } from '@genba/shared/identity/invitation';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { HandedInvitation } from '@genba/shared/local-api/window';
import { Button, Modal } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { notifyDone } from '../../ui/notify.tsx';
import { LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { caseOf, type HandedCase } from './handed-case.ts';
import { useHandedInvitation } from './use-handed-invitation.ts';

/** An invitation as it was when it came: what it means must not change under the eyes of who reads it. */
interface Offer {
  readonly found: HandedCase;
  /** What the agent's `enrol` takes; null where nothing can be done with it. */
  readonly text: string | null;
}

function offerOf(handed: HandedInvitation, status: AgentStatus): Offer {
  if (handed.state === 'refused') return { found: { kind: 'refused', problem: handed.problem }, text: null };
  try {
    return { found: caseOf(readInvitation(handed.text, new Date()), status), text: handed.text };
  } catch (thrown) {
    return { found: { kind: 'refused', problem: toAppError(thrown).code }, text: null };
  }
}

/** Says what a link or file means that was opened while this PC takes part already, and asks before anything changes. */
export function HandedDialog({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const [offer, setOffer] = useState<Offer | null>(null);
  const take = useCallback(
    (handed: HandedInvitation) => {
      const { status } = client.view();
      if (status !== null) setOffer(offerOf(handed, status));
    },
    [client],
  );
  useHandedInvitation(true, take);
  const close = () => setOffer(null);
  if (offer === null) return null;
  return (
    // Put together by hand: the heading that Mantine makes by itself is a second banner to screen readers.
    <Modal.Root opened centered size="lg" onClose={close} closeOnClickOutside={false}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body className="dialog">
          <Modal.Title>{t('handed.title')}</Modal.Title>
          {/* Another invitation that comes meanwhile begins anew. */}
          <Offered key={offer.text} client={client} offer={offer} onClose={close} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

interface OfferedProps {
  readonly client: AgentClient;
  readonly offer: Offer;
  readonly onClose: () => void;
}

function Offered({ client, offer: { found, text }, onClose }: OfferedProps) {
  const { t } = useLanguage();
  const [isAsking, setIsAsking] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const enrol = async (invitation: string) => {
    setIsAsking(true);
    setOutcome(null);
    const answer = await client.send({ command: 'enrol', invitation });
    setIsAsking(false);
    setOutcome(answer);
    if (answer.kind !== 'done') return;
    onClose();
    await notifyDone({ message: 'handed.done' });
  };
  const isChange = found.kind === 'replace' || found.kind === 'renew';
  return (
    <div className="form">
      <Meaning found={found} />
      {isAsking ? <LoadingState text={t('join.asking')} /> : null}
      <CommandFailure outcome={outcome} />
      <div className="actions">
        {isChange && text !== null ? (
          <Button disabled={isAsking} onClick={() => void enrol(text)}>
            {found.kind === 'renew' ? t('handed.renew.confirm') : t('handed.replace.confirm')}
          </Button>
        ) : null}
        {/* Enter alone must change nothing. */}
        <Button variant="default" disabled={isAsking} data-autofocus onClick={onClose}>
          {isChange ? t('handed.keep') : t('handed.close')}
        </Button>
      </div>
    </div>
  );
}

function Meaning({ found }: { readonly found: HandedCase }) {
  const { t, language } = useLanguage();
  switch (found.kind) {
    case 'refused':
      return <p>{ERROR_CATALOGUE[found.problem][language]}</p>;
    case 'same':
      return (
        <p>
          {found.otherName === null
            ? t('handed.same', { plant: found.plantName })
            : t('handed.sameOther', { plant: found.plantName, other: found.otherName })}
        </p>
      );
    case 'renew':
      return <p>{t('handed.renew')}</p>;
    case 'other-task':
      return <p>{t('handed.otherTask', { here: found.task.name[language], there: found.otherTaskId })}</p>;
    case 'replace':
      return <Replacement {...found} />;
  }
}

function Replacement({ from, to, roundsWaiting }: Extract<HandedCase, { kind: 'replace' }>) {
  const { t } = useLanguage();
  return (
    <>
      <p>{t('handed.replace')}</p>
      <dl className="facts">
        <dt>{t('handed.replace.from')}</dt>
        <dd>{from ?? t('common.none')}</dd>
        <dt>{t('handed.replace.to')}</dt>
        <dd>{to}</dd>
      </dl>
      <p>
        {roundsWaiting > 0 ? t('handed.replace.waiting', { count: roundsWaiting }) : t('handed.replace.kept')}
      </p>
      <p>{t('handed.replace.careful')}</p>
    </>
  );
}
