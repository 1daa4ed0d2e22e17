import { copyFileSync, existsSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { Outbox } from '../store/outbox.ts';

const FILES = ['agent.sqlite', 'agent.sqlite-wal'] as const;
const WRITTEN_TABLES = ['client', 'weights', 'outgoing', 'outbox', 'round', 'install'] as const;

/** When a crash comes, in one call of the store. */
export type Crash =
  /** Between two changes of rows: after so many of them. */
  | { readonly kind: 'between-rows'; readonly after: number }
  /** While the commit is written: so much of it is on disk, 0 to 1. */
  | { readonly kind: 'in-commit'; readonly share: number };

/** Says that a call did not come to its end: its plant goes on from what was on disk. */
export const CRASHED = Symbol('crashed');

/**
 * The stores of an agent on a real database that can stop anywhere, also inside a transaction: what is on disk at that
 * moment is copied, and the plant goes on from the copy, as after a `kill -9` or a power cut.
 */
export class CrashingPlant {
  readonly #folder: string;
  #lives = 0;
  #database!: AgentDatabase;
  client!: ClientStore;
  outbox!: Outbox;

  /** @param folder an empty one; each life has a folder of its own in it */
  constructor(folder: string) {
    this.#folder = folder;
    this.#open();
  }

  get #life(): string {
    return path.join(this.#folder, `${this.#lives} 回目`);
  }

  #open(): void {
    this.#database = openAgentDatabase(this.#life);
    // What is on disk is copied, never cut off: there is no use in waiting for it.
    this.#database.pragma('synchronous = OFF');
    this.client = new ClientStore(this.#database);
    this.outbox = new Outbox(this.#database);
  }

  /** Ends this life and goes on from a copy of its files as they are now. */
  crash(): void {
    const next = this.#copy();
    this.#goOn(next);
  }

  #goOn(life: number): void {
    this.#database.close();
    this.#lives = life;
    this.#open();
  }

  #copy(walBytes?: number): number {
    const life = this.#lives + 1;
    const target = path.join(this.#folder, `${life} 回目`);
    mkdirSync(target, { recursive: true });
    for (const file of FILES) {
      if (existsSync(path.join(this.#life, file)))
        copyFileSync(path.join(this.#life, file), path.join(target, file));
    }
    if (walBytes !== undefined) truncateSync(path.join(target, FILES[1]), walBytes);
    return life;
  }

  /**
   * Calls the store, once, with a crash in it.
   * @returns what the store returned, or {@link CRASHED} when the call was stopped; a crash that lies behind its end
   *   does not come
   */
  call<Result>(crash: Crash | null, act: () => Result): Result | typeof CRASHED {
    if (crash === null) return act();
    return crash.kind === 'between-rows'
      ? this.#betweenRows(crash.after, act)
      : this.#inCommit(crash.share, act);
  }

  #betweenRows<Result>(after: number, act: () => Result): Result | typeof CRASHED {
    let changes = 0;
    let life: number | null = null;
    this.#database.function('row_changed', () => {
      changes += 1;
      if (changes === after) life = this.#copy();
      return null;
    });
    this.#database.exec(
      triggers(
        (name, event, table) => `
      CREATE TEMP TRIGGER ${name} AFTER ${event} ON main.${table} BEGIN SELECT row_changed(); END;`,
      ),
    );
    const result = act();
    this.#database.exec(triggers((name) => `DROP TRIGGER ${name};`));
    if (life === null) return result;
    this.#goOn(life);
    return CRASHED;
  }

  #inCommit<Result>(share: number, act: () => Result): Result | typeof CRASHED {
    const wal = path.join(this.#life, FILES[1]);
    const before = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    const result = act();
    const after = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    const kept = before + Math.floor(share * (after - before));
    // A log that began anew has no end to cut off.
    if (before === 0 || kept >= after || after <= before) return result;
    this.#goOn(this.#copy(kept));
    return CRASHED;
  }

  /** Numbers of updates by state. */
  states(): Readonly<Record<string, number>> {
    const rows = this.#database.prepare('SELECT state, COUNT(*) FROM outbox GROUP BY state').raw().all();
    return Object.fromEntries(rows as [string, number][]);
  }

  /** How many rounds belong to updates in these states. */
  roundsIn(...states: readonly string[]): number {
    return this.#database
      .prepare(
        `SELECT COUNT(*) FROM round JOIN outbox USING (update_id) WHERE state IN (SELECT value FROM json_each(?))`,
      )
      .pluck()
      .get(JSON.stringify(states)) as number;
  }

  close(): void {
    this.#database.close();
  }
}

function triggers(statement: (name: string, event: string, table: string) => string): string {
  return WRITTEN_TABLES.flatMap((table) =>
    ['INSERT', 'UPDATE', 'DELETE'].map((event) => statement(`crash_${table}_${event}`, event, table)),
  ).join('\n');
}
