/**
 * Updates in quarantine, the norms that new ones are compared with, what operators ask for while the server runs, and
 * where check sets lie. The table of updates is rebuilt, because SQLite cannot alter a constraint.
 */
export const quarantine = {
  version: 5,
  sql: `
    CREATE TABLE updates_rebuilt (
      id             TEXT PRIMARY KEY,
      sequence       INTEGER NOT NULL UNIQUE,
      task_id        TEXT NOT NULL,
      client_id      TEXT NOT NULL,
      base_id        TEXT NOT NULL UNIQUE REFERENCES bases (id),
      rounds         INTEGER NOT NULL CHECK (rounds >= 1),
      examples       INTEGER NOT NULL CHECK (examples >= 0),
      metrics        TEXT NOT NULL,
      digest         TEXT NOT NULL,
      state          TEXT NOT NULL CHECK (state IN ('received', 'applied', 'refused', 'quarantined')),
      received_at    TEXT NOT NULL,
      applied_at     TEXT,
      staleness      INTEGER CHECK (staleness >= 0),
      mixing_weight  REAL,
      calibration    TEXT,
      -- The global version right after the update, whether it changed it or not.
      version_after  INTEGER,
      effect         TEXT CHECK (effect IN ('merged', 'buffered', 'dropped')),
      -- Why it was set aside.
      refusal        TEXT,
      -- Why it was put into quarantine, as JSON; stays when it leaves it.
      finding        TEXT,
      quarantined_at TEXT,
      -- When an operator let it go on: it is not screened again.
      released_at    TEXT,
      CHECK ((state = 'applied') = (version_after IS NOT NULL)),
      CHECK ((state = 'applied') = (effect IS NOT NULL)),
      CHECK ((state = 'refused') = (refusal IS NOT NULL)),
      CHECK ((finding IS NULL) = (quarantined_at IS NULL)),
      CHECK (state <> 'quarantined' OR (finding IS NOT NULL AND released_at IS NULL)),
      FOREIGN KEY (task_id, client_id) REFERENCES clients (task_id, client_id)
    ) STRICT;
    INSERT INTO updates_rebuilt
      SELECT id, sequence, task_id, client_id, base_id, rounds, examples, metrics, digest, state, received_at,
             applied_at, staleness, mixing_weight, calibration, version_after, effect, refusal, NULL, NULL, NULL
      FROM updates;
    DROP TABLE updates;
    ALTER TABLE updates_rebuilt RENAME TO updates;
    CREATE INDEX updates_waiting ON updates (task_id, sequence) WHERE state = 'received';
    CREATE INDEX updates_quarantined ON updates (task_id, client_id) WHERE state = 'quarantined';
    CREATE INDEX updates_by_client ON updates (task_id, client_id);
    CREATE INDEX updates_by_digest ON updates (digest);
    -- A version comes from one update; one that a deadline or a rollback made comes from none.
    CREATE UNIQUE INDEX updates_by_version ON updates (task_id, version_after) WHERE effect = 'merged';

    -- How far applied updates moved the model: the newest of each client and of each task.
    CREATE TABLE update_norms (
      task_id   TEXT NOT NULL,
      sequence  INTEGER NOT NULL,
      client_id TEXT NOT NULL,
      rounds    INTEGER NOT NULL CHECK (rounds >= 1),
      -- Digest of the training settings: another learning rate gives other norms.
      training  TEXT NOT NULL,
      norms     TEXT NOT NULL,
      PRIMARY KEY (task_id, sequence),
      FOREIGN KEY (task_id, client_id) REFERENCES clients (task_id, client_id)
    ) STRICT;
    CREATE INDEX update_norms_by_client ON update_norms (task_id, client_id, sequence);

    -- What operators asked for, in order, and what became of it; also the record of who did what when.
    CREATE TABLE operator_requests (
      sequence     INTEGER PRIMARY KEY,
      id           TEXT NOT NULL UNIQUE,
      task_id      TEXT NOT NULL REFERENCES tasks (id),
      command      TEXT NOT NULL,
      requested_at TEXT NOT NULL,
      requested_by TEXT NOT NULL,
      state        TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'withdrawn')),
      result       TEXT,
      finished_at  TEXT,
      CHECK ((state = 'waiting') = (finished_at IS NULL))
    ) STRICT;
    CREATE INDEX operator_requests_waiting ON operator_requests (sequence) WHERE state = 'waiting';

    -- Where the server last found a task's check set, for commands that work without it.
    CREATE TABLE check_sets (
      task_id TEXT PRIMARY KEY REFERENCES tasks (id),
      folder  TEXT NOT NULL
    ) STRICT;
  `,
} as const;
