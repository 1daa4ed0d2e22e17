import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { outcomeOf } from '@genba/shared/local-api/outcome';
import { Button } from '@mantine/core';
import { useMemo, useSyncExternalStore } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { notifyDone } from '../../ui/notify.tsx';
import { EmptyState, ErrorState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { ScreenProps } from '../screen-props.ts';
import { useInputKind } from '../use-input-kind.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { JudgeDesk, type JudgeView } from './judge-desk.ts';
import { JudgeInput } from './judge-input.tsx';
import { LargeResult } from './large-result.tsx';
import { ResultList } from './result-list.tsx';
import { resultTable } from './result-table.ts';
import { StrictnessPanel } from './strictness-panel.tsx';
import { useVerdictWords } from './verdict-words.ts';

/** Results stay while the window is open, also while another screen is shown. */
const desks = new WeakMap<AgentClient, JudgeDesk>();

function deskOf(client: AgentClient): JudgeDesk {
  const desk = desks.get(client) ?? new JudgeDesk(client, Date.now);
  desks.set(client, desk);
  return desk;
}

/** What the model says of parts that a person has chosen. */
export function JudgeOnce({ client }: ScreenProps) {
  const { t, formats, language } = useLanguage();
  const desk = deskOf(client);
  const view = useSyncExternalStore(desk.subscribe, desk.view);
  const isConnected = useIsConnected(client);
  const isForRows = useInputKind(client) === 'rows';
  const isOffline = useStatus(client, (status) => status.network.state === 'offline');
  const wordsOf = useVerdictWords();
  const { results, shown, progress, trouble } = view;
  return (
    <div className="judge">
      {shown === null ? null : (
        <LargeResult label={t('judge.result')} result={shown} words={wordsOf(shown.item)} />
      )}
      <JudgeInput desk={desk} isForRows={isForRows} isDisabled={!isConnected} />
      {progress === null ? null : (
        <div className="judge__progress">
          <p role="status">{t('judge.progress', { formatted: formats.count(progress) })}</p>
          <Button variant="default" onClick={() => void desk.cancel()}>
            {t('judge.cancel')}
          </Button>
        </div>
      )}
      {trouble === null ? null : (
        <ErrorState
          text={trouble.kind === 'refused' ? ERROR_CATALOGUE[trouble.code][language] : t('judge.unanswered')}
          detail={trouble.kind === 'refused' ? trouble.detail : null}
        />
      )}
      {results.length === 0 && progress === null ? (
        <EmptyState text={t(isForRows ? 'judge.empty.rows' : 'judge.empty')} />
      ) : (
        <>
          <ListHead desk={desk} view={view} />
          <ResultList
            results={results}
            shown={shown}
            wordsOf={({ item }) => wordsOf(item)}
            onChoose={(result) => desk.choose(result)}
          />
        </>
      )}
      <StrictnessPanel client={client} />
      {isOffline ? <p className="soft">{t('judge.offline')}</p> : null}
    </div>
  );
}

/** How many there are, of what, and what can be done with them. */
function ListHead({ desk, view: { results } }: { readonly desk: JudgeDesk; readonly view: JudgeView }) {
  const { t, formats, language } = useLanguage();
  const counts = useMemo(() => {
    const found = { ok: 0, ng: 0, named: 0, unjudged: 0 };
    for (const { item } of results) found[outcomeOf(item)]++;
    return found;
  }, [results]);
  const save = () => {
    const head = [
      ...[t('judge.column.at'), t('judge.column.file'), t('judge.column.line'), t('judge.column.series')],
      ...[
        t('judge.column.result'),
        t('judge.column.unit'),
        t('judge.column.share'),
        t('judge.column.reason'),
      ],
    ];
    const rows = results.toReversed().map(({ at, item }) => ({
      at,
      item,
      reason: item.problem === null ? '' : ERROR_CATALOGUE[item.problem.code][language],
    }));
    saveTable(resultTable(head, rows), t('judge.fileName'));
  };
  const clear = () => {
    const undo = desk.clear();
    void notifyDone({ message: 'judge.cleared', undo: { label: 'judge.cleared.undo', run: undo } });
  };
  return (
    <div className="judge__head">
      <h2>{t('judge.count', { count: results.length, formatted: formats.count(results.length) })}</h2>
      <p className="judge__counts">
        {counts.ok + counts.ng === 0 ? null : (
          <span>{t('judge.counts', { ok: formats.count(counts.ok), ng: formats.count(counts.ng) })}</span>
        )}
        {counts.unjudged === 0 ? null : (
          <span>{t('judge.counts.unjudged', { formatted: formats.count(counts.unjudged) })}</span>
        )}
      </p>
      <Button variant="default" onClick={save}>
        {t('judge.save')}
      </Button>
      <Button variant="default" onClick={clear}>
        {t('judge.clear')}
      </Button>
    </div>
  );
}

/** Hands a table to the browser, or to the shell's window, which ask where to write it. */
function saveTable(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it by then, or has refused to.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
