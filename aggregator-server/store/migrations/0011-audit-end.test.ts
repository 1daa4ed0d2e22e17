import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf, TASK_WITH_CLIENT } from '../../testing/migrated.ts';

const row = (sequence: number) =>
  `INSERT INTO audit VALUES (${sequence}, 'then', 'enrolled', 'device', 't', 'osaka', NULL, '{}', 'd${sequence}');`;

it('remembers where the record of a catalogue of schema 10 ends, and follows it', () => {
  const database = catalogueOf(10, `${TASK_WITH_CLIENT} ${row(1)} ${row(2)}`);
  migrateTo(database, 11);
  const end = () => rowsOf(database, 'SELECT sequence, digest FROM audit_end');
  expect(end()).toEqual([[2, 'd2']]);
  database.exec(row(3));
  expect(end()).toEqual([[3, 'd3']]);
  // It is taken back with the row.
  database.exec(`BEGIN; ${row(4)} ROLLBACK;`);
  expect(end()).toEqual([[3, 'd3']]);
  expect(() => database.exec('DELETE FROM audit_end')).toThrow('not changed');
  expect(schemaOf(database)).toEqual(schemaOf(catalogueOf(11)));
});

it('has nothing to remember where there is no record yet', () => {
  const database = catalogueOf(11, TASK_WITH_CLIENT);
  expect(rowsOf(database, 'SELECT * FROM audit_end')).toEqual([]);
  database.exec(row(1));
  expect(rowsOf(database, 'SELECT * FROM audit_end')).toEqual([[1, 1, 'd1']]);
});
