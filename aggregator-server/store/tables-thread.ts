import { AppError } from '@genba/shared/errors/app-error';
import { CalledThread } from '../threads/called-thread.ts';
import type { Remote } from '../threads/thread-messages.ts';
import type { Catalogue } from './catalogue.ts';
import type { RetentionPolicy } from './retention-policy.ts';
import type { OpenTables, Tables } from './tables.ts';
import type { TableMethods } from './tables-worker.ts';

const ENTRY = new URL('./tables-worker.ts', import.meta.url);

/** What belongs to the file, not to one of its tables; it is no call into the thread. */
type OfFile = Pick<Catalogue, 'onForeignChange' | 'close'>;

/** The tables as this side makes them. That they are proper {@link Tables} proves every method callable. */
type ThreadTables = {
  readonly [Name in keyof Tables]: Remote<Omit<Tables[Name], keyof OfFile>> & OfFile;
};

/**
 * Opens the catalogue's file in a thread of its own, so that no commit holds up the event loop of the sessions. Calls
 * are executed in the order they are made. There is no second thread for one that dies: nobody could tell which of its
 * unanswered calls were committed, and memory must never differ from the catalogue. A start of the program, which reads
 * everything anew, is the way out; see {@link OpenTables.lost}.
 * @returns besides, `crash`, which kills the thread in the middle of its work; for tests
 * @throws AppError `store/newer-database`, `store/damaged`, `server/storage`
 */
export async function openTablesInThread(
  path: string,
  policy?: RetentionPolicy,
): Promise<OpenTables & { readonly crash: () => Promise<void> }> {
  const listeners = new Set<() => void>();
  const thread = new CalledThread({
    entry: ENTRY,
    name: 'genba catalogue',
    lost: (reason, cause) => new AppError('store/stopped', { detail: reason, cause }),
    onEvent: () => {
      for (const listener of listeners) listener();
    },
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    // Calls made before are executed before; of a thread that died nothing is left to close.
    closing ??= thread
      .call('file', 'close', [])
      .catch(() => {})
      .then(() => thread.end());
    return closing;
  };
  try {
    const methods = (await thread.call('file', 'open', [path, policy])) as TableMethods;
    const ofFile: OfFile = {
      close,
      onForeignChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const remote = (table: string) =>
      methods[table]!.map((method) => [
        method,
        (...parameters: unknown[]) => thread.call(table, method, parameters),
      ]);
    const made = Object.keys(methods).map((table) => [
      table,
      { ...Object.fromEntries(remote(table)), ...ofFile },
    ]);
    const tables: ThreadTables = Object.fromEntries(made);
    return { tables, lost: thread.died, close, crash: () => thread.crash() };
  } catch (thrown) {
    await thread.end();
    throw thrown;
  }
}
