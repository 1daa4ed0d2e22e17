import type { WatchStatus } from '@genba/shared/local-api/watches';
import type { AgentDatabase } from '../store/database.ts';

type Counts = WatchStatus['counts'];
type Watched = Pick<WatchStatus, 'path' | 'since' | 'counts'>;

const HOUR_MS = 3_600_000;
const KINDS = ['ok', 'ng', 'named', 'unjudged'] as const satisfies readonly (keyof Counts)[];

/** Adds up by the hour what watches count: they count anew from each start of the agent. */
export class JudgedHours {
  readonly #database: AgentDatabase;
  /** What was added up of each watch, by its path and beginning. */
  readonly #added = new Map<string, Counts>();

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /**
   * Adds what has come since it was told last.
   * @throws SqliteError when the disk is full; to be told again later
   */
  observe(watches: readonly Watched[], nowMs: number): void {
    const sum = { ok: 0, ng: 0, named: 0, unjudged: 0 };
    for (const watch of watches) {
      const before = this.#added.get(keyOf(watch));
      for (const kind of KINDS) sum[kind] += watch.counts[kind] - (before?.[kind] ?? 0);
    }
    if (KINDS.every((kind) => sum[kind] === 0)) return;
    const hour = new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS).toISOString();
    this.#database
      .prepare(
        `INSERT INTO judged_hour (hour, ok, ng, named, unjudged) VALUES (@hour, @ok, @ng, @named, @unjudged)
         ON CONFLICT (hour) DO UPDATE SET ok = ok + excluded.ok, ng = ng + excluded.ng, named = named + excluded.named,
           unjudged = unjudged + excluded.unjudged`,
      )
      .run({ hour, ...sum });
    for (const watch of watches) this.#added.set(keyOf(watch), { ...watch.counts });
  }
}

/** A watch that was ended and begun again counts from nothing. */
function keyOf({ path, since }: Watched): string {
  return `${since} ${path}`;
}
