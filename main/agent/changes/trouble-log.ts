import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { AgentDatabase } from '../store/database.ts';

/** No contact with the aggregator, or a problem. */
export type TroubleKind = 'offline' | ErrorCode;

/** What stands for less is not worth a line in a report, milliseconds. */
export const LEAST_TROUBLE_MS = 60_000;

/** What comes back within this time has not been over, milliseconds. */
export const SAME_TROUBLE_MS = 600_000;

/** So many are kept; a line that comes and goes every ten minutes makes as many in two weeks. */
const KEPT_TROUBLES = 2_000;

/**
 * Keeps what stood in the way, from when to when. It is told what stands now, as often as one likes; the times it writes
 * are those at which it was told. What stood when the agent ended goes on if it stands again soon after the next start,
 * and otherwise has ended with the agent's first word about it.
 */
export class TroubleLog {
  readonly #database: AgentDatabase;
  /** What stands, since when; `isKept` once it has a row. */
  readonly #standing = new Map<TroubleKind, { readonly sinceMs: number; isKept: boolean }>();

  constructor(database: AgentDatabase) {
    this.#database = database;
    const rows = database
      .prepare<[], { what: TroubleKind; startedAt: string }>(
        'SELECT what, started_at AS startedAt FROM trouble WHERE ended_at IS NULL',
      )
      .all();
    for (const { what, startedAt } of rows)
      this.#standing.set(what, { sinceMs: Date.parse(startedAt), isKept: true });
  }

  /**
   * Notes what stands in the way.
   * @throws SqliteError when the disk is full; to be told again later
   */
  observe(now: ReadonlySet<TroubleKind>, nowMs: number): void {
    for (const [what, { isKept }] of this.#standing) {
      if (now.has(what)) continue;
      if (isKept) this.#end(what, nowMs);
      this.#standing.delete(what);
    }
    for (const what of now) {
      const known = this.#standing.get(what) ?? { sinceMs: nowMs, isKept: false };
      this.#standing.set(what, known);
      if (known.isKept || nowMs - known.sinceMs < LEAST_TROUBLE_MS) continue;
      this.#begin(what, known.sinceMs);
      known.isKept = true;
    }
  }

  #begin(what: TroubleKind, sinceMs: number): void {
    const since = new Date(sinceMs).toISOString();
    const recently = new Date(sinceMs - SAME_TROUBLE_MS).toISOString();
    this.#database.transaction(() => {
      const again = this.#database
        .prepare(
          `UPDATE trouble SET ended_at = NULL
           WHERE trouble_id = (SELECT max(trouble_id) FROM trouble WHERE what = ?) AND ended_at >= ?`,
        )
        .run(what, recently);
      if (again.changes > 0) return;
      this.#database.prepare('INSERT INTO trouble (what, started_at) VALUES (?, ?)').run(what, since);
      this.#database
        .prepare('DELETE FROM trouble WHERE trouble_id <= (SELECT max(trouble_id) FROM trouble) - ?')
        .run(KEPT_TROUBLES);
    })();
  }

  #end(what: TroubleKind, nowMs: number): void {
    this.#database
      .prepare('UPDATE trouble SET ended_at = ? WHERE what = ? AND ended_at IS NULL')
      .run(new Date(nowMs).toISOString(), what);
  }
}
