import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { MODELS_SCHEMA } from './0009-models.ts';

it('has room for each of the four models once, and forgets what is known of weights that are gone', () => {
  const database = new Database(':memory:');
  database.pragma('foreign_keys = ON');
  database.exec(INITIAL_SCHEMA);
  database.exec(MODELS_SCHEMA);
  const weights = database.prepare("INSERT INTO model_weights VALUES (?, x'00000000')");
  const add = database.prepare("INSERT INTO model VALUES (?, 'own', 'd', 'b', 1, 1, 'then', NULL, NULL)");
  for (const name of ['own', 'in-use']) {
    weights.run(name);
    add.run(name);
  }
  expect(() => weights.run('own')).toThrow('UNIQUE');
  expect(() => weights.run('another')).toThrow('CHECK');
  expect(() => add.run('shared')).toThrow('FOREIGN KEY');
  database.exec("DELETE FROM model_weights WHERE name = 'own'");
  expect(database.prepare('SELECT name FROM model').pluck().all()).toEqual(['in-use']);
  database.close();
});
