/** The thread that holds the catalogue's file; started by `openTablesInThread`. */
import { announce, answerCalls, methodNames } from '../threads/answer-calls.ts';
import { FOREIGN_CHANGE_MS } from './catalogue.ts';
import type { RetentionPolicy } from './retention-policy.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { tablesOf } from './tables.ts';

/** The methods of each table. */
export type TableMethods = Readonly<Record<string, readonly string[]>>;

let connection: SqliteConnection | undefined;
const services: Record<string, object> = { file: { open, close } };
answerCalls(services);

/** @throws AppError `store/newer-database`, `store/damaged`, `server/storage` */
function open(path: string, policy?: RetentionPolicy): TableMethods {
  connection = SqliteConnection.open(path);
  connection.watchForeignChanges(() => announce('foreign-change'), FOREIGN_CHANGE_MS);
  const tables = Object.entries(tablesOf(connection, policy));
  Object.assign(services, Object.fromEntries(tables));
  return Object.fromEntries(tables.map(([name, table]) => [name, methodNames(table)]));
}

function close(): void {
  connection?.close();
}
