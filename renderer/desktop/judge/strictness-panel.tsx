import type { Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import { rejectionSentences } from '@genba/shared/local-api/rejection-sentences';
import { Button, Checkbox, Slider, Switch } from '@mantine/core';
import { useId, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { notifyDone } from '../../ui/notify.tsx';
import { LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useAnswer } from '../use-answer.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { inRound, REJECTED_SHARES, stepOf, USUAL_STEP } from './strictness.ts';

/** More classes than that are not asked about one by one. */
const MAX_CLASSES = 40;

/** How strictly parts are judged: opened by who wants to change it, in words about a hundred parts. */
export function StrictnessPanel({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="disclosure" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t('strict.title')}</summary>
      {isOpen ? <Strictness client={client} /> : null}
    </details>
  );
}

function Strictness({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  // Another model tells parts apart otherwise.
  const model = useStatus(client, (status) => status.model);
  const { answer, failure, ask } = useAnswer(client, { query: 'rejection', wish: null }, model);
  if (failure !== null && answer === null) return <CommandFailure outcome={failure} />;
  if (answer === null) return <LoadingState text={t('strict.measuring')} />;
  const { rejection } = answer;
  return (
    <StrictnessForm key={JSON.stringify(rejection.wish)} client={client} rejection={rejection} onSet={ask} />
  );
}

interface StrictnessFormProps {
  readonly client: AgentClient;
  /** As it is set. */
  readonly rejection: Rejection;
  readonly onSet: () => void;
}

function StrictnessForm({ client, rejection, onSet }: StrictnessFormProps) {
  const { t, language } = useLanguage();
  const isConnected = useIsConnected(client);
  const [wish, setWish] = useState(rejection.wish);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const isSame = JSON.stringify(wish) === JSON.stringify(rejection.wish);
  const tried = useAnswer(client, { query: 'rejection', wish: isSame ? null : wish }, null);
  const shown = isSame ? rejection : (tried.answer?.rejection ?? null);
  const isTried = shown !== null && JSON.stringify(shown.wish) === JSON.stringify(wish);
  if (rejection.reason === 'tells-number') return <p>{rejectionSentences(rejection, language).join(' ')}</p>;
  const set = async (next: RejectionWish) => {
    const answer = await client.send({ command: 'set-rejection', wish: next });
    setOutcome(answer);
    if (answer.kind === 'done') onSet();
    return answer.kind === 'done';
  };
  const save = async () => {
    const before = rejection.wish;
    if (!(await set(wish))) return;
    const undo = { label: 'strict.undo' as const, run: () => void set(before) };
    void notifyDone({ message: 'strict.done', undo });
  };
  return (
    <form
      className="strictness"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <GoodClasses rejection={shown ?? rejection} wish={wish} onWish={setWish} />
      <RejectedShare wish={wish} onWish={setWish} />
      <div role="status">
        {isTried ? (
          rejectionSentences(shown, language).map((sentence) => <p key={sentence}>{sentence}</p>)
        ) : (
          <p className="soft">{t('strict.measuring')}</p>
        )}
      </div>
      <Button type="submit" disabled={!isConnected || isSame}>
        {t('strict.save')}
      </Button>
      <CommandFailure outcome={outcome ?? tried.failure} />
    </form>
  );
}

interface PartProps {
  readonly wish: RejectionWish;
  readonly onWish: (wish: RejectionWish) => void;
}

/** Which classes are good, where their names do not tell or tell it wrongly. */
function GoodClasses({ rejection, wish, onWish }: PartProps & { readonly rejection: Rejection }) {
  const { t } = useLanguage();
  const { classes, goodClasses } = rejection;
  if (classes.length > MAX_CLASSES) return null;
  return (
    <Checkbox.Group
      label={t('strict.good')}
      description={wish.goodClasses === null ? t('strict.good.byName') : null}
      value={[...(wish.goodClasses ?? goodClasses ?? [])]}
      onChange={(chosen) => onWish({ ...wish, goodClasses: chosen.length === 0 ? null : chosen })}
    >
      <div className="strictness__classes">
        {classes.map((name) => (
          <Checkbox key={name} value={name} label={name} />
        ))}
      </div>
    </Checkbox.Group>
  );
}

/** How many good parts may be rejected, so that fewer bad ones get through. */
function RejectedShare({ wish, onWish }: PartProps) {
  const { t } = useLanguage();
  const labelId = useId();
  const [step, setStep] = useState(wish.rejectGood === null ? USUAL_STEP : stepOf(wish.rejectGood));
  const say = (place: number) => t('strict.may', inRound(REJECTED_SHARES[place]!));
  return (
    <>
      <Switch
        label={t('strict.isSet')}
        description={t('strict.isSet.note')}
        checked={wish.rejectGood !== null}
        onChange={({ currentTarget: { checked } }) =>
          onWish({ ...wish, rejectGood: checked ? REJECTED_SHARES[step]! : null })
        }
      />
      {wish.rejectGood === null ? null : (
        <div>
          <p id={labelId}>{say(step)}</p>
          <Slider
            className="strictness__slider"
            min={0}
            max={REJECTED_SHARES.length - 1}
            step={1}
            label={null}
            value={step}
            thumbLabel={t('strict.slider')}
            thumbProps={{ 'aria-valuetext': say(step) }}
            onChange={setStep}
            onChangeEnd={(place) => onWish({ ...wish, rejectGood: REJECTED_SHARES[place]! })}
          />
          <p className="strictness__ends soft">
            <span>{t('strict.mild')}</span>
            <span>{t('strict.strict')}</span>
          </p>
        </div>
      )}
    </>
  );
}
