import { exchangePath } from '@genba/shared/local-api/exchange';
import type { GenbaBridge } from '@genba/shared/local-api/window';
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
  // The system's own dialog is there in the desktop shell only; a browser hands out no paths.
  const bridge = window.genba;
  const browse = async (shell: GenbaBridge) => {
    const path = await shell.choosePath('folder');
    if (path === null) return;
    setText(path);
    await choose(path);
  };
  const choose = async (given: string) => {
    // The explorer of Windows copies paths in quotation marks.
    const path = exchangePath.safeParse(given.trim().replace(/^"(.*)"$/, '$1'));
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
        void choose(text);
      }}
    >
      <TextInput
        label={t('label.folder.field')}
        description={t('label.folder.hint')}
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {bridge === undefined ? null : (
        <Button variant="default" disabled={!isConnected || isAsking} onClick={() => void browse(bridge)}>
          {t('choose.folder')}
        </Button>
      )}
      <Button type="submit" disabled={!isConnected || isAsking || text.trim() === ''}>
        {t('label.folder.use')}
      </Button>
      <CommandFailure outcome={outcome} />
    </form>
  );
}
