import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { WATCHED_FILES_SCHEMA } from './0010-watched-files.ts';

it('has one row per watched file, which need not have been read yet, and keeps the watches there are', () => {
  const database = new Database(':memory:');
  database.exec(INITIAL_SCHEMA);
  const watches = JSON.stringify([{ folder: 'C:\\検査 "1"', results: 'C:\\a.csv', language: 'ja' }]);
  database.prepare("INSERT INTO setting VALUES ('watches', ?)").run(watches);
  database.exec(WATCHED_FILES_SCHEMA);
  expect(
    JSON.parse(database.prepare("SELECT value FROM setting WHERE key = 'watches'").pluck().get() as string),
  ).toEqual([{ path: 'C:\\検査 "1"', results: 'C:\\a.csv', language: 'ja' }]);
  const add = database.prepare(
    "INSERT INTO watched_file VALUES (?, 'r', 'p', '1', 0, NULL, NULL, 0, NULL, NULL, NULL)",
  );
  add.run('a');
  add.run('b');
  expect(() => add.run('a')).toThrow('UNIQUE');
  expect(database.prepare('SELECT count(*) FROM watched_file').pluck().get()).toBe(2);
  database.close();
});
