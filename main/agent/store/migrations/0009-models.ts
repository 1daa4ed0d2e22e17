/** The three models of the last sync, the one in use, and how they were judged. */
export const MODELS_SCHEMA = `
  -- Whole models, float32 little-endian, apart from the small rows: SQLite writes a row anew with every change.
  --   own:    this client's weights right before the newest sync     shared: the global weights of about that sync
  --   together: what the sync made of them                          in-use: a copy of the one that judges new parts
  CREATE TABLE model_weights (
    name  TEXT PRIMARY KEY CHECK (name IN ('own', 'shared', 'together', 'in-use')),
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE model (
    name           TEXT PRIMARY KEY REFERENCES model_weights (name) ON DELETE CASCADE,
    -- Which of the three; of 'in-use' the one it was copied from.
    origin         TEXT NOT NULL CHECK (origin IN ('own', 'shared', 'together')),
    digest         TEXT NOT NULL,
    base_id        TEXT NOT NULL,
    global_version INTEGER NOT NULL,
    round          INTEGER NOT NULL,
    -- When that sync was, and since when the one in use is in use.
    synced_at      TEXT NOT NULL,
    since          TEXT,
    -- How it was judged, as JSON; null until it is.
    judgement      TEXT
  ) STRICT;

  -- One per sync that was judged.
  CREATE TABLE comparison (
    comparison_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    base_id        TEXT NOT NULL UNIQUE,
    synced_at      TEXT NOT NULL,
    round          INTEGER NOT NULL,
    global_version INTEGER NOT NULL,
    score_kind     TEXT NOT NULL,
    examples       INTEGER NOT NULL,
    own            REAL,
    shared         REAL,
    together       REAL,
    in_use         REAL
  ) STRICT;

  -- Nothing is ever removed: who decided what, and why.
  CREATE TABLE model_decision (
    decision_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    decided_at     TEXT NOT NULL,
    -- null: the gate.
    decided_by     TEXT,
    kind           TEXT NOT NULL CHECK (kind IN ('taken', 'held-back', 'kept', 'automatic')),
    origin         TEXT CHECK (origin IN ('own', 'shared', 'together')),
    global_version INTEGER,
    reason         TEXT NOT NULL,
    score          REAL,
    in_use_score   REAL,
    -- How much worse than the best before it the model in use is from then on, 0 or less.
    deficit        REAL NOT NULL
  ) STRICT;

  -- What was measured may still have no accuracy: a number is learnt, or nothing is held out.
  ALTER TABLE install ADD COLUMN measured_at TEXT;
`;
