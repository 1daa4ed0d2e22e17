import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { IDENTITY_SCHEMA } from './0002-identity.ts';
import { REFERENCE } from './0003-reference.ts';
import { HELD_UPDATES } from './0004-held.ts';

describe('schema 4', () => {
  it('keeps every update, none of them held, and only knows reasons that have words', () => {
    const database = new Database(':memory:');
    database.exec(INITIAL_SCHEMA);
    database.exec(IDENTITY_SCHEMA);
    database.exec(REFERENCE);
    database.exec("INSERT INTO outbox (update_id, state, created_at) VALUES ('u1', 'pending', 'then')");
    database.exec(HELD_UPDATES);
    expect(database.prepare('SELECT update_id, held_reason, held_at FROM outbox').raw().all()).toEqual([
      ['u1', null, null],
    ]);
    database.exec("UPDATE outbox SET held_reason = 'check-set', held_at = 'now'");
    expect(() => database.exec("UPDATE outbox SET held_reason = 'other'")).toThrow('CHECK');
  });
});
