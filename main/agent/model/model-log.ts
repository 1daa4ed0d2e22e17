import {
  type Comparison,
  type Decision,
  MODEL_REPORT_LIMITS,
  type PlantModel,
} from '@genba/shared/local-api/model';
import type { AgentDatabase } from '../store/database.ts';
import type { ModelSync } from '../store/model-table.ts';

/** A decision before it has a place in the log. */
export interface NewDecision extends Decision {
  /** How much worse than the best before it the model in use is from then on, 0 or less. */
  readonly deficit: number;
}

/** Scores of one sync; those that were measured now. */
export type NewScores = Pick<Comparison, 'scoreKind' | 'examples' | 'inUse'> &
  Partial<Record<PlantModel, number | null>>;

const DECISION = `decided_at AS at, decided_by AS by, kind, origin AS model, global_version AS globalVersion, reason,
                  score, in_use_score AS inUseScore`;

/** How models were judged, and who decided what; transactions are the caller's. */
export class ModelLog {
  readonly #database: AgentDatabase;

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /** Enters the scores of a sync, or those that came later. */
  enterScores(sync: ModelSync, scores: NewScores): void {
    this.#database
      .prepare(
        `INSERT INTO comparison (base_id, synced_at, round, global_version, score_kind, examples, own, shared, together,
                                 in_use)
         VALUES (@baseId, @syncedAt, @round, @globalVersion, @scoreKind, @examples, @own, @shared, @together, @inUse)
         ON CONFLICT (base_id) DO UPDATE SET own = COALESCE(excluded.own, own),
           shared = COALESCE(excluded.shared, shared), together = COALESCE(excluded.together, together)`,
      )
      .run({ own: null, shared: null, together: null, ...scores, ...sync });
  }

  /** Enters a decision. */
  enter(decision: NewDecision): void {
    this.#database
      .prepare(
        `INSERT INTO model_decision (decided_at, decided_by, kind, origin, global_version, reason, score, in_use_score,
                                     deficit)
         VALUES (@at, @by, @kind, @model, @globalVersion, @reason, @score, @inUseScore, @deficit)`,
      )
      .run(decision);
  }

  /** Who has chosen the model in use; null where the gate decides. */
  chosenBy(): string | null {
    const last = this.#database
      .prepare<[], { by: string; kind: Decision['kind'] }>(
        `SELECT decided_by AS by, kind FROM model_decision WHERE decided_by IS NOT NULL
         ORDER BY decision_id DESC LIMIT 1`,
      )
      .get();
    return last === undefined || last.kind === 'automatic' ? null : last.by;
  }

  /** The newest decision, with what the next one starts with; null before the first. */
  last(): NewDecision | null {
    const select = `SELECT ${DECISION}, deficit FROM model_decision ORDER BY decision_id DESC LIMIT 1`;
    return this.#database.prepare<[], NewDecision>(select).get() ?? null;
  }

  /** Whether the gate did not take what the newest sync made. */
  isNewestHeldBack(): boolean {
    const newest = this.#database
      .prepare(
        `SELECT kind FROM model_decision WHERE decided_by IS NULL AND origin = 'together'
         ORDER BY decision_id DESC LIMIT 1`,
      )
      .pluck();
    return newest.get() === 'held-back';
  }

  /** The newest decisions, newest first. */
  decisions(): Decision[] {
    return this.#database
      .prepare<[number], Decision>(`SELECT ${DECISION} FROM model_decision ORDER BY decision_id DESC LIMIT ?`)
      .all(MODEL_REPORT_LIMITS.decisions);
  }

  /** The newest comparisons, oldest first. */
  comparisons(): Comparison[] {
    return this.#database
      .prepare<[number], Comparison>(
        `SELECT synced_at AS at, round, global_version AS globalVersion, score_kind AS scoreKind, examples, own, shared,
                together, in_use AS inUse
         FROM comparison ORDER BY comparison_id DESC LIMIT ?`,
      )
      .all(MODEL_REPORT_LIMITS.comparisons)
      .reverse();
  }
}
