import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../database.ts';
import { INITIAL_SCHEMA } from './0001-initial.ts';

const schemaOf = (database: Database.Database) =>
  database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();

function opened(folder: string): Database.Database {
  const database = openAgentDatabase(folder);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

it('carries a database of schema 1 over with all it holds, and makes what a new one has', () => {
  const { root } = temporaryFolder();
  const old = new Database(`${root}/agent.sqlite`);
  old.exec(INITIAL_SCHEMA);
  old.pragma('user_version = 1');
  old.exec(`
    INSERT INTO setting VALUES ('plantName', '"仙台"');
    INSERT INTO client VALUES (1, 'client', '{}', 'b1', 7);
    INSERT INTO weights VALUES ('own', x'0000803f');
    INSERT INTO outbox (update_id, state, created_at) VALUES ('u1', 'pending', '2026-11-20T00:00:00.000Z');
  `);
  const content = ['setting', 'client', 'weights', 'outbox'].map((table) =>
    (old.prepare(`SELECT * FROM ${table}`).all() as object[]).map((row) => expect.objectContaining(row)),
  );
  old.close();

  const migrated = opened(root);
  expect(
    ['setting', 'client', 'weights', 'outbox'].map((table) =>
      migrated.prepare(`SELECT * FROM ${table}`).all(),
    ),
  ).toEqual(content);
  expect(migrated.prepare('SELECT COUNT(*) FROM device_key').pluck().get()).toBe(0);
  expect(schemaOf(migrated)).toEqual(schemaOf(opened(temporaryFolder().root)));
});
