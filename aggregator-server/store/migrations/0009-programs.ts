/** Which program a client runs, and what of its task that one does not know. */
export const programs = {
  version: 9,
  sql: `
    -- Name and version, as it said last; NULL while it was not heard of since.
    ALTER TABLE clients ADD COLUMN app TEXT;
    -- JSON: names of what the task needs and the program lacks; NULL with app.
    ALTER TABLE clients ADD COLUMN lacks TEXT;
  `,
} as const;
