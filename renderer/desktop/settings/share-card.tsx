import {
  MAX_IDLE_MINUTES,
  MAX_SHARE_PERCENT,
  MIN_SHARE_PERCENT,
  type Schedule,
} from '@genba/shared/local-api/schedule';
import { NumberInput, Slider, Switch } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useStatus } from '../use-status.ts';
import { useSaving } from './use-saving.ts';

/** How long a PC is left alone before training begins, where somebody asks for it first, minutes. */
const FIRST_IDLE_MINUTES = 10;

/** How much of the PC training may take, and when it keeps out of people's way. */
export function ShareCard({ client }: { readonly client: AgentClient }) {
  const { t, formats } = useLanguage();
  const schedule = useStatus(client, (status) => status.schedule);
  const { isSaving, outcome, save } = useSaving(client);
  // Where the handle is while it is moved; null while that is what is saved.
  const [moved, setMoved] = useState<number | null>(null);
  const { sharePercent, idleMinutes, onBattery } = schedule;
  const shown = moved ?? sharePercent;
  const store = async (change: Partial<Schedule>, before: Partial<Schedule>) => {
    await save({ command: 'set-schedule', schedule: change }, { command: 'set-schedule', schedule: before });
    setMoved(null);
  };
  return (
    <Card title={t('share.title')} width="half">
      <div className="form">
        <p>{t('share.percent', { percent: formats.wholePercent(shown / 100) })}</p>
        <Slider
          min={MIN_SHARE_PERCENT}
          max={MAX_SHARE_PERCENT}
          step={5}
          value={shown}
          label={null}
          thumbLabel={t('share.slider')}
          onChange={setMoved}
          onChangeEnd={(value) => {
            if (value !== sharePercent) void store({ sharePercent: value }, { sharePercent });
          }}
        />
        <p className="soft">{t('share.note')}</p>
        <Switch
          label={t('share.idle')}
          checked={idleMinutes !== null}
          disabled={isSaving}
          onChange={({ currentTarget }) =>
            void store({ idleMinutes: currentTarget.checked ? FIRST_IDLE_MINUTES : null }, { idleMinutes })
          }
        />
        {idleMinutes === null ? null : (
          <NumberInput
            label={t('share.idle.minutes')}
            min={1}
            max={MAX_IDLE_MINUTES}
            clampBehavior="strict"
            allowDecimal={false}
            value={idleMinutes}
            maw="20rem"
            onChange={(value) => {
              const isMinutes = typeof value === 'number' && value >= 1 && value <= MAX_IDLE_MINUTES;
              if (isMinutes && value !== idleMinutes) void store({ idleMinutes: value }, { idleMinutes });
            }}
          />
        )}
        <Switch
          label={t('share.battery')}
          checked={onBattery === 'pause'}
          disabled={isSaving}
          onChange={({ currentTarget }) =>
            void store({ onBattery: currentTarget.checked ? 'pause' : 'train' }, { onBattery })
          }
        />
        <CommandFailure outcome={outcome} />
      </div>
    </Card>
  );
}
