import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf } from '../../testing/migrated.ts';

/** What a program of schema 1 leaves: one merged update, one that waits, a client without a base. */
const CONTENT = `
  INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
  INSERT INTO task_state VALUES ('t', 1, 'g1', 'r1');
  INSERT INTO versions VALUES ('t', 0, 'g0', '2026-11-20T06:00:00.000Z'), ('t', 1, 'g1', '2026-11-20T07:00:00.000Z');
  INSERT INTO clients VALUES ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z', NULL),
                             ('t', 'nagoya', '名古屋', '2026-11-20T06:00:00.000Z', NULL),
                             ('t', 'sendai', '仙台', '2026-11-20T06:00:00.000Z', NULL);
  INSERT INTO bases VALUES
    ('b1', 't', 'osaka', 0, 'g0', 'g0', NULL, NULL, NULL, '[]', '2026-11-20T06:00:00.000Z', '2026-11-20T06:01:00.000Z'),
    ('b2', 't', 'nagoya', 0, 'g0', 'g0', NULL, NULL, NULL, '[]', '2026-11-20T06:00:00.000Z', NULL);
  INSERT INTO updates VALUES
    ('u1', 1, 't', 'osaka', 'b1', 2, 30, '{"loss":0.5,"validationAccuracy":null}', 'w1', 'applied',
     '2026-11-20T06:59:00.000Z', '2026-11-20T07:00:00.000Z', 0, 0.6, '[{"group":"logits","coefficient":0.25}]', 1),
    ('u2', 2, 't', 'nagoya', 'b2', 1, 40, '{"loss":null,"validationAccuracy":0.5}', 'w2', 'received',
     '2026-11-20T07:30:00.000Z', NULL, NULL, NULL, NULL, NULL);
  INSERT INTO bases VALUES
    ('b3', 't', 'osaka', 1, 'r1', 'g1', 'u1', 0, 0.6, '[{"group":"logits","coefficient":0.25}]',
     '2026-11-20T07:00:00.000Z', NULL);
  UPDATE clients SET base_id = 'b3' WHERE client_id = 'osaka';
  UPDATE clients SET base_id = 'b2' WHERE client_id = 'nagoya';
`;

it('carries a catalogue of schema 1 over with all it holds', () => {
  const database = catalogueOf(1, CONTENT);
  const before = rowsOf(database, 'SELECT * FROM updates ORDER BY id');
  migrateTo(database, 2);

  expect(rowsOf(database, 'SELECT * FROM task_state')).toEqual([['t', 1, null, '{}']]);
  expect(rowsOf(database, 'SELECT * FROM task_vectors ORDER BY name')).toEqual([
    ['t', 'globalWeights', 'g1'],
    ['t', 'relayWeights', 'r1'],
  ]);
  expect(rowsOf(database, 'SELECT * FROM client_vectors ORDER BY client_id, name')).toEqual([
    ['t', 'nagoya', 'averageAtBase', 'g0'],
    ['t', 'nagoya', 'startWeights', 'g0'],
    ['t', 'osaka', 'averageAtBase', 'g1'],
    ['t', 'osaka', 'startWeights', 'r1'],
  ]);
  expect(
    rowsOf(database, 'SELECT client_id, base_id, is_held, scalars FROM clients ORDER BY base_id'),
  ).toEqual([
    ['sendai', null, 0, '{}'],
    ['nagoya', 'b2', 0, '{}'],
    ['osaka', 'b3', 0, '{}'],
  ]);
  expect(rowsOf(database, 'SELECT id, weights_digest, update_id FROM bases ORDER BY id')).toEqual([
    ['b1', 'g0', null],
    ['b2', 'g0', null],
    ['b3', 'r1', 'u1'],
  ]);
  const after = rowsOf(database, 'SELECT * FROM updates ORDER BY id');
  expect(after.map((row) => row.slice(0, 16))).toEqual(before);
  expect(after.map((row) => row.slice(16))).toEqual([
    ['merged', null],
    [null, null],
  ]);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

it('makes the same schema from nothing as from schema 1', () => {
  const migrated = catalogueOf(1, CONTENT);
  migrateTo(migrated, 2);
  expect(schemaOf(migrated)).toEqual(schemaOf(catalogueOf(2)));
});

it('changes nothing when it would leave a broken reference', () => {
  const database = catalogueOf(1, CONTENT);
  database.exec("UPDATE clients SET base_id = 'gone' WHERE client_id = 'osaka'");
  expect(() => migrateTo(database, 2)).toThrow('broken references');
  expect(database.pragma('user_version', { simple: true })).toBe(1);
  expect(rowsOf(database, 'SELECT relay_digest FROM task_state')).toEqual([['r1']]);
});
