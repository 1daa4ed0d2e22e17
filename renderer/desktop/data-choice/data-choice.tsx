import type { DataPreview } from '@genba/shared/local-api/preview';
import type { GenbaBridge } from '@genba/shared/local-api/window';
import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome, Failure } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';
import { DataDrop } from './data-drop.tsx';
import { PreviewReport } from './preview-report.tsx';
import { ReadingWait } from './reading-wait.tsx';
import { pathIn } from './typed-path.ts';

interface DataChoiceProps {
  readonly client: AgentClient;
  /** On the button that uses the data. */
  readonly confirmLabel: string;
  /** The plant trains on these data from now on. */
  readonly onChosen: (path: string) => void;
}

type Work = 'looking' | 'choosing';

/** Choosing the training data: name a folder or file, look at what is in it, and only then use it. */
export function DataChoice({ client, confirmLabel, onChosen }: DataChoiceProps) {
  const { t } = useLanguage();
  // The system's own dialogs are there in the desktop shell only; a browser hands out no paths.
  const bridge = window.genba;
  const [typed, setTyped] = useState('');
  const [isIncomplete, setIsIncomplete] = useState(false);
  const [preview, setPreview] = useState<DataPreview | null>(null);
  const [work, setWork] = useState<Work | null>(null);
  const [outcome, setOutcome] = useState<CommandOutcome | Failure | null>(null);
  const report = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (preview !== null) report.current?.focus({ preventScroll: true });
  }, [preview]);
  const look = async (given: string) => {
    const path = pathIn(given);
    setIsIncomplete(path === null);
    setPreview(null);
    setOutcome(null);
    if (path === null) return;
    setWork('looking');
    const answer = await client.ask({ query: 'preview-data', path });
    setWork(null);
    if (answer.kind === 'answered') setPreview(answer.answer.preview);
    else setOutcome(isCancelled(answer) ? null : answer);
  };
  const take = (path: string) => {
    setTyped(path);
    void look(path);
  };
  const browse = async (shell: GenbaBridge, kind: 'folder' | 'table') => {
    const path = await shell.choosePath(kind);
    if (path !== null) take(path);
  };
  const choose = async (path: string) => {
    setWork('choosing');
    setOutcome(null);
    const answer = await client.send({ command: 'set-dataset', path });
    setWork(null);
    setOutcome(isCancelled(answer) ? null : answer);
    if (answer.kind === 'done') onChosen(path);
  };
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void look(typed);
      }}
    >
      <DataDrop isDisabled={work !== null} onPath={take}>
        {bridge === undefined ? null : (
          <div className="drop__buttons">
            <Button disabled={work !== null} onClick={() => void browse(bridge, 'folder')}>
              {t('choose.folder')}
            </Button>
            <Button variant="default" disabled={work !== null} onClick={() => void browse(bridge, 'table')}>
              {t('choose.table')}
            </Button>
          </div>
        )}
      </DataDrop>
      <div className="field-row">
        <TextInput
          label={t('choose.path.label')}
          description={t('choose.path.hint')}
          placeholder={t('choose.path.example')}
          value={typed}
          error={isIncomplete ? t('choose.path.incomplete') : null}
          disabled={work !== null}
          onChange={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setIsIncomplete(false);
            setPreview(null);
          }}
        />
        <Button type="submit" variant="default" disabled={typed.trim() === '' || work !== null}>
          {t('choose.look')}
        </Button>
      </div>
      {work === null ? null : (
        <ReadingWait client={client} text={work === 'looking' ? t('choose.looking') : t('choose.choosing')} />
      )}
      <CommandFailure outcome={outcome} />
      {preview === null ? null : (
        <div ref={report} tabIndex={-1} className="report">
          <PreviewReport preview={preview} />
          {preview.problem === null ? (
            <Button disabled={work !== null} onClick={() => void choose(preview.path)}>
              {confirmLabel}
            </Button>
          ) : null}
        </div>
      )}
    </form>
  );
}

/** Whoever broke it off knows. */
function isCancelled(outcome: CommandOutcome | Failure): boolean {
  return outcome.kind === 'refused' && outcome.code === 'dataset/cancelled';
}
