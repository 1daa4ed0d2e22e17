/** Where the audit record ends, apart from its rows: by those alone a record that was cut off looks whole. */
export const auditEnd = {
  version: 11,
  sql: `
    CREATE TABLE audit_end (
      -- One row.
      id       INTEGER PRIMARY KEY CHECK (id = 1),
      sequence INTEGER NOT NULL,
      digest   TEXT NOT NULL
    ) STRICT;
    INSERT INTO audit_end
      SELECT 1, sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1;
    -- In the transaction of the row itself.
    CREATE TRIGGER audit_end_follows AFTER INSERT ON audit
      BEGIN INSERT INTO audit_end VALUES (1, NEW.sequence, NEW.digest)
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest; END;
    CREATE TRIGGER audit_end_is_not_deleted BEFORE DELETE ON audit_end
      BEGIN SELECT raise(ABORT, 'the audit record is not changed'); END;
  `,
} as const;
