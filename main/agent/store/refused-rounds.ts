import type { AgentDatabase } from './database.ts';

/**
 * Gives the pending update the rounds of refused ones whose progress goes with it: it is in the client's weights, and
 * nothing was sent and answered since. Part of the caller's transaction; changes nothing where there are none.
 */
export function adoptRefusedRounds(database: AgentDatabase, pendingId: string): void {
  database
    .prepare(
      `UPDATE round SET update_id = @pendingId WHERE update_id IN
         (SELECT update_id FROM outbox WHERE state = 'refused'
          AND rowid > (SELECT COALESCE(MAX(rowid), 0) FROM outbox WHERE state = 'done'))`,
    )
    .run({ pendingId });
}
