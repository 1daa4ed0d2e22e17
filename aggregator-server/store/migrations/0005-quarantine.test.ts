import Sqlite, { type Database } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './list.ts';

/** What a program of schema 4 leaves: one merged update, one refused, one that waits. */
const CONTENT = `
  INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
  INSERT INTO task_state (task_id, global_version) VALUES ('t', 1);
  INSERT INTO clients (task_id, client_id, plant_name, last_seen_at) VALUES ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z');
  INSERT INTO bases (id, task_id, client_id, version, weights_digest, calibration, issued_at)
    VALUES ('b1', 't', 'osaka', 0, 'g0', '[]', 'then'), ('b2', 't', 'osaka', 1, 'g1', '[]', 'then'),
           ('b3', 't', 'osaka', 1, 'g1', '[]', 'then');
  INSERT INTO updates VALUES
    ('u1', 1, 't', 'osaka', 'b1', 2, 30, '{}', 'w1', 'applied', 'then', 'later', 0, 0.6, '[]', 1, 'merged', NULL),
    ('u2', 2, 't', 'osaka', 'b2', 1, 40, '{}', 'w2', 'refused', 'then', NULL, NULL, NULL, NULL, NULL, NULL, 'update/not-finite'),
    ('u3', 3, 't', 'osaka', 'b3', 1, 40, '{}', 'w3', 'received', 'then', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  UPDATE bases SET update_id = 'u1' WHERE id = 'b2';
  UPDATE clients SET base_id = 'b3';
`;

function open(version: number): Database {
  const database = new Sqlite(':memory:');
  database.pragma('foreign_keys = OFF');
  migrate(database, MIGRATIONS.slice(0, version));
  return database;
}

function rows(database: Database, sql: string): unknown[][] {
  return database.prepare(sql).raw().all() as unknown[][];
}

it('carries all updates over, none of them in quarantine', () => {
  const database = open(4);
  database.exec(CONTENT);
  const before = rows(database, 'SELECT * FROM updates ORDER BY id');
  migrate(database, MIGRATIONS.slice(0, 5));
  const after = rows(database, 'SELECT * FROM updates ORDER BY id');
  expect(after.map((row) => row.slice(0, 18))).toEqual(before);
  expect(after.map((row) => row.slice(18))).toEqual([1, 2, 3].map(() => [null, null, null]));
  expect(rows(database, 'SELECT update_id FROM bases ORDER BY id')).toEqual([[null], ['u1'], [null]]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

it('holds what is in quarantine together with its reason', () => {
  const database = open(5);
  database.exec(
    CONTENT.replaceAll(/NULL\)(,|;)/g, 'NULL, NULL, NULL, NULL)$1').replace(
      "not-finite')",
      "not-finite', NULL, NULL, NULL)",
    ),
  );
  const quarantine = (values: string) =>
    database.exec(`UPDATE updates SET state = 'quarantined', ${values} WHERE id = 'u3'`);
  expect(() => quarantine('finding = NULL')).toThrow('CHECK');
  expect(() => quarantine("finding = '{}'")).toThrow('CHECK');
  expect(() => quarantine("finding = '{}', quarantined_at = 'now', released_at = 'now'")).toThrow('CHECK');
  quarantine("finding = '{}', quarantined_at = 'now'");
});

it('makes the same schema from nothing as from schema 4', () => {
  const migrated = open(4);
  migrated.exec(CONTENT);
  migrate(migrated, MIGRATIONS.slice(0, 5));
  const schema = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
  expect(rows(migrated, schema)).toEqual(rows(open(5), schema));
});
