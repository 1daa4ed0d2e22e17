/** Keys of this device and the aggregator it has enrolled with. */
export const IDENTITY_SCHEMA = `
  -- What each key is for; the private halves lie in the key store, written before a row names them.
  --   enrolling: an invitation introduces it            current: it opens connections
  --   next: it is to follow the current one             accepted: the aggregator has the next one on its disk
  CREATE TABLE device_key (
    key_id     TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('enrolling', 'current', 'next', 'accepted')),
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX device_key_one_per_part ON device_key (iif(state = 'accepted', 'next', state));

  -- One row from the first enrolment on: what the invitation said and what was found to be true.
  CREATE TABLE enrolment (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    servers     TEXT NOT NULL,
    certificate TEXT NOT NULL,
    anchor      TEXT NOT NULL,
    task_id     TEXT NOT NULL,
    plant_name  TEXT NOT NULL,
    code_digest TEXT NOT NULL,
    enrolled_at TEXT NOT NULL
  ) STRICT;
`;
