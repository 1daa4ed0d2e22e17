import {
  deciderName,
  type ModelReport,
  type ModelSummary,
  type PlantModel,
} from '@genba/shared/local-api/model';
import { Button, Radio, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { notifyDone } from '../../ui/notify.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandWish } from '../agent-requests.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useLabeller } from '../label/use-labeller.ts';
import { useIsConnected } from '../use-status.ts';
import { useModelWords } from './model-words.ts';

interface InUseCardProps {
  readonly client: AgentClient;
  readonly summary: ModelSummary;
  readonly models: ModelReport['models'];
}

/** Which model judges new parts, who decided that, and a way to decide otherwise. */
export function InUseCard({ client, summary, models }: InUseCardProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const words = useModelWords(summary.scoreKind);
  const [isChoosing, setIsChoosing] = useState(false);
  const { inUse, chosenBy, isHoldingBack } = summary;
  return (
    <Card title={t('model.inUse.title')} width="full">
      <div className="in-use">
        <p className="lead__value">{words.name(inUse.model)}</p>
        {summary.scoreKind === null ? null : (
          <p>
            {words.scoreKind(summary.scoreKind)} <strong>{words.score(inUse.score)}</strong>
          </p>
        )}
      </div>
      <p className="soft">{words.note(inUse.model)}</p>
      <p>
        {t('model.inUse.since', { time: formats.moment(inUse.since, nowMs), version: inUse.globalVersion })}{' '}
        {chosenBy === null ? t('model.inUse.byGate') : t('model.inUse.byPerson', { name: chosenBy })}
      </p>
      {isHoldingBack ? (
        <p className="inline-notice" data-tone="attention">
          <ToneIcon tone="attention" size="1.25rem" /> {t('model.inUse.holdingBack')}
        </p>
      ) : null}
      {isChoosing ? (
        <Choice client={client} summary={summary} models={models} onDone={() => setIsChoosing(false)} />
      ) : (
        <div>
          <Button variant="default" mt="xs" onClick={() => setIsChoosing(true)}>
            {t('model.choose')}
          </Button>
        </div>
      )}
    </Card>
  );
}

type Wanted = PlantModel | 'in-use' | 'automatic';

/** The decision that stands, as it can be made again; null where the model is none of the newest any more. */
function wayBack({ chosenBy, inUse }: ModelSummary, models: ModelReport['models']): Wanted | null {
  if (chosenBy === null) return 'automatic';
  const same = models.find(({ model }) => model === inUse.model);
  return same?.isAvailable && same.globalVersion === inUse.globalVersion ? inUse.model : null;
}

/** A person decides; the name stays with the decision, and the decision can be taken back. */
function Choice({ client, summary, models, onDone }: InUseCardProps & { readonly onDone: () => void }) {
  const { t } = useLanguage();
  const words = useModelWords(summary.scoreKind);
  const isConnected = useIsConnected(client);
  const [remembered, remember] = useLabeller();
  const [name, setName] = useState(remembered ?? '');
  const [isNameMissing, setIsNameMissing] = useState(false);
  const [wanted, setWanted] = useState<Wanted>(summary.chosenBy === null ? 'automatic' : 'in-use');
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const decide = async (wish: Wanted, by: string) => {
    const command: CommandWish =
      wish === 'automatic' ? { command: 'automatic-model', by } : { command: 'use-model', model: wish, by };
    const answer = await client.send(command);
    setOutcome(answer);
    return answer.kind === 'done';
  };
  const save = async () => {
    const by = deciderName.safeParse(name);
    setIsNameMissing(!by.success);
    if (!by.success) return;
    remember(by.data);
    if (!(await decide(wanted, by.data))) return;
    onDone();
    const before = wayBack(summary, models);
    void notifyDone({
      message: 'model.choose.done',
      ...(before === null
        ? {}
        : { undo: { label: 'model.choose.undo', run: () => void decide(before, by.data) } }),
    });
  };
  const choices = models.map(({ model, isAvailable, score }) => ({
    value: model,
    isDisabled: !isAvailable,
    label: t('model.choose.one', { name: words.name(model), score: words.score(score) }),
    description: isAvailable ? words.note(model) : t('model.choose.gone'),
  }));
  return (
    <form
      className="short-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Radio.Group
        label={t('model.choose.label')}
        value={wanted}
        onChange={(value) => setWanted(value as Wanted)}
      >
        <div className="choices">
          <Radio
            value="automatic"
            label={t('model.choose.automatic')}
            description={t('model.choose.automatic.note')}
          />
          <Radio value="in-use" label={t('model.choose.keep')} description={t('model.choose.keep.note')} />
          {choices.map(({ value, isDisabled, label, description }) => (
            <Radio key={value} value={value} label={label} description={description} disabled={isDisabled} />
          ))}
        </div>
      </Radio.Group>
      <TextInput
        label={t('model.choose.name')}
        description={t('model.choose.name.why')}
        autoComplete="name"
        maxLength={100}
        value={name}
        error={isNameMissing ? t('model.choose.name.missing') : null}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="actions">
        <Button type="submit" disabled={!isConnected}>
          {t('model.choose.save')}
        </Button>
        <Button variant="default" onClick={onDone}>
          {t('model.choose.cancel')}
        </Button>
      </div>
      <CommandFailure outcome={outcome} />
    </form>
  );
}
