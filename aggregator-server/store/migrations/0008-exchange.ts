/** What must be remembered about devices that send files instead of connecting. */
export const exchange = {
  version: 8,
  sql: `
    -- The newest update of a client that was refused when its file was imported, for the reply to say so.
    CREATE TABLE file_refusals (
      task_id    TEXT NOT NULL,
      client_id  TEXT NOT NULL,
      update_id  TEXT NOT NULL,
      code       TEXT NOT NULL,
      detail     TEXT,
      refused_at TEXT NOT NULL,
      PRIMARY KEY (task_id, client_id),
      FOREIGN KEY (task_id, client_id) REFERENCES clients (task_id, client_id)
    ) STRICT;

    -- Requests for weights that files have carried: each is answered once, however often its file is imported.
    CREATE TABLE answered_requests (
      id          TEXT PRIMARY KEY,
      task_id     TEXT NOT NULL,
      client_id   TEXT NOT NULL,
      answered_at TEXT NOT NULL,
      FOREIGN KEY (task_id, client_id) REFERENCES clients (task_id, client_id)
    ) STRICT;
  `,
} as const;
