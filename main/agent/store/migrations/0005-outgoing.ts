/** Room for updates that travel in another form than their weights. */
export const OUTGOING_SCHEMA = `
  -- The bytes of the outstanding update, where they are not the weights kept as 'sent' but lead to them.
  CREATE TABLE outgoing (
    update_id TEXT PRIMARY KEY REFERENCES outbox (update_id),
    encoding  TEXT NOT NULL CHECK (encoding IN ('float16', 'int8')),
    sha256    TEXT NOT NULL,
    bytes     BLOB NOT NULL
  ) STRICT;
`;
