import type { AgentDatabase } from './database.ts';
import { toWeights } from './weights-blob.ts';

/** The models a client keeps: see the table's comment in the newest migration that made it. */
export type WeightName = 'own' | 'start' | 'sent' | 'reference';

/** Reads and writes whole models by name; transactions are the caller's. */
export class WeightTable {
  readonly #database: AgentDatabase;

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /** The bytes kept under a name, or null. */
  read(name: WeightName): Buffer | null {
    const select = 'SELECT bytes FROM weights WHERE name = ?';
    return (this.#database.prepare(select).pluck().get(name) as Buffer | undefined) ?? null;
  }

  /** The weights kept under a name, or null. */
  vector(name: WeightName): Float32Array | null {
    const bytes = this.read(name);
    return bytes === null ? null : toWeights(bytes);
  }

  /** Keeps bytes under a name, in place of what was there. */
  write(name: WeightName, bytes: Buffer): void {
    this.#database
      .prepare(
        'INSERT INTO weights (name, bytes) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes',
      )
      .run(name, bytes);
  }

  /** Forgets what is kept under a name. */
  remove(name: WeightName): void {
    this.#database.prepare('DELETE FROM weights WHERE name = ?').run(name);
  }
}
