import Sqlite, { type Database } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './list.ts';

function open(version: number): Database {
  const database = new Sqlite(':memory:');
  database.pragma('foreign_keys = OFF');
  migrate(database, MIGRATIONS.slice(0, version));
  return database;
}

it('leaves a catalogue of schema 7 as it is, and adds room for what files have said', () => {
  const database = open(7);
  database.exec(`
    INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
    INSERT INTO clients (task_id, client_id, plant_name, last_seen_at)
      VALUES ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z');
  `);
  const rows = (table: string) => database.prepare(`SELECT * FROM ${table}`).raw().all();
  const before = rows('clients');
  migrate(database, MIGRATIONS.slice(0, 8));
  expect(rows('clients')).toEqual(before);
  expect([rows('file_refusals'), rows('answered_requests')]).toEqual([[], []]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  const schema = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
  expect(database.prepare(schema).all()).toEqual(open(8).prepare(schema).all());
});
