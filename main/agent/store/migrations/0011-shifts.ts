/** What people of a later shift want to know and nothing else keeps: what stood in the way, and what was judged. */
export const SHIFTS_SCHEMA = `
  CREATE TABLE trouble (
    trouble_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 'offline', or the code of a problem.
    what       TEXT NOT NULL,
    started_at TEXT NOT NULL,
    -- null while it lasts.
    ended_at   TEXT
  ) STRICT;
  CREATE UNIQUE INDEX trouble_standing ON trouble (what) WHERE ended_at IS NULL;

  -- Results of all watches, by the hour (2026-11-26T08:00:00.000Z) in which they were counted.
  CREATE TABLE judged_hour (
    hour     TEXT PRIMARY KEY,
    ok       INTEGER NOT NULL,
    ng       INTEGER NOT NULL,
    named    INTEGER NOT NULL,
    unjudged INTEGER NOT NULL
  ) STRICT;
`;
