import type { ChangesPeriod, PlantChanges } from '@genba/shared/local-api/changes';
import { shiftBegin } from '@genba/shared/local-api/shift-starts';
import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { LoadingState } from '../../ui/screen-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import { useModelWords } from '../model/model-words.ts';
import { useAnswer } from '../use-answer.ts';
import { useStatus } from '../use-status.ts';
import { changeLines } from './change-lines.ts';

const PERIODS = {
  'last-shift': 'changes.lastShift',
  'this-shift': 'changes.thisShift',
  week: 'changes.week',
} as const satisfies Record<ChangesPeriod, string>;

/** The one first that is shown first. */
const ORDER = ['last-shift', 'this-shift', 'week'] as const satisfies readonly ChangesPeriod[];

/** What has changed since the shift before, in sentences for whoever takes over. */
export function ChangesCard({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const nowMs = useNow();
  const [period, setPeriod] = useState<ChangesPeriod>('last-shift');
  // Whatever of these changes, the answer has.
  const news = useStatus(client, ({ queue, base, model, refused, drift, problem, network, schedule }) =>
    [
      ...[
        queue.roundsDone,
        queue.updatesDelivered,
        refused[0]?.number,
        base?.installedAt,
        model?.inUse.since,
        drift?.since,
      ],
      ...[problem?.code, network.state, ...schedule.shiftStarts],
    ].join(' '),
  );
  const starts = useStatus(client, (status) => status.schedule.shiftStarts);
  const shift = shiftBegin(starts, nowMs, 0);
  const { answer, failure, ask } = useAnswer(client, { query: 'changes', period }, `${news} ${shift}`);
  return (
    <Card title={t('changes.title')} width="wide">
      <SegmentedControl
        aria-label={t('changes.period')}
        size="sm"
        className="start"
        value={period}
        onChange={(chosen) => setPeriod(chosen as ChangesPeriod)}
        data={ORDER.map((value) => ({ value, label: t(PERIODS[value]) }))}
      />
      {answer !== null ? (
        <Changes client={client} changes={answer.changes} />
      ) : failure === null ? (
        <LoadingState />
      ) : (
        <div>
          <p className="soft">{t('changes.unanswered')}</p>
          <Button variant="default" mt="xs" onClick={ask}>
            {t('action.retry')}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Changes({ client, changes }: { readonly client: AgentClient; readonly changes: PlantChanges }) {
  const { t, formats, language } = useLanguage();
  const nowMs = useNow();
  const queue = useStatus(client, (status) => status.queue);
  const drift = useStatus(client, (status) => status.drift);
  const model = useModelWords(changes.scores?.kind ?? null);
  const lines = changeLines(changes, { queue, drift }, { t, formats, language, nowMs, model });
  return (
    <>
      <p className="soft changes-since">
        {t('changes.since', { time: formats.moment(changes.since, nowMs) })}
      </p>
      {changes.isFirst ? <p>{t('changes.first')}</p> : null}
      <ul className="changes">
        {lines.map(({ tone, text }) => (
          <li key={text} data-tone={tone}>
            {tone === 'attention' ? <ToneIcon tone="attention" size="1.25rem" /> : null}
            <span>{text}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
