import Sqlite, { type Database } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './list.ts';

/** What a program of schema 6 leaves: a task with a client. */
const CONTENT = `
  INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
  INSERT INTO task_state (task_id, global_version) VALUES ('t', 0);
  INSERT INTO clients (task_id, client_id, plant_name, last_seen_at)
    VALUES ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z');
`;

function open(version: number): Database {
  const database = new Sqlite(':memory:');
  database.pragma('foreign_keys = OFF');
  migrate(database, MIGRATIONS.slice(0, version));
  return database;
}

function rows(database: Database, sql: string): unknown[] {
  return database.prepare(sql).raw().all();
}

it('leaves a catalogue of schema 6 as it is, and adds room for identities', () => {
  const database = open(6);
  database.exec(CONTENT);
  const before = rows(database, 'SELECT * FROM clients');
  migrate(database, MIGRATIONS.slice(0, 7));
  expect(rows(database, 'SELECT * FROM clients')).toEqual(before);
  for (const table of ['devices', 'invitations', 'audit'])
    expect(rows(database, `SELECT * FROM ${table}`)).toEqual([]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
});

it('makes the same schema from nothing as from schema 6', () => {
  const migrated = open(6);
  migrated.exec(CONTENT);
  migrate(migrated, MIGRATIONS.slice(0, 7));
  const schema = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
  expect(rows(migrated, schema)).toEqual(rows(open(7), schema));
});
