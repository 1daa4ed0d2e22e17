import { exchangePath } from '@genba/shared/local-api/exchange';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useIsConnected } from '../use-status.ts';

interface InboxFormProps {
  readonly client: AgentClient;
  readonly folder: string | null;
  readonly onChosen: () => void;
}

/** Chooses the folder in which new pictures arrive. */
export function InboxForm({ client, folder, onChosen }: InboxFormProps) {
  const { t } = useLanguage();
  const isConnected = useIsConnected(client);
  const [text, setText] = useState(folder ?? '');
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const choose = async () => {
    // The explorer of Windows copies paths in quotation marks.
    const path = exchangePath.safeParse(text.trim().replace(/^"(.*)"$/, '$1'));
    if (!path.success) return;
    setIsAsking(true);
    const answer = await client.send({ command: 'set-inbox', path: path.data });
    setIsAsking(false);
    setOutcome(answer);
    if (answer.kind === 'done') onChosen();
  };
  return (
    <form
      className="short-form"
      onSubmit={(event) => {
        event.preventDefault();
        void choose();
      }}
    >
      <TextInput
        label={t('label.folder.field')}
        description={t('label.folder.hint')}
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" disabled={!isConnected || isAsking || text.trim() === ''}>
        {t('label.folder.use')}
      </Button>
      <CommandFailure outcome={outcome} />
    </form>
  );
}
