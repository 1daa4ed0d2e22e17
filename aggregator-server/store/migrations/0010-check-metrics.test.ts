import { findingSchema } from '@genba/shared/federation/screening/finding';
import { expect, it } from 'vitest';
import { catalogueOf, migrateTo, rowsOf, schemaOf, TASK_WITH_CLIENT } from '../../testing/migrated.ts';

const BY_NORM = {
  kind: 'absolute',
  group: 'model',
  norm: 9,
  startNorm: 1,
  limit: 30,
};

it('tells what check sets found as accuracy, and leaves everything else', () => {
  const quarantined = (id: string, sequence: number, finding: object) => `
    INSERT INTO bases (id, task_id, client_id, version, weights_digest, calibration, issued_at, use)
      VALUES ('b${id}', 't', 'osaka', 0, 'g0', '[]', 'then', 'install');
    INSERT INTO updates (id, sequence, task_id, client_id, base_id, rounds, examples, metrics, digest, state, received_at,
                         finding, quarantined_at)
      VALUES ('u${id}', ${sequence}, 't', 'osaka', 'b${id}', 1, 9, '{}', 'w', 'quarantined', 'then',
              '${JSON.stringify(finding)}', 'then');`;
  const database = catalogueOf(
    9,
    `${TASK_WITH_CLIENT}
     ${quarantined('1', 1, { kind: 'check-set', accuracyBefore: 0.9, accuracyAfter: 0.1, limit: 0.7 })}
     ${quarantined('2', 2, BY_NORM)}`,
  );
  migrateTo(database, 10);
  const findings = rowsOf(database, 'SELECT finding FROM updates ORDER BY id').map(([text]) =>
    findingSchema.parse(JSON.parse(String(text))),
  );
  expect(findings).toEqual([
    { kind: 'check-set', metric: 'accuracy', before: 0.9, after: 0.1, limit: 0.7 },
    BY_NORM,
  ]);
  expect(schemaOf(database)).toEqual(schemaOf(catalogueOf(10)));
});
