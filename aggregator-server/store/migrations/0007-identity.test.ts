import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf, TASK_WITH_CLIENT } from '../../testing/migrated.ts';

it('leaves a catalogue of schema 6 as it is, and adds room for identities', () => {
  const database = catalogueOf(6, TASK_WITH_CLIENT);
  const before = rowsOf(database, 'SELECT * FROM clients');
  migrateTo(database, 7);
  expect(rowsOf(database, 'SELECT * FROM clients')).toEqual(before);
  for (const table of ['devices', 'invitations', 'audit'])
    expect(rowsOf(database, `SELECT * FROM ${table}`)).toEqual([]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
});

it('makes the same schema from nothing as from schema 6', () => {
  const migrated = catalogueOf(6, TASK_WITH_CLIENT);
  migrateTo(migrated, 7);
  expect(schemaOf(migrated)).toEqual(schemaOf(catalogueOf(7)));
});
