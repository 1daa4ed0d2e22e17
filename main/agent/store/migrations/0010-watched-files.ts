/** How far the rows of watched CSV files have been judged. */
export const WATCHED_FILES_SCHEMA = `
  CREATE TABLE watched_file (
    -- 12 hex digits; they stand in the rows of the table of results.
    file_id    TEXT PRIMARY KEY,
    -- The table of results.
    results    TEXT NOT NULL,
    -- Where the file was seen last; by these it is found again after it was renamed.
    path       TEXT NOT NULL,
    inode      TEXT NOT NULL,
    born_ms    REAL NOT NULL,
    -- As it was when it was last read to its end; null before.
    size_bytes INTEGER,
    mtime_ms   REAL,
    -- Last line that has a row in the table; 0: none.
    line       INTEGER NOT NULL,
    -- What proves its content through a line at or before that one; null before the first.
    proof_line INTEGER,
    proof      TEXT,
    -- Since when it is not where it was; null while it is.
    gone_at    TEXT
  ) STRICT;

  CREATE INDEX watched_file_results ON watched_file (results);

  -- A watch may be of a file, too.
  UPDATE setting SET value = replace(value, '"folder":', '"path":') WHERE key = 'watches';
`;
