/** Room for the reference of a client that calibrates by itself. */
export const REFERENCE = `
  -- Whole models, float32 little-endian, apart from the small rows: SQLite writes a row anew with every change.
  --   own:  what this client has now          start: what it last installed
  --   sent: the outstanding update, frozen when it was first offered
  --   reference: the global weights that the next shift is measured against; only where this client calibrates
  CREATE TABLE weights_rebuilt (
    name  TEXT PRIMARY KEY CHECK (name IN ('own', 'start', 'sent', 'reference')),
    bytes BLOB NOT NULL
  ) STRICT;
  INSERT INTO weights_rebuilt SELECT name, bytes FROM weights;
  DROP TABLE weights;
  ALTER TABLE weights_rebuilt RENAME TO weights;
`;
