import type { JudgingModel } from '@genba/shared/local-api/judging';
import type { PlantModels } from '../model/plant-models.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { AgentDatabase } from '../store/database.ts';

/** Which weights judge parts at this plant. */
export interface ModelInUse {
  /** What they are; null before the first contact. Cheap: asked before every judgement. */
  describe(): ModelDescription | null;
  /** The weights themselves. Asked when the description has become another. */
  weights(): Float32Array;
}

export interface ModelDescription extends JudgingModel {
  /** Another for other weights. */
  readonly version: string;
}

/** The plant's own newest weights. */
export class NewestOwnModel implements ModelInUse {
  readonly #database: AgentDatabase;
  readonly #client: ClientStore;

  constructor(database: AgentDatabase, client: ClientStore) {
    this.#database = database;
    this.#client = client;
  }

  describe(): ModelDescription | null {
    const { rounds, installs, globalVersion } = this.#database
      .prepare(
        `SELECT (SELECT COALESCE(MAX(number), 0) FROM round) AS rounds,
                (SELECT COALESCE(MAX(rowid), 0) FROM install) AS installs,
                base_version AS globalVersion FROM client`,
      )
      .get() as { rounds: number; installs: number; globalVersion: number };
    if (installs === 0) return null;
    return { model: 'own', globalVersion, rounds, version: `${rounds}/${installs}` };
  }

  weights(): Float32Array {
    return this.#client.weights()!;
  }
}

/** The one that the gate, or a person, has put in use; the plant's newest weights before the first was judged. */
export class ChosenModel implements ModelInUse {
  readonly #models: Pick<PlantModels, 'inUse' | 'inUseWeights'>;
  readonly #newest: ModelInUse;

  constructor(models: Pick<PlantModels, 'inUse' | 'inUseWeights'>, newest: ModelInUse) {
    this.#models = models;
    this.#newest = newest;
  }

  describe(): ModelDescription | null {
    const row = this.#models.inUse();
    if (row === null) return this.#newest.describe();
    return { model: row.origin, globalVersion: row.globalVersion, rounds: row.round, version: row.digest };
  }

  weights(): Float32Array {
    return this.#models.inUseWeights() ?? this.#newest.weights();
  }
}
