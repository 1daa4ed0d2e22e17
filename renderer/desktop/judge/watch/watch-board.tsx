import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { WatchedResult, WatchStatus } from '@genba/shared/local-api/watches';
import { Button, Modal } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { EmptyState, ErrorState, LoadingState } from '../../../ui/screen-states.tsx';
import { useNow } from '../../../ui/use-now.ts';
import type { AgentClient } from '../../agent-client.ts';
import { pictureFrom } from '../../picture-door.ts';
import { useIsConnected } from '../../use-status.ts';
import { LargeResult } from '../large-result.tsx';
import { useVerdictWords } from '../verdict-words.ts';
import { RecentResults } from './recent-results.tsx';
import { WatchCounts } from './watch-counts.tsx';
import { nameOfPath } from './watch-name.ts';

interface WatchBoardProps {
  readonly client: AgentClient;
  readonly watch: WatchStatus;
  readonly onStop: () => void;
}

/** One watch: its newest result to be read from two metres away, how many there were, and what can be done. */
export function WatchBoard({ client, watch, onStop }: WatchBoardProps) {
  const { t, formats } = useLanguage();
  const isConnected = useIsConnected(client);
  const [isFull, setIsFull] = useState(false);
  const { results, written, recent, kind, waiting } = watch;
  const waits = { formatted: formats.count(waiting) };
  if (isFull) return <FullView client={client} watch={watch} onClose={() => setIsFull(false)} />;
  return (
    <>
      <WatchView client={client} watch={watch} />
      <div className="judge__head">
        <p className="watch__where break soft">
          {t('watch.results', { path: results, formatted: formats.count(written) })}
          {waiting === 0 ? null : (
            <> {kind === 'pictures' ? t('watch.waiting.pictures', waits) : t('watch.waiting.files', waits)}</>
          )}
        </p>
        <Button variant="default" onClick={() => setIsFull(true)}>
          {t('watch.full')}
        </Button>
        <Button variant="default" disabled={!isConnected} onClick={onStop}>
          {t('watch.stop')}
        </Button>
      </div>
      {recent.length < 2 ? null : <RecentResults recent={recent} />}
    </>
  );
}

interface FullViewProps extends Pick<WatchBoardProps, 'client' | 'watch'> {
  readonly onClose: () => void;
}

/** Nothing but the newest result, as large as the window allows. */
function FullView({ client, watch, onClose }: FullViewProps) {
  const { t } = useLanguage();
  return (
    <Modal.Root opened fullScreen onClose={onClose}>
      <Modal.Content>
        <Modal.Body className="watch-full">
          <Modal.Title className="visually-hidden">{nameOfPath(watch.path)}</Modal.Title>
          <WatchView client={client} watch={watch} />
          <div className="judge__head">
            <p className="watch__where soft">{t('watch.full.hint')}</p>
            <Button variant="default" onClick={onClose}>
              {t('watch.full.close')}
            </Button>
          </div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function WatchView({ client, watch }: Pick<WatchBoardProps, 'client' | 'watch'>) {
  const { t, language } = useLanguage();
  const isConnected = useIsConnected(client);
  const { recent, problem, path, kind } = watch;
  const [newest] = recent;
  return (
    <div className="watch">
      {newest === undefined ? null : <NewestResult client={client} newest={newest} path={path} />}
      {newest === undefined && problem === null ? (
        kind === null ? (
          <LoadingState text={t('watch.preparing')} />
        ) : (
          <EmptyState text={t('watch.nothing', { name: nameOfPath(path) })} />
        )
      ) : null}
      {isConnected ? null : <ErrorState text={t('watch.cut')} />}
      {problem === null ? null : (
        <ErrorState text={ERROR_CATALOGUE[problem.code][language]} detail={problem.detail} />
      )}
      {newest === undefined ? null : <WatchCounts watch={watch} />}
    </div>
  );
}

interface NewestResultProps {
  readonly client: AgentClient;
  readonly newest: WatchedResult;
  readonly path: string;
}

function NewestResult({ client, newest, path }: NewestResultProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const wordsOf = useVerdictWords();
  const door = useSyncExternalStore(client.subscribe, () => client.view().pictures);
  const { item, at, picture, values } = newest;
  // What could not be judged can hardly be shown.
  const isSeen = item.verdict !== null && picture !== null && door !== null;
  const source = isSeen ? pictureFrom(door, picture, 'large') : null;
  return (
    <LargeResult
      label={t('watch.newest.of', { name: nameOfPath(path) })}
      result={{ item, picture: source }}
      words={wordsOf(item)}
    >
      <p className="watch__time">
        <time dateTime={at}>{formats.clock(at)}</time> {formats.ago(at, nowMs)}
      </p>
      {values.length === 0 ? null : (
        <dl className="watch__values" aria-label={t('watch.values')}>
          {values.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formats.decimal(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </LargeResult>
  );
}
