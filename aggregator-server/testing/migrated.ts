import Sqlite, { type Database } from 'better-sqlite3';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/list.ts';

/** What programs of schema 2 and later leave of a task with one client, before anything was sent. */
export const TASK_WITH_CLIENT = `
  INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
  INSERT INTO task_state (task_id, global_version) VALUES ('t', 1);
  INSERT INTO clients (task_id, client_id, plant_name, last_seen_at)
    VALUES ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z');
`;

/** A catalogue in memory, as a program of a schema makes it. @param content rows to be put in */
export function catalogueOf(schema: number, content = ''): Database {
  const database = new Sqlite(':memory:');
  database.pragma('foreign_keys = OFF');
  migrate(database, MIGRATIONS.slice(0, schema));
  database.exec(content);
  return database;
}

/** Brings a catalogue up to a schema. */
export function migrateTo(database: Database, schema: number): void {
  migrate(database, MIGRATIONS.slice(0, schema));
}

export function rowsOf(database: Database, sql: string): unknown[][] {
  return database.prepare(sql).raw().all() as unknown[][];
}

/** Tables, indexes and triggers, as SQL. */
export function schemaOf(database: Database): unknown[][] {
  return rowsOf(
    database,
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
  );
}
