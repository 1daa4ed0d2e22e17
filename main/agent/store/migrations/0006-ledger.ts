/** What left this PC: one row per delivery, kept for good. */
export const LEDGER_SCHEMA = `
  -- Written before the first byte leaves, so that no crash can hide a delivery; see Ledger for what the figures mean.
  CREATE TABLE ledger (
    entry_id      INTEGER PRIMARY KEY,
    started_at    TEXT NOT NULL,
    ended_at      TEXT,
    channel       TEXT NOT NULL CHECK (channel IN ('network', 'file')),
    peer          TEXT NOT NULL CHECK (peer <> ''),
    task_id       TEXT NOT NULL,
    content       TEXT NOT NULL CHECK (content IN ('update', 'start-weights')),
    update_id     TEXT NOT NULL REFERENCES outbox (update_id),
    rounds        INTEGER NOT NULL,
    first_round   INTEGER,
    last_round    INTEGER,
    first_byte    INTEGER NOT NULL CHECK (first_byte >= 0),
    planned_bytes INTEGER NOT NULL CHECK (planned_bytes >= 0),
    sent_bytes    INTEGER NOT NULL CHECK (sent_bytes BETWEEN 0 AND planned_bytes),
    outcome       TEXT NOT NULL CHECK (outcome IN ('running', 'complete', 'broken-off', 'unknown')),
    CHECK ((outcome = 'running') = (ended_at IS NULL)),
    CHECK (outcome <> 'complete' OR sent_bytes = planned_bytes)
  ) STRICT;
  CREATE INDEX ledger_by_start ON ledger (started_at);

  -- Since when the ledger is kept; null where that is since this PC's first day.
  ALTER TABLE client ADD COLUMN ledger_since TEXT;
  UPDATE client SET ledger_since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
`;
