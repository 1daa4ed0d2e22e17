import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { useState } from 'react';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { notifyDone } from '../../../ui/notify.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../../ui/screen-states.tsx';
import type { CommandOutcome } from '../../agent-view.ts';
import { CommandFailure } from '../../command-failure.tsx';
import type { ScreenProps } from '../../screen-props.ts';
import { useInputKind } from '../../use-input-kind.ts';
import { useStatus } from '../../use-status.ts';
import { useWatches } from './use-watches.ts';
import { WatchBoard } from './watch-board.tsx';
import { WatchForm } from './watch-form.tsx';
import { WatchList } from './watch-list.tsx';

/** What comes is judged by itself: the newest result large, what is watched, and a way to watch more. */
export function WatchPanel({ client }: ScreenProps) {
  const { t, language } = useLanguage();
  const { watches, failure, ask } = useWatches(client);
  const [chosen, setChosen] = useState<string | null>(null);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const isOffline = useStatus(client, (status) => status.network.state === 'offline');
  const isForRows = useInputKind(client) === 'rows';
  if (watches === null) {
    if (failure === null) return <LoadingState text={t('watch.loading')} />;
    const text = failure.kind === 'refused' ? ERROR_CATALOGUE[failure.code][language] : t('watch.unanswered');
    return <ErrorState text={text} onRetry={ask} />;
  }
  const shown = watches.find(({ path }) => path === chosen) ?? watches[0];
  const started = (path: string) => {
    setChosen(path);
    setOutcome(null);
    ask();
    void notifyDone({ message: 'watch.started' });
  };
  const form = <WatchForm client={client} onStarted={started} />;
  if (shown === undefined)
    return <EmptyState text={t(isForRows ? 'watch.empty.rows' : 'watch.empty')}>{form}</EmptyState>;
  const stop = async () => {
    const { path, results, language: ofTable } = shown;
    const answer = await client.send({ command: 'stop-watch', path });
    setOutcome(answer);
    ask();
    if (answer.kind !== 'done') return;
    const again = async () => {
      const watch = { path, results, language: ofTable };
      setOutcome(await client.send({ command: 'start-watch', watch }));
      ask();
    };
    void notifyDone({
      message: 'watch.stopped',
      undo: { label: 'watch.stopped.undo', run: () => void again() },
    });
  };
  return (
    <div className="judge">
      <WatchBoard client={client} watch={shown} onStop={() => void stop()} />
      <CommandFailure outcome={outcome} />
      {watches.length === 1 ? null : (
        <WatchList watches={watches} shown={shown} onChoose={({ path }) => setChosen(path)} />
      )}
      <details className="disclosure">
        <summary>{t('watch.form.more')}</summary>
        {form}
      </details>
      {isOffline ? <p className="soft">{t('watch.offline')}</p> : null}
    </div>
  );
}
