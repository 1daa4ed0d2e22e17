import { Button, Checkbox, Chip, TextInput } from '@mantine/core';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { clockOf, isAllDay, minutesOf, problemIn, type WindowDraft, withAllDay } from './plan-draft.ts';

/** Days in the order of a Japanese shift sheet, 0 = Sunday. */
const DAYS = [
  [1, 'plan.day.mon'],
  [2, 'plan.day.tue'],
  [3, 'plan.day.wed'],
  [4, 'plan.day.thu'],
  [5, 'plan.day.fri'],
  [6, 'plan.day.sat'],
  [0, 'plan.day.sun'],
] as const;

const PROBLEMS = { noDays: 'plan.noDays', noLength: 'plan.noLength', long: 'plan.long' } as const;

interface WindowFieldsProps {
  readonly window: WindowDraft;
  /** Its place in the list, from 1 on. */
  readonly number: number;
  readonly onChange: (window: WindowDraft) => void;
  readonly onRemove: () => void;
}

/** One time window: its days, from when to when. */
export function WindowFields({ window, number, onChange, onRemove }: WindowFieldsProps) {
  const { t } = useLanguage();
  const problem = problemIn(window);
  const isWhole = isAllDay(window);
  const setClock = (side: 'start' | 'end', clock: string) => {
    const minutes = minutesOf(clock);
    if (minutes !== null) onChange({ ...window, [side]: minutes });
  };
  return (
    <fieldset className="plan-window">
      <legend>{t('plan.window', { number })}</legend>
      <Chip.Group
        multiple
        value={window.days.map(String)}
        onChange={(days) => onChange({ ...window, days: days.map(Number) })}
      >
        <fieldset className="plan-window__days">
          <legend className="visually-hidden">{t('plan.days')}</legend>
          {DAYS.map(([day, name]) => (
            <Chip key={day} value={String(day)} size="sm" radius="sm">
              {t(name)}
            </Chip>
          ))}
        </fieldset>
      </Chip.Group>
      <div className="plan-window__hours">
        <Checkbox
          label={t('plan.allDay')}
          checked={isWhole}
          onChange={({ currentTarget }) => onChange(withAllDay(window, currentTarget.checked))}
        />
        {isWhole ? null : (
          <>
            <TextInput
              type="time"
              label={t('plan.from')}
              value={clockOf(window.start)}
              onChange={({ currentTarget }) => setClock('start', currentTarget.value)}
            />
            <TextInput
              type="time"
              label={t('plan.to')}
              value={clockOf(window.end)}
              onChange={({ currentTarget }) => setClock('end', currentTarget.value)}
            />
          </>
        )}
        <Button variant="subtle" onClick={onRemove}>
          {t('plan.remove')}
        </Button>
      </div>
      {problem === null && window.end < window.start ? (
        <p className="soft">{t('plan.overnight', { time: clockOf(window.end) })}</p>
      ) : null}
      {problem === null ? null : (
        <p role="alert" className="problem-line">
          {t(PROBLEMS[problem])}
        </p>
      )}
    </fieldset>
  );
}
