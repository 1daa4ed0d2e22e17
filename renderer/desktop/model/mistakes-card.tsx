import type { JudgedModel, MistakenPictures, ModelReport, PlantModel } from '@genba/shared/local-api/model';
import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import type { AnswerTo } from '../agent-requests.ts';
import type { QueryOutcome } from '../agent-view.ts';
import { useModelWords } from './model-words.ts';

interface MistakesCardProps {
  readonly client: AgentClient;
  readonly models: ModelReport['models'];
  /** Shown first. */
  readonly inUse: PlantModel;
  readonly classes: readonly string[];
}

/** What each model takes for something else, with pictures. */
export function MistakesCard({ client, models, inUse, classes }: MistakesCardProps) {
  const { t } = useLanguage();
  const words = useModelWords(null);
  const [chosen, setChosen] = useState<PlantModel>(inUse);
  const shown = models.find(({ model }) => model === chosen) ?? models.at(-1);
  if (shown === undefined) return null;
  return (
    <Card
      title={t(shown.regression === null ? 'model.mistakes.title' : 'model.mistakes.title.number')}
      width="full"
    >
      <SegmentedControl
        aria-label={t('model.mistakes.of')}
        value={shown.model}
        onChange={(value) => setChosen(value)}
        data={models.map(({ model }) => ({ value: model, label: words.name(model) }))}
      />
      <p className="soft">{words.note(shown.model)}</p>
      <ClassScores model={shown} classes={classes} />
      {shown.regression === null ? null : <Errors {...shown.regression} />}
      {shown.mistakes.length === 0 ? (
        shown.regression === null && <p>{t('model.mistakes.none')}</p>
      ) : (
        <ul className="mistakes">
          {shown.mistakes.map((mistake) => (
            <Mistake
              key={`${shown.model} ${shown.globalVersion} ${mistake.actual} ${mistake.judgedAs}`}
              client={client}
              model={shown.model}
              mistake={mistake}
              classes={classes}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function ClassScores({
  model,
  classes,
}: {
  readonly model: JudgedModel;
  readonly classes: readonly string[];
}) {
  const { t, formats } = useLanguage();
  if (model.classes.length === 0) return null;
  return (
    <dl className="figures figures--narrow">
      {model.classes.map(({ right, total }, place) => {
        const name = classes[place] ?? `${place}`;
        return (
          <div className="figures__row" key={name}>
            <dt>{name}</dt>
            <dd>{t('model.mistakes.right', { right: formats.count(right), total: formats.count(total) })}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function Errors({ meanAbsoluteError, rootMeanSquaredError }: NonNullable<JudgedModel['regression']>) {
  const { t, formats } = useLanguage();
  return (
    <p>
      {t('model.mistakes.error', {
        mean: formats.decimal(meanAbsoluteError),
        root: formats.decimal(rootMeanSquaredError),
      })}
    </p>
  );
}

interface MistakeProps {
  readonly client: AgentClient;
  readonly model: PlantModel;
  readonly mistake: JudgedModel['mistakes'][number];
  readonly classes: readonly string[];
}

/** One kind of mistake; its pictures come when somebody wants to see them. */
function Mistake({ client, model, mistake: { actual, judgedAs, count }, classes }: MistakeProps) {
  const { t, formats } = useLanguage();
  const [outcome, setOutcome] = useState<QueryOutcome<AnswerTo<'mistaken-pictures'>> | 'asking' | null>(null);
  const nameOf = (place: number) => classes[place] ?? `${place}`;
  const said = t('model.mistakes.kind', {
    actual: nameOf(actual),
    judgedAs: nameOf(judgedAs),
    formatted: formats.count(count),
  });
  const show = async () => {
    setOutcome('asking');
    setOutcome(await client.ask({ query: 'mistaken-pictures', of: { model, actual, judgedAs } }));
  };
  return (
    <li>
      <p className="mistakes__head">
        {said}
        {outcome === null || outcome === 'asking' ? (
          <Button
            size="compact-sm"
            variant="default"
            disabled={outcome === 'asking'}
            aria-label={t('model.mistakes.showOf', { kind: said })}
            onClick={() => void show()}
          >
            {t('model.mistakes.show')}
          </Button>
        ) : null}
      </p>
      <div role="status">
        {outcome === null || outcome === 'asking' ? null : outcome.kind === 'answered' ? (
          <Pictures pictures={outcome.answer.pictures} />
        ) : (
          <p className="soft">{t('model.mistakes.noPictures')}</p>
        )}
      </div>
    </li>
  );
}

function Pictures({ pictures }: { readonly pictures: MistakenPictures }) {
  const { t } = useLanguage();
  if (pictures.length === 0) return <p className="soft">{t('model.mistakes.noPictures')}</p>;
  return (
    <ul className="mistakes__pictures">
      {pictures.map(({ path, thumbnail }) => (
        <li key={path}>
          {thumbnail === null ? (
            <span className="soft">{t('model.mistakes.unseen')}</span>
          ) : (
            <img src={thumbnail} alt="" />
          )}
          <span className="soft break">{path.split(/[\\/]/).at(-1)}</span>
        </li>
      ))}
    </ul>
  );
}
