import '@mantine/dropzone/styles.css';
import { Button, Stepper } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { notifyDone } from '../../ui/notify.tsx';
import { DataChoice } from '../data-choice/data-choice.tsx';
import type { ScreenProps } from '../screen-props.ts';
import { useStatus } from '../use-status.ts';
import { JoinStep } from './join-step.tsx';

/** Setting a PC up: join with the invitation, then show where the data are. The first round begins by itself. */
export function FirstRun({ client }: ScreenProps) {
  const { t } = useLanguage();
  const isJoined = useStatus(client, (status) => status.security !== null);
  const plantName = useStatus(client, (status) => status.plantName);
  const [wantsOther, setWantsOther] = useState(false);
  const step = isJoined && !wantsOther ? 1 : 0;
  return (
    <Card title={t('first.title')} width="full">
      <Stepper active={step} allowNextStepsSelect={false} size="sm" className="steps">
        <Stepper.Step label={t('first.join')} description={t('first.join.hint')} allowStepSelect={false} />
        <Stepper.Step label={t('first.data')} description={t('first.data.hint')} allowStepSelect={false} />
      </Stepper>
      {step === 0 ? (
        <JoinStep client={client} onJoined={() => setWantsOther(false)} />
      ) : (
        <>
          <p>{t('first.joined', { plant: plantName })}</p>
          <DataChoice
            client={client}
            confirmLabel={t('first.begin')}
            onChosen={() => {
              window.scrollTo(0, 0);
              void notifyDone({ message: 'first.done' });
            }}
          />
          <Button variant="subtle" className="start" onClick={() => setWantsOther(true)}>
            {t('first.otherInvitation')}
          </Button>
        </>
      )}
      {isJoined && wantsOther ? (
        <Button variant="subtle" className="start" onClick={() => setWantsOther(false)}>
          {t('first.keepInvitation')}
        </Button>
      ) : null}
    </Card>
  );
}
