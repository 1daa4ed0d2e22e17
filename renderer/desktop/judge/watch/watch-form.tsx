import { usualResults } from '@genba/shared/local-api/watches';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { LoadingState } from '../../../ui/screen-states.tsx';
import type { AgentClient } from '../../agent-client.ts';
import type { CommandOutcome } from '../../agent-view.ts';
import { CommandFailure } from '../../command-failure.tsx';
import { pathIn } from '../../data-choice/typed-path.ts';
import { useInputKind } from '../../use-input-kind.ts';
import { useIsConnected } from '../../use-status.ts';
import { nameOfPath } from './watch-name.ts';

interface WatchFormProps {
  readonly client: AgentClient;
  /** @param path that is watched from now on */
  readonly onStarted: (path: string) => void;
}

/** What to watch, and where the results go: chosen in the system's dialogs, or typed. */
export function WatchForm({ client, onStarted }: WatchFormProps) {
  const { t, language } = useLanguage();
  const isConnected = useIsConnected(client);
  const isForRows = useInputKind(client) === 'rows';
  // The system's own dialogs are there in the desktop shell only; a browser hands out no paths.
  const bridge = window.genba;
  const [watched, setWatched] = useState('');
  /** null: the usual place. */
  const [results, setResults] = useState<string | null>(null);
  const [wrong, setWrong] = useState<'watched' | 'results' | null>(null);
  const [isStarting, setIsStarting] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const path = pathIn(watched);
  const usual = path === null ? '' : usualResults(path, language);
  const start = async () => {
    const file = pathIn(results ?? usual);
    setWrong(path === null ? 'watched' : file === null ? 'results' : null);
    setOutcome(null);
    if (path === null || file === null) return;
    setIsStarting(true);
    const answer = await client.send({ command: 'start-watch', watch: { path, results: file, language } });
    setIsStarting(false);
    setOutcome(answer);
    if (answer.kind !== 'done') return;
    setWatched('');
    setResults(null);
    onStarted(path);
  };
  const browse = async (kind: 'folder' | 'table') => {
    const chosen = await bridge?.choosePath(kind);
    if (chosen) setWatched(chosen);
  };
  const chooseResults = async () => {
    const chosen = await bridge?.chooseTarget('table', nameOfPath(results ?? usual));
    if (chosen) setResults(chosen);
  };
  return (
    <form
      className="watch__form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <h2>{t('watch.form')}</h2>
      {bridge === undefined ? null : (
        <div className="judge__choose">
          <Button variant="default" onClick={() => void browse('folder')}>
            {t('watch.form.folder')}
          </Button>
          {isForRows ? (
            <Button variant="default" onClick={() => void browse('table')}>
              {t('watch.form.file')}
            </Button>
          ) : null}
        </div>
      )}
      <TextInput
        label={t('watch.form.what')}
        description={t(isForRows ? 'watch.form.what.rows' : 'watch.form.what.pictures')}
        autoComplete="off"
        value={watched}
        error={wrong === 'watched' ? t('watch.form.incomplete') : null}
        onChange={({ currentTarget }) => {
          setWatched(currentTarget.value);
          setWrong(null);
        }}
      />
      <div className="watch__results">
        <TextInput
          label={t('watch.form.results')}
          description={t('watch.form.results.hint')}
          autoComplete="off"
          value={results ?? usual}
          error={wrong === 'results' ? t('watch.form.incomplete') : null}
          onChange={({ currentTarget }) => {
            setResults(currentTarget.value);
            setWrong(null);
          }}
        />
        {bridge === undefined ? null : (
          <Button variant="default" disabled={path === null} onClick={() => void chooseResults()}>
            {t('watch.form.results.choose')}
          </Button>
        )}
      </div>
      {isStarting ? <LoadingState text={t('watch.form.starting')} /> : null}
      <div>
        <Button type="submit" disabled={!isConnected || isStarting || watched.trim() === ''}>
          {t('watch.form.start')}
        </Button>
      </div>
      <CommandFailure outcome={outcome} />
    </form>
  );
}
