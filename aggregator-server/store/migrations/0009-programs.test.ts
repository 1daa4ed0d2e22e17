import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf, TASK_WITH_CLIENT } from '../../testing/migrated.ts';

it('knows of no program of the clients of a catalogue of schema 8, and keeps all else of them', () => {
  const database = catalogueOf(8, TASK_WITH_CLIENT);
  const before = rowsOf(database, 'SELECT * FROM clients')[0]!;
  migrateTo(database, 9);
  expect(rowsOf(database, 'SELECT * FROM clients')).toEqual([[...before, null, null]]);
  expect(rowsOf(database, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(schemaOf(database)).toEqual(schemaOf(catalogueOf(9)));
});
