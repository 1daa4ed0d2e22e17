import { Button, Radio } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { DraftActions } from './draft-actions.tsx';
import { draftOf, nextWindow, planTextOf, type WindowDraft } from './plan-draft.ts';
import { useSaving } from './use-saving.ts';
import { WindowFields } from './window-fields.tsx';

interface PlanCardProps {
  readonly client: AgentClient;
  readonly plan: 'trainWhen' | 'syncWhen';
}

const TITLES = { trainWhen: 'plan.train', syncWhen: 'plan.sync' } as const;

/** When training may run, or results may be sent: at any time, or in windows by the day of the week. */
export function PlanCard({ client, plan }: PlanCardProps) {
  const { t } = useLanguage();
  const saved = useStatus(client, (status) => status.schedule[plan]);
  // What is being edited; null while that is what is saved.
  const [draft, setDraft] = useState<readonly WindowDraft[] | null>(null);
  const { isSaving, outcome, save } = useSaving(client);
  const windows = draft ?? draftOf(saved);
  const result = planTextOf(windows);
  const isLimited = windows.length > 0;
  const store = async (text: string | null) => {
    await save(
      { command: 'set-schedule', schedule: { [plan]: text } },
      { command: 'set-schedule', schedule: { [plan]: saved } },
    );
    setDraft(null);
  };
  const change = (window: WindowDraft) =>
    setDraft(windows.map((candidate) => (candidate.key === window.key ? window : candidate)));
  return (
    <Card title={t(TITLES[plan])} width="half">
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (typeof result === 'object') void store(result.text);
        }}
      >
        <Radio.Group
          aria-label={t(TITLES[plan])}
          value={isLimited ? 'limited' : 'always'}
          onChange={(value) => setDraft(value === 'always' ? [] : [nextWindow([])])}
        >
          <div className="actions">
            <Radio value="always" label={t('plan.always')} />
            <Radio value="limited" label={t('plan.limited')} />
          </div>
        </Radio.Group>
        {windows.map((window, index) => (
          <WindowFields
            key={window.key}
            window={window}
            number={index + 1}
            onChange={change}
            onRemove={() => setDraft(windows.filter(({ key }) => key !== window.key))}
          />
        ))}
        {result === 'long' ? (
          <p role="alert" className="problem-line">
            {t('plan.long')}
          </p>
        ) : null}
        <DraftActions
          isChanged={draft !== null}
          canSave={!isSaving && typeof result === 'object'}
          saveLabel={t('plan.save')}
          onDiscard={() => setDraft(null)}
          outcome={outcome}
        >
          {isLimited ? (
            <Button variant="default" onClick={() => setDraft([...windows, nextWindow(windows)])}>
              {t('plan.add')}
            </Button>
          ) : null}
        </DraftActions>
      </form>
    </Card>
  );
}
