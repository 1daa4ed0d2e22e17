import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { DraftActions } from './draft-actions.tsx';
import { draftOfShifts, type ShiftDraft, startsOf, withAnotherShift } from './shift-draft.ts';
import { useSaving } from './use-saving.ts';

/** When the shifts of a day begin, by which people are told what has changed. */
export function ShiftCard({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const saved = useStatus(client, (status) => status.schedule.shiftStarts);
  // What is being edited; null while that is what is saved.
  const [draft, setDraft] = useState<readonly ShiftDraft[] | null>(null);
  const { isSaving, outcome, save } = useSaving(client);
  const shifts = draft ?? draftOfShifts(saved);
  const starts = startsOf(shifts);
  const more = withAnotherShift(shifts);
  const store = async () => {
    if (typeof starts === 'string') return;
    await save(
      { command: 'set-schedule', schedule: { shiftStarts: [...starts] } },
      { command: 'set-schedule', schedule: { shiftStarts: saved } },
    );
    setDraft(null);
  };
  return (
    <Card title={t('shifts.title')} width="half">
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void store();
        }}
      >
        <p className="soft">{t('shifts.note')}</p>
        {shifts.map(({ key, start }, index) => (
          <div key={key} className="shift-row">
            <TextInput
              type="time"
              label={t('shifts.start', { number: index + 1 })}
              value={start}
              onChange={({ currentTarget: { value } }) =>
                setDraft(shifts.map((shift) => (shift.key === key ? { key, start: value } : shift)))
              }
            />
            {shifts.length > 1 ? (
              <Button
                variant="subtle"
                aria-label={t('shifts.removeOf', { number: index + 1 })}
                onClick={() => setDraft(shifts.filter((shift) => shift.key !== key))}
              >
                {t('shifts.remove')}
              </Button>
            ) : null}
          </div>
        ))}
        {starts === 'same' ? (
          <p role="alert" className="problem-line">
            {t('shifts.same')}
          </p>
        ) : null}
        <DraftActions
          isChanged={draft !== null}
          canSave={!isSaving && typeof starts !== 'string'}
          saveLabel={t('shifts.save')}
          onDiscard={() => setDraft(null)}
          outcome={outcome}
        >
          {more === null ? null : (
            <Button variant="default" onClick={() => setDraft(more)}>
              {t('shifts.add')}
            </Button>
          )}
        </DraftActions>
      </form>
    </Card>
  );
}
