import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, schemaOf } from '../../testing/migrated.ts';
import { REFERENCED_WEIGHTS } from '../statements.ts';

/** What a program of schema 2 leaves after 25 versions: osaka has its base, nagoya has not fetched its own yet. */
const CONTENT = `
  INSERT INTO tasks VALUES ('t', 'm', '2026-11-20T06:00:00.000Z');
  INSERT INTO task_state VALUES ('t', 25, '{}', '{}');
  INSERT INTO task_vectors VALUES ('t', 'globalWeights', 'g25'), ('t', 'relayWeights', 'r25');
  WITH RECURSIVE v (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM v WHERE n < 25)
    INSERT INTO versions SELECT 't', n, 'g' || n, '2026-11-20T07:00:00.000Z' FROM v;
  INSERT INTO clients (task_id, client_id, plant_name, last_seen_at) VALUES
    ('t', 'osaka', '大阪', '2026-11-20T06:00:00.000Z'), ('t', 'nagoya', '名古屋', '2026-11-20T06:00:00.000Z');
  INSERT INTO bases (id, task_id, client_id, version, weights_digest, calibration, issued_at, installed_at) VALUES
    ('b1', 't', 'osaka', 3, 's3', '[]', '2026-11-20T06:00:00.000Z', '2026-11-20T06:01:00.000Z'),
    ('b2', 't', 'nagoya', 4, 's4', '[]', '2026-11-20T06:00:00.000Z', NULL);
  UPDATE clients SET base_id = CASE client_id WHEN 'osaka' THEN 'b1' ELSE 'b2' END;
  INSERT INTO client_vectors VALUES ('t', 'nagoya', 'startWeights', 's4');
`;

it('knows what the older program had let go of, and needs what it kept', () => {
  const database = catalogueOf(2, CONTENT);
  migrateTo(database, 3);
  const kept = 'SELECT version FROM versions WHERE evicted_at IS NULL ORDER BY version';
  expect(database.prepare(kept).pluck().all()).toEqual(Array.from({ length: 20 }, (_, index) => index + 6));
  const needed = database.prepare(`SELECT DISTINCT digest FROM (${REFERENCED_WEIGHTS}) ORDER BY digest`);
  const versions = Array.from({ length: 20 }, (_, index) => `g${index + 6}`);
  // Osaka has installed s3, and no strategy keeps it.
  expect(needed.pluck().all()).toEqual([...versions, 'r25', 's4'].sort());
  expect(database.pragma('foreign_key_check')).toEqual([]);
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

it('makes the same schema from nothing as from schema 2', () => {
  const migrated = catalogueOf(2, CONTENT);
  migrateTo(migrated, 3);
  expect(schemaOf(migrated)).toEqual(schemaOf(catalogueOf(3)));
});
