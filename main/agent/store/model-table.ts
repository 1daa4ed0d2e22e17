import { createHash } from 'node:crypto';
import type { PlantModel } from '@genba/shared/local-api/model';
import type { AgentDatabase } from './database.ts';
import { toBytes, toWeights } from './weights-blob.ts';

/** The three of the newest sync, and the one that judges new parts. */
export type ModelName = PlantModel | 'in-use';

/** A sync that models come from. */
export interface ModelSync {
  readonly baseId: string;
  readonly globalVersion: number;
  /** Rounds finished by then. */
  readonly round: number;
  /** ISO 8601. */
  readonly syncedAt: string;
}

/** What is known of a model, apart from its weights. */
export interface ModelRow extends ModelSync {
  readonly name: ModelName;
  readonly origin: PlantModel;
  /** sha256 of its weights. */
  readonly digest: string;
  /** Of the one in use. */
  readonly since: string | null;
  /** JSON; null until it is judged. */
  readonly judgement: string | null;
}

const COLUMNS = `name, origin, digest, base_id AS baseId, global_version AS globalVersion, round,
                 synced_at AS syncedAt, since, judgement`;

/** Reads and writes the models that new parts can be judged by; transactions are the caller's. */
export class ModelTable {
  readonly #database: AgentDatabase;

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /** What is known of a model; null where it is not here. */
  find(name: ModelName): ModelRow | null {
    const row = this.#database.prepare<[string], ModelRow>(`SELECT ${COLUMNS} FROM model WHERE name = ?`);
    return row.get(name) ?? null;
  }

  /** Its weights; null where it is not here. */
  weights(name: ModelName): Float32Array | null {
    const select = this.#database.prepare('SELECT bytes FROM model_weights WHERE name = ?').pluck();
    const bytes = select.get(name) as Buffer | undefined;
    return bytes === undefined ? null : toWeights(bytes);
  }

  /** Keeps one of the three of a sync, not judged yet; null lets go of the one before. */
  replace(name: PlantModel, weights: Float32Array | null, sync: ModelSync): void {
    if (weights === null) {
      this.#database.prepare('DELETE FROM model_weights WHERE name = ?').run(name);
      return;
    }
    const bytes = toBytes(weights);
    this.#writeBytes(name, bytes);
    this.#write({ ...sync, name, origin: name, digest: digestOf(bytes), since: null, judgement: null });
  }

  /** Puts a copy of one of the three in use. */
  use(name: PlantModel, since: string): void {
    this.#database
      .prepare(
        `INSERT INTO model_weights (name, bytes) SELECT 'in-use', bytes FROM model_weights WHERE name = ?
         ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes`,
      )
      .run(name);
    this.#write({ ...this.find(name)!, name: 'in-use', since });
  }

  /** Puts other weights in use, which this plant has made by itself. */
  useOwn(weights: Float32Array, row: Omit<ModelRow, 'name' | 'origin' | 'digest'>): void {
    const bytes = toBytes(weights);
    this.#writeBytes('in-use', bytes);
    this.#write({ ...row, name: 'in-use', origin: 'own', digest: digestOf(bytes) });
  }

  /** Keeps how a model was judged; null: it is to be judged again. */
  saveJudgement(name: ModelName, judgement: string | null): void {
    this.#database.prepare('UPDATE model SET judgement = ? WHERE name = ?').run(judgement, name);
  }

  #writeBytes(name: ModelName, bytes: Buffer): void {
    this.#database
      .prepare(
        `INSERT INTO model_weights (name, bytes) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes`,
      )
      .run(name, bytes);
  }

  #write(row: ModelRow): void {
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO model (name, origin, digest, base_id, global_version, round, synced_at, since, judgement)
         VALUES (@name, @origin, @digest, @baseId, @globalVersion, @round, @syncedAt, @since, @judgement)`,
      )
      .run(row);
  }
}

/** By which weights are known to be the same. */
export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
