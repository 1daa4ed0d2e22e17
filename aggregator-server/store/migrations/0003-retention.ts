/**
 * Says of each row whether its file was let go on purpose (`evicted_at`), so that what is missing without that is known
 * as damage. A base's file is needed until it is installed; from then on only as what the strategy keeps of its client.
 */
export const retention = {
  version: 3,
  sql: `
    ALTER TABLE versions ADD COLUMN evicted_at TEXT;
    -- Programs of schema 2 kept the newest twenty.
    UPDATE versions SET evicted_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      WHERE version <= (SELECT global_version FROM task_state s WHERE s.task_id = versions.task_id) - 20;
    DROP INDEX versions_by_digest;
    CREATE INDEX versions_by_digest ON versions (digest) WHERE evicted_at IS NULL;
    CREATE INDEX versions_kept ON versions (task_id, version) WHERE evicted_at IS NULL;

    ALTER TABLE client_vectors ADD COLUMN evicted_at TEXT;
    DROP INDEX client_vectors_by_digest;
    CREATE INDEX client_vectors_by_digest ON client_vectors (digest) WHERE evicted_at IS NULL;

    ALTER TABLE bases ADD COLUMN evicted_at TEXT;
    DROP INDEX bases_by_weights;
    CREATE INDEX bases_by_weights ON bases (weights_digest) WHERE installed_at IS NULL AND evicted_at IS NULL;
  `,
} as const;
