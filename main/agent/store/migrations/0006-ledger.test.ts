import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { LEDGER_SCHEMA } from './0006-ledger.ts';

function migrated(before = ''): Database.Database {
  const database = new Database(':memory:');
  database.exec(INITIAL_SCHEMA);
  database.exec(before);
  database.exec(LEDGER_SCHEMA);
  database.exec(`INSERT INTO outbox (update_id, state, created_at) VALUES ('u1', 'pending', 'then')`);
  return database;
}

const row = (channel: string, sent: number, ended: string, outcome: string) =>
  `INSERT INTO ledger (started_at, ended_at, channel, peer, task_id, content, update_id, rounds, first_byte,
                       planned_bytes, sent_bytes, outcome)
   VALUES ('a', ${ended}, '${channel}', 'p', 't', 'update', 'u1', 1, 0, 10, ${sent}, '${outcome}')`;

describe('schema 6', () => {
  it('says of a PC that was there before that the ledger begins now, and of a new one nothing', () => {
    const since = (database: Database.Database) =>
      database.prepare('SELECT ledger_since FROM client').pluck().get();
    expect(since(migrated("INSERT INTO client (only_row, client_id) VALUES (1, 'c')"))).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    );
    const fresh = migrated();
    fresh.exec("INSERT INTO client (only_row, client_id) VALUES (1, 'c')");
    expect(since(fresh)).toBeNull();
  });

  it.each([
    ['network', 3, 'NULL', 'running'],
    ['file', 10, "'b'", 'complete'],
    ['network', 3, "'b'", 'broken-off'],
    ['network', 10, "'b'", 'broken-off'],
    ['network', 3, "'b'", 'unknown'],
  ])('takes a delivery by %s of %i of 10 bytes, ended %s, %s', (...values) => {
    expect(() => migrated().exec(row(...values))).not.toThrow();
  });

  it.each([
    ['pigeon', 3, 'NULL', 'running'],
    ['network', 11, 'NULL', 'running'],
    ['network', 3, "'b'", 'complete'],
    ['network', -1, 'NULL', 'running'],
    ['network', 3, "'b'", 'running'],
    ['network', 3, 'NULL', 'unknown'],
  ])('refuses a delivery by %s of %i of 10 bytes, ended %s, %s', (...values) => {
    expect(() => migrated().exec(row(...values))).toThrow('CHECK');
  });
});
