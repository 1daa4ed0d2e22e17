/** Why the aggregator holds an update for a check by a person, and since when this agent knows. */
export const HELD_UPDATES = `
  ALTER TABLE outbox ADD COLUMN held_reason TEXT CHECK (held_reason IN ('norm', 'check-set'));
  ALTER TABLE outbox ADD COLUMN held_at TEXT;
`;
