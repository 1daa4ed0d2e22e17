/** What people said of pictures. Nothing is ever removed: who takes a label back leaves both marks. */
export const LABELS_SCHEMA = `
  CREATE TABLE label (
    label_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    -- sha256 of the picture's bytes.
    picture     TEXT NOT NULL,
    -- Where it lay then, for people.
    path        TEXT NOT NULL,
    class       TEXT NOT NULL,
    labelled_by TEXT NOT NULL,
    labelled_at TEXT NOT NULL,
    undone_at   TEXT
  ) STRICT;

  -- A picture has one label at most that holds.
  CREATE UNIQUE INDEX label_in_force ON label (picture) WHERE undone_at IS NULL;
`;
