import { Button, Progress } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useStatus } from '../use-status.ts';

interface ReadingWaitProps {
  readonly client: AgentClient;
  /** What is being waited for. */
  readonly text: string;
}

/** How far a look at data has come, and a way to break it off. */
export function ReadingWait({ client, text }: ReadingWaitProps) {
  const { t, formats } = useLanguage();
  const reading = useStatus(client, (status) => status.reading);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const cancel = async () => setOutcome(await client.send('cancel-reading'));
  const share = reading === null || reading.total === 0 ? null : Math.min(1, reading.done / reading.total);
  return (
    <div className="wait">
      {share === null ? (
        <LoadingState text={text} />
      ) : (
        <>
          <p role="status">{text}</p>
          <Progress value={share * 100} size="lg" aria-label={t('choose.progress')} />
        </>
      )}
      {reading === null || share === null ? null : (
        <p className="soft">
          {reading.unit === 'files'
            ? t('choose.progress.files', {
                done: formats.count(reading.done),
                total: formats.count(reading.total),
              })
            : t('choose.progress.bytes', {
                done: formats.size(reading.done),
                total: formats.size(reading.total),
              })}
        </p>
      )}
      <Button variant="default" onClick={() => void cancel()}>
        {t('choose.cancel')}
      </Button>
      <CommandFailure outcome={outcome} />
    </div>
  );
}
