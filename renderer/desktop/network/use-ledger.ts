import type { LedgerEntry } from '@genba/shared/local-api/ledger';
import { useCallback, useEffect, useState } from 'react';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { useIsConnected } from '../use-status.ts';
import { queryOfDay } from './ledger-days.ts';

/** One day of the ledger, as far as it was read. */
export interface LedgerDay {
  readonly day: string;
  readonly entries: readonly LedgerEntry[];
  readonly hasMore: boolean;
  readonly keptSince: string | null;
}

interface LedgerView {
  /** null until the day that was asked for is there. */
  readonly read: LedgerDay | null;
  readonly failure: Failure | null;
  readonly readMore: () => void;
  readonly retry: () => void;
}

/** Reads one day of the ledger, page by page; anew when `version` changes, because something has left since. */
export function useLedger(client: AgentClient, day: string, version: unknown): LedgerView {
  const isConnected = useIsConnected(client);
  const [read, setRead] = useState<LedgerDay | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [attempt, setAttempt] = useState(0);
  const load = useCallback(
    async (before: LedgerDay | null, isWanted: () => boolean) => {
      const after = before?.entries.at(-1)?.entryId ?? 0;
      const answer = await client.ask({ query: 'ledger', of: queryOfDay(day, after) });
      if (!isWanted()) return;
      setFailure(answer.kind === 'answered' ? null : answer);
      if (answer.kind !== 'answered') return;
      const { entries, hasMore, keptSince } = answer.answer.page;
      setRead({ day, entries: [...(before?.entries ?? []), ...entries], hasMore, keptSince });
    },
    [client, day],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: version and attempt are triggers, not inputs
  useEffect(() => {
    let isWanted = true;
    if (isConnected) void load(null, () => isWanted);
    return () => {
      isWanted = false;
    };
  }, [load, isConnected, version, attempt]);
  const shown = read?.day === day ? read : null;
  return {
    read: shown,
    failure,
    readMore: () => void load(shown, () => true),
    retry: () => setAttempt(attempt + 1),
  };
}
