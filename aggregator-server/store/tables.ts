import type { Catalogue } from './catalogue.ts';
import type { ExchangeTable } from './exchange-table.ts';
import type { IdentityRegister } from './identity-register.ts';
import type { OperatorTable } from './operator-table.ts';
import type { RetentionPolicy } from './retention-policy.ts';
import type { ScreeningTable } from './screening-table.ts';
import { SqliteCatalogue } from './sqlite-catalogue.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteExchange } from './sqlite-exchange.ts';
import { SqliteIdentityRegister } from './sqlite-identity-register.ts';
import { SqliteOperators } from './sqlite-operators.ts';
import { SqliteScreening } from './sqlite-screening.ts';

/**
 * The interfaces that are kept in the catalogue's file. Their methods are asynchronous, one transaction each, and take
 * and return plain values, so that a thread can serve them; the compiler proves that in `tables-thread.ts`.
 */
export interface Tables {
  readonly catalogue: Catalogue;
  readonly screening: ScreeningTable;
  readonly operators: OperatorTable;
  readonly identities: IdentityRegister;
  readonly exchange: ExchangeTable;
}

/** What each is made of. */
const TABLES: {
  readonly [Name in keyof Tables]: (connection: SqliteConnection, policy?: RetentionPolicy) => Tables[Name];
} = {
  catalogue: (connection, policy) => new SqliteCatalogue(connection, policy),
  screening: (connection) => new SqliteScreening(connection),
  operators: (connection, policy) => new SqliteOperators(connection, policy),
  identities: (connection) => new SqliteIdentityRegister(connection),
  exchange: (connection) => new SqliteExchange(connection),
};

/** Opens the catalogue's file. @param policy which versions are kept */
export type OpensTables = (path: string, policy?: RetentionPolicy) => Promise<OpenTables>;

/** Tables of one open file; they are closed together. */
export interface OpenTables {
  readonly tables: Tables;
  /** Resolves when no call is answered any more: whatever was asked and not answered may or may not have happened. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** @returns the tables of an open file, served by the thread that calls */
export function tablesOf(connection: SqliteConnection, policy?: RetentionPolicy): Tables {
  const opened = Object.entries(TABLES).map(([name, open]) => [name, open(connection, policy)]);
  return Object.fromEntries(opened) as Tables;
}

/**
 * Opens the catalogue's file in this thread. Every commit holds the thread until the disk has it.
 * @throws AppError `store/newer-database`, `store/damaged`, `server/storage`
 */
export async function openTablesHere(path: string, policy?: RetentionPolicy): Promise<OpenTables> {
  const connection = SqliteConnection.open(path);
  return {
    tables: tablesOf(connection, policy),
    lost: new Promise(() => {}),
    close: async () => connection.close(),
  };
}
