import { Button } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { notifyDone } from '../../ui/notify.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { DataChoice } from '../data-choice/data-choice.tsx';
import { useStatus } from '../use-status.ts';

/** Which data the plant trains on, and the choice of others: looked at first, and taken back with one press. */
export function FolderCard({ client }: { readonly client: AgentClient }) {
  const { t, formats } = useLanguage();
  const dataset = useStatus(client, (status) => status.dataset);
  const [isChoosing, setIsChoosing] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const before = dataset?.path ?? null;
  const goBack = async (path: string) => setOutcome(await client.send({ command: 'set-dataset', path }));
  const finish = () => {
    setIsChoosing(false);
    setOutcome(null);
    const undo =
      before === null ? {} : { undo: { label: 'settings.undo' as const, run: () => void goBack(before) } };
    void notifyDone({ message: 'folder.changed', ...undo });
  };
  return (
    <Card title={t('folder.title')} width="full">
      <div className="form">
        {dataset === null ? (
          <p>{t('folder.none')}</p>
        ) : (
          <>
            <p className="break">
              <strong>{dataset.path}</strong>
            </p>
            <p className="soft">
              {t('data.training', { count: dataset.training, formatted: formats.count(dataset.training) })}
            </p>
            <p className="soft">
              {t('data.validation', {
                count: dataset.validation,
                formatted: formats.count(dataset.validation),
              })}
            </p>
          </>
        )}
        {isChoosing ? (
          <DataChoice client={client} confirmLabel={t('folder.confirm')} onChosen={finish} />
        ) : null}
        <Button variant="default" onClick={() => setIsChoosing(!isChoosing)}>
          {isChoosing ? t('folder.keep') : t('folder.change')}
        </Button>
        <CommandFailure outcome={outcome} />
      </div>
    </Card>
  );
}
