import { MIN_QUOTA_BYTES } from '@genba/shared/local-api/disk';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useStatus } from '../use-status.ts';
import { gigabytesIn } from './gigabytes.ts';
import { useSaving } from './use-saving.ts';

const GIGABYTE = 1e9;

/** How much room the data folder takes, and may take. */
export function QuotaCard({ client }: { readonly client: AgentClient }) {
  const { t, formats } = useLanguage();
  const disk = useStatus(client, (status) => status.disk);
  const { isSaving, outcome, save } = useSaving(client);
  // What is being typed; null while the field shows what is saved.
  const [typed, setTyped] = useState<string | null>(null);
  if (disk === null) {
    return (
      <Card title={t('quota.title')} width="half">
        <p className="soft">{t('quota.unknown')}</p>
      </Card>
    );
  }
  const { usedBytes, freeBytes, quotaBytes } = disk;
  const wished = typed === null ? quotaBytes : gigabytesIn(typed);
  const isEnough = wished !== null && wished >= MIN_QUOTA_BYTES;
  const store = async () => {
    if (wished === null || !isEnough) return;
    await save({ command: 'set-quota', quotaBytes: wished }, { command: 'set-quota', quotaBytes });
    setTyped(null);
  };
  return (
    <Card title={t('quota.title')} width="half">
      <dl className="facts">
        <dt>{t('quota.used')}</dt>
        <dd>{formats.size(usedBytes)}</dd>
        <dt>{t('quota.free')}</dt>
        <dd>{formats.size(freeBytes)}</dd>
      </dl>
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void store();
        }}
      >
        <div className="field-row">
          <TextInput
            label={t('quota.limit')}
            inputMode="decimal"
            value={typed ?? String(quotaBytes / GIGABYTE)}
            error={isEnough ? null : t('quota.small', { least: formats.count(MIN_QUOTA_BYTES / GIGABYTE) })}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={typed === null || !isEnough || isSaving}>
            {t('quota.save')}
          </Button>
        </div>
        <CommandFailure outcome={outcome} />
      </form>
    </Card>
  );
}
