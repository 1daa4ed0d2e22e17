import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { SHIFTS_SCHEMA } from './0011-shifts.ts';

it('has room for a trouble that stands once, and for all that are over', () => {
  const database = new Database(':memory:');
  database.exec(SHIFTS_SCHEMA);
  const add = database.prepare("INSERT INTO trouble (what, started_at, ended_at) VALUES (?, 'then', ?)");
  add.run('offline', 'later');
  add.run('offline', 'later');
  add.run('offline', null);
  add.run('clock/wrong', null);
  expect(() => add.run('offline', null)).toThrow('UNIQUE');
  database.close();
});
