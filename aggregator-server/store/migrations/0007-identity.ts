/**
 * Who may connect: invitations, the devices that used one, and a record of what happened around them that can be
 * added to but not changed.
 */
export const identity = {
  version: 7,
  sql: `
    CREATE TABLE devices (
      id              TEXT PRIMARY KEY,
      task_id         TEXT NOT NULL REFERENCES tasks (id),
      client_id       TEXT NOT NULL,
      plant_name      TEXT NOT NULL,
      -- sha256 of the public key; both in the forms of the wire.
      key_id          TEXT NOT NULL UNIQUE,
      public_key      TEXT NOT NULL,
      -- The key that takes over with its first proof.
      next_key_id     TEXT UNIQUE,
      next_public_key TEXT,
      enrolled_at     TEXT NOT NULL,
      revoked_at      TEXT,
      CHECK ((next_key_id IS NULL) = (next_public_key IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX devices_in_use ON devices (task_id, client_id) WHERE revoked_at IS NULL;
    CREATE INDEX devices_by_client ON devices (client_id);

    CREATE TABLE invitations (
      -- sha256 of the code, which is not kept.
      code_digest TEXT PRIMARY KEY,
      task_id     TEXT NOT NULL REFERENCES tasks (id),
      plant_name  TEXT NOT NULL,
      created_at  TEXT NOT NULL,
      expires_at  TEXT NOT NULL,
      spent_at    TEXT,
      spent_by    TEXT REFERENCES devices (id),
      CHECK ((spent_at IS NULL) = (spent_by IS NULL))
    ) STRICT;

    CREATE TABLE audit (
      sequence       INTEGER PRIMARY KEY,
      at             TEXT NOT NULL,
      event          TEXT NOT NULL,
      actor          TEXT NOT NULL,
      task_id        TEXT,
      client_id      TEXT,
      remote_address TEXT,
      detail         TEXT NOT NULL,
      -- sha256 over the digest before and all columns of this row.
      digest         TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
      BEGIN SELECT raise(ABORT, 'the audit record is not changed'); END;
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
      BEGIN SELECT raise(ABORT, 'the audit record is not changed'); END;
  `,
} as const;
