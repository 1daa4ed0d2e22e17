import './model.css';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { Decision } from '@genba/shared/local-api/model';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { EmptyState, ErrorState, LoadingState } from '../../ui/screen-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { ScreenProps } from '../screen-props.ts';
import { useAnswer } from '../use-answer.ts';
import { useStatus } from '../use-status.ts';
import { InUseCard } from './in-use-card.tsx';
import { MistakesCard } from './mistakes-card.tsx';
import { useModelWords } from './model-words.ts';
import { ScoreCard } from './score-card.tsx';

const QUESTION = { query: 'model' } as const;

/** How good this plant's models are, which of them judges, and how that came about. */
export function ModelScreen({ client }: ScreenProps) {
  const { t, language } = useLanguage();
  const summary = useStatus(client, (status) => status.model);
  const task = useStatus(client, (status) => status.task);
  const isOffline = useStatus(client, (status) => status.network.state === 'offline');
  const { answer, failure, ask } = useAnswer(client, QUESTION, summary);
  if (failure !== null && answer === null) {
    const text = failure.kind === 'refused' ? ERROR_CATALOGUE[failure.code][language] : t('model.unanswered');
    return <ErrorState text={text} onRetry={ask} />;
  }
  if (answer === null) return <LoadingState />;
  const { report } = answer;
  if (report.summary === null) return <EmptyState text={t('model.empty')} />;
  return (
    <div className="cards">
      <InUseCard client={client} summary={report.summary} models={report.models} />
      <ScoreCard comparisons={report.comparisons} />
      <MistakesCard
        client={client}
        models={report.models}
        inUse={report.summary.inUse.model}
        classes={task?.classes ?? []}
      />
      <DecisionsCard decisions={report.decisions} scoreKind={report.summary.scoreKind} />
      {isOffline ? <p className="soft">{t('model.offline')}</p> : null}
    </div>
  );
}

interface DecisionsCardProps {
  readonly decisions: readonly Decision[];
  readonly scoreKind: Parameters<typeof useModelWords>[0];
}

/** What was decided about the model in use, newest first. */
function DecisionsCard({ decisions, scoreKind }: DecisionsCardProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const words = useModelWords(scoreKind);
  return (
    <Card title={t('model.decisions.title')} width="full">
      <ol className="decisions">
        {decisions.map((decision) => (
          <li key={`${decision.at} ${decision.kind} ${decision.model}`}>
            <time dateTime={decision.at}>{formats.moment(decision.at, nowMs)}</time>
            <span>{words.decision(decision)}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
