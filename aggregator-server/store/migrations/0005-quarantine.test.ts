import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf, TASK_WITH_CLIENT } from '../../testing/migrated.ts';

/** What a program of schema 4 leaves: one merged update, one refused, one that waits. */
const CONTENT = `
  ${TASK_WITH_CLIENT}
  INSERT INTO bases (id, task_id, client_id, version, weights_digest, calibration, issued_at)
    VALUES ('b1', 't', 'osaka', 0, 'g0', '[]', 'then'), ('b2', 't', 'osaka', 1, 'g1', '[]', 'then'),
           ('b3', 't', 'osaka', 1, 'g1', '[]', 'then');
  INSERT INTO updates VALUES
    ('u1', 1, 't', 'osaka', 'b1', 2, 30, '{}', 'w1', 'applied', 'then', 'later', 0, 0.6, '[]', 1, 'merged', NULL),
    ('u2', 2, 't', 'osaka', 'b2', 1, 40, '{}', 'w2', 'refused', 'then', NULL, NULL, NULL, NULL, NULL, NULL, 'update/not-finite'),
    ('u3', 3, 't', 'osaka', 'b3', 1, 40, '{}', 'w3', 'received', 'then', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  UPDATE bases SET update_id = 'u1' WHERE id = 'b2';
  UPDATE clients SET base_id = 'b3';
`;

it('carries all updates over, none of them in quarantine', () => {
  const database = catalogueOf(4, CONTENT);
  const before = rowsOf(database, 'SELECT * FROM updates ORDER BY id');
  migrateTo(database, 5);
  const after = rowsOf(database, 'SELECT * FROM updates ORDER BY id');
  expect(after.map((row) => row.slice(0, 18))).toEqual(before);
  expect(after.map((row) => row.slice(18))).toEqual([1, 2, 3].map(() => [null, null, null]));
  expect(rowsOf(database, 'SELECT update_id FROM bases ORDER BY id')).toEqual([[null], ['u1'], [null]]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

it('holds what is in quarantine together with its reason', () => {
  const database = catalogueOf(5);
  database.exec(
    CONTENT.replaceAll(/NULL\)(,|;)/g, 'NULL, NULL, NULL, NULL)$1').replace(
      "not-finite')",
      "not-finite', NULL, NULL, NULL)",
    ),
  );
  const quarantine = (values: string) =>
    database.exec(`UPDATE updates SET state = 'quarantined', ${values} WHERE id = 'u3'`);
  expect(() => quarantine('finding = NULL')).toThrow('CHECK');
  expect(() => quarantine("finding = '{}'")).toThrow('CHECK');
  expect(() => quarantine("finding = '{}', quarantined_at = 'now', released_at = 'now'")).toThrow('CHECK');
  quarantine("finding = '{}', quarantined_at = 'now'");
});

it('makes the same schema from nothing as from schema 4', () => {
  const migrated = catalogueOf(4, CONTENT);
  migrateTo(migrated, 5);
  expect(schemaOf(migrated)).toEqual(schemaOf(catalogueOf(5)));
});
