import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { LABELS_SCHEMA } from './0008-labels.ts';

it('has room for one label in force per picture, and for all that were taken back', () => {
  const database = new Database(':memory:');
  database.exec(LABELS_SCHEMA);
  const add = database.prepare(
    "INSERT INTO label (picture, path, class, labelled_by, labelled_at, undone_at) VALUES (?, 'x', 'OK', 'y', 'z', ?)",
  );
  add.run('p', 'then');
  add.run('p', 'later');
  add.run('p', null);
  add.run('q', null);
  expect(() => add.run('p', null)).toThrow('UNIQUE');
  database.close();
});
