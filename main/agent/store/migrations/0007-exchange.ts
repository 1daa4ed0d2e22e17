/** What must be remembered while files are on their way between this PC and its aggregator. */
export const EXCHANGE_SCHEMA = `
  -- One row once this client has had to ask for weights by file: under which id, and on which base it was then.
  CREATE TABLE weights_request (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    request_id TEXT NOT NULL,
    base_id    TEXT
  ) STRICT;

  -- One row while an enrolment by file is on its way: what the invitation said, but for its code.
  CREATE TABLE enrolment_request (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    servers      TEXT NOT NULL,
    certificate  TEXT NOT NULL,
    task_id      TEXT NOT NULL,
    plant_name   TEXT NOT NULL,
    code_digest  TEXT NOT NULL,
    requested_at TEXT NOT NULL
  ) STRICT;
`;
