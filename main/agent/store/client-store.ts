import { createHash, randomUUID } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { addShift } from '@genba/shared/federation/shift';
import { isAllFinite, isMergeable } from '@genba/shared/federation/validate';
import { PLANT_MODELS, type PlantModel, type ScoreKind } from '@genba/shared/local-api/model';
import { parseTask, type Task } from '@genba/shared/model/task';
import type { WeightsUse } from '@genba/shared/protocol/messages';
import type { AgentDatabase } from './database.ts';
import { type ModelSync, ModelTable } from './model-table.ts';
import { nextBase } from './next-base.ts';
import { Outgoing } from './outgoing.ts';
import { adoptRefusedRounds } from './refused-rounds.ts';
import { WeightTable } from './weight-table.ts';
import { toBytes } from './weights-blob.ts';

/** How good weights are, by what their task is scored by. */
export interface WeightScores {
  readonly kind: ScoreKind;
  /** On the plant's own held-out examples; null where these do not allow one, or nothing is held out. */
  readonly own: number | null;
  /** On the check set. */
  readonly check: number | null;
}

/** A finished local round, ready to be kept. */
export interface FinishedRound {
  /** The weights the round started from, as {@link ClientStore.weights} gave them. */
  readonly startWeights: Float32Array;
  readonly trainedWeights: Float32Array;
  readonly examples: number;
  readonly loss: number | null;
  /** Share judged right on the plant's own held-out examples: what its update reports, whatever the task is scored by. */
  readonly validationAccuracy: number | null;
  /** null where nothing was measured. */
  readonly scores: WeightScores | null;
  readonly durationMs: number;
  readonly backend: string;
}

/** Weights that came from the aggregator. */
export interface ReceivedWeights {
  readonly baseId: string;
  readonly globalVersion: number;
  readonly staleness: number | null;
  /** The update they answer; null for first weights and after a refused base. */
  readonly updateId: string | null;
  readonly weights: Float32Array;
  /** Left out: they are the new start weights, no more. */
  readonly use?: WeightsUse;
  /** β of the answered update; what a client that calibrates by itself needs. */
  readonly mixingWeight?: number | null;
}

/**
 * Who this client is and what it knows: task, base, weights, rounds. Every method is one transaction; what has
 * returned is on disk.
 */
export class ClientStore {
  readonly clientId: string;
  readonly #database: AgentDatabase;
  readonly #weights: WeightTable;
  readonly #outgoing: Outgoing;
  readonly #models: ModelTable;
  readonly #now: () => Date;

  constructor(database: AgentDatabase, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
    this.#weights = new WeightTable(database);
    this.#outgoing = new Outgoing(database);
    this.#models = new ModelTable(database);
    database.prepare('INSERT OR IGNORE INTO client (only_row, client_id) VALUES (1, ?)').run(randomUUID());
    this.clientId = database.prepare('SELECT client_id FROM client').pluck().get() as string;
  }

  /** The task as the aggregator last described it; null before the first contact. */
  task(): Task | null {
    const task = this.#database.prepare('SELECT task FROM client').pluck().get() as string | null;
    return task === null ? null : parseTask(JSON.parse(task));
  }

  /** Keeps the aggregator's description of the task. */
  saveTask(task: Task): void {
    this.#database.prepare('UPDATE client SET task = ?').run(JSON.stringify(task));
  }

  /** The client's own weights W_m; null before the first contact. */
  weights(): Float32Array | null {
    return this.#weights.vector('own');
  }

  /** S_m: the weights as last installed, before any round; null before the first contact. */
  startWeights(): Float32Array | null {
    return this.#weights.vector('start');
  }

  /**
   * The start weights S of a base as they were sent, for an aggregator that has let go of them.
   * @param sha256 of the weights it was sent
   * @returns null where this client does not have exactly these
   */
  startBytes({ baseId, sha256 }: { baseId: string; sha256: string }): Buffer | null {
    if (this.base()?.baseId !== baseId) return null;
    const start = this.#weights.read('start');
    return start !== null && createHash('sha256').update(start).digest('hex') === sha256 ? start : null;
  }

  /** What was last installed; null before the first contact. */
  base(): { readonly baseId: string; readonly globalVersion: number } | null {
    const row = this.#database
      .prepare('SELECT base_id AS baseId, base_version AS globalVersion FROM client')
      .get() as { baseId: string | null; globalVersion: number };
    return row.baseId === null ? null : { baseId: row.baseId, globalVersion: row.globalVersion };
  }

  /**
   * Keeps a finished round: new weights, the round's figures and its place in the outbox, in one transaction.
   * Weights installed while the round ran are not lost: the round's own change is added to them.
   * @throws AppError `trainer/diverged` when the new weights are not all numbers; nothing is kept then
   */
  commitRound(round: FinishedRound): void {
    this.#database
      .transaction(() => {
        const weights = addShift(round.trainedWeights, round.startWeights, this.weights()!);
        // The aggregator would refuse it, too.
        if (!isMergeable(weights)) throw new AppError('trainer/diverged');
        this.#weights.write('own', toBytes(weights));
        this.#database
          .prepare(
            `INSERT INTO round (update_id, finished_at, duration_ms, global_version, examples, loss,
                                validation_accuracy, score_kind, score, check_score, backend)
             VALUES (?, ?, ?, (SELECT base_version FROM client), ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            this.#pendingUpdate(),
            this.#now().toISOString(),
            round.durationMs,
            round.examples,
            round.loss,
            round.validationAccuracy,
            ...scoreColumns(round.scores),
            round.backend,
          );
      })
      .immediate();
  }

  /** The update that unsent rounds are squashed into; made where there is none. */
  #pendingUpdate(): string {
    const pending = this.#database.prepare("SELECT update_id FROM outbox WHERE state = 'pending'").pluck();
    const existing = pending.get() as string | undefined;
    if (existing !== undefined) return existing;
    const updateId = randomUUID();
    this.#database
      .prepare("INSERT INTO outbox (update_id, state, created_at) VALUES (?, 'pending', ?)")
      .run(updateId, this.#now().toISOString());
    adoptRefusedRounds(this.#database, updateId);
    return updateId;
  }

  /**
   * Takes over weights from the aggregator; the answered update is done, in the same transaction. Only their
   * shift is added to the weights of this moment, so rounds finished meanwhile are kept. Where the client calibrates by
   * itself, the reply is what it makes of what was received (see `nextBase`), and its next reference is kept with it.
   *
   * Equation: W' = W + (reply − sent), sent = the answered update's weights as the aggregator has them: what a coarse
   * encoding left out of them stays in W. Without an answered update
   * (the base was refused), sent = the old start weights: W' = G + (W − S), local progress moves to the new base.
   * @returns false when the answered update is not outstanding here, or this client cannot calibrate what was received:
   *   nothing is changed, and the client needs fresh weights. Also when they answer none while an update is on its way
   *   without a receipt: it may be merged already, and its progress must not move to the new base, too
   * @throws AppError `transfer/digest-mismatch` when they are not numbers of this model's size
   */
  install(received: ReceivedWeights): boolean {
    return this.#database
      .transaction(() => {
        const answered = this.#answeredUpdate(received.updateId);
        if (answered === null && (received.updateId !== null || this.#isFateUnknown())) return false;
        requireNumbers(received.weights);
        const { use = 'install', mixingWeight = null, weights } = received;
        const [own, start] = [this.#weights.vector('own'), this.#weights.vector('start')];
        const sent = answered === null ? null : this.#weights.vector('sent');
        const kept = { sent, start, reference: this.#weights.vector('reference') };
        const base = nextBase({ use, weights, mixingWeight }, kept, this.task());
        if (base === null) return false;
        const next = shiftedWeights(own, sent ?? start, base.start);
        this.#weights.write('start', toBytes(base.start));
        this.#weights.write('own', toBytes(next));
        if (base.reference === null) this.#weights.remove('reference');
        else this.#weights.write('reference', toBytes(base.reference));
        this.#database
          .prepare('UPDATE client SET base_id = ?, base_version = ?')
          .run(received.baseId, received.globalVersion);
        const now = this.#now().toISOString();
        this.#database
          .prepare(
            `INSERT INTO install (base_id, installed_at, update_id, after_round, global_version, staleness)
             VALUES (?, ?, ?, (SELECT COALESCE(MAX(number), 0) FROM round), ?, ?)`,
          )
          .run(received.baseId, now, received.updateId, received.globalVersion, received.staleness);
        // Weights that answer no update are the global ones, as they are.
        const shared = base.reference ?? (received.updateId === null ? base.start : null);
        this.#keepModels({ own, shared, together: next }, { ...received, syncedAt: now });
        if (answered !== null) {
          this.#weights.remove('sent');
          this.#outgoing.remove(answered);
          this.#database
            .prepare("UPDATE outbox SET state = 'done', done_at = ? WHERE update_id = ?")
            .run(now, answered);
        }
        return true;
      })
      .immediate();
  }

  /** The sync whose shared model is not here; null where it is, or there was none. */
  lackedShared(): ModelSync | null {
    const together = this.#models.find('together');
    return together === null || this.#models.find('shared') !== null ? null : together;
  }

  /** Whether weights are the start weights as they were installed. @param sha256 of them */
  hasStart(sha256: string): boolean {
    const start = this.#weights.read('start');
    return start !== null && createHash('sha256').update(start).digest('hex') === sha256;
  }

  /**
   * Keeps the shared model beside the two others of a sync, to be judged.
   * @param weights null: they are the start weights
   * @returns false where another sync has come since
   * @throws AppError `transfer/digest-mismatch` when they are not numbers
   */
  keepShared(baseId: string, globalVersion: number, weights: Float32Array | null): boolean {
    const shared = weights ?? this.startWeights();
    if (shared !== null) requireNumbers(shared);
    return this.#database
      .transaction(() => {
        const sync = this.lackedShared();
        if (shared === null || sync?.baseId !== baseId) return false;
        const { round, syncedAt } = sync;
        this.#models.replace('shared', shared, { baseId, globalVersion, round, syncedAt });
        return true;
      })
      .immediate();
  }

  /** The three models of a sync: they are judged when there is time, and a person may choose among them. */
  #keepModels(
    models: Readonly<Record<PlantModel, Float32Array | null>>,
    { baseId, globalVersion, syncedAt }: Omit<ModelSync, 'round'>,
  ): void {
    const last = this.#database.prepare('SELECT COALESCE(MAX(number), 0) FROM round').pluck();
    const sync = { baseId, globalVersion, syncedAt, round: last.get() as number };
    for (const name of PLANT_MODELS) this.#models.replace(name, models[name], sync);
  }

  /** The outstanding update these weights answer. Fresh weights end one whose receipt came: it is in them. */
  #answeredUpdate(updateId: string | null): string | null {
    const select = 'SELECT update_id FROM outbox WHERE ';
    const found =
      updateId === null
        ? this.#database.prepare(`${select} state = 'receipted'`).pluck().get()
        : this.#database
            .prepare(`${select} state IN ('inFlight', 'receipted') AND update_id = ?`)
            .pluck()
            .get(updateId);
    return (found as string | undefined) ?? null;
  }

  /** Whether an update was offered and nobody knows yet if the aggregator has it. */
  #isFateUnknown(): boolean {
    return this.#database.prepare("SELECT 1 FROM outbox WHERE state = 'inFlight'").get() !== undefined;
  }

  /** The newest install that is not measured yet, or null. */
  unmeasuredInstall(): string | null {
    const newest = this.#database
      .prepare(
        // Not by time: clocks are set.
        `SELECT base_id AS baseId, score IS NOT NULL OR measured_at IS NOT NULL AS isMeasured
         FROM install ORDER BY rowid DESC LIMIT 1`,
      )
      .get() as { baseId: string; isMeasured: 0 | 1 } | undefined;
    return newest === undefined || newest.isMeasured === 1 ? null : newest.baseId;
  }

  /** Keeps how good the weights were as installed. @param scores null: measured, but there was nothing to measure on */
  saveInstallScores(baseId: string, scores: WeightScores | null): void {
    this.#database
      .prepare(
        'UPDATE install SET score_kind = ?, score = ?, check_score = ?, measured_at = ? WHERE base_id = ?',
      )
      .run(...scoreColumns(scores), this.#now().toISOString(), baseId);
  }
}

/** `score_kind`, `score`, `check_score`. */
function scoreColumns(scores: WeightScores | null) {
  return [scores?.kind ?? null, scores?.own ?? null, scores?.check ?? null] as const;
}

/** @throws AppError `transfer/digest-mismatch` */
function requireNumbers(received: Float32Array): void {
  if (!isAllFinite(received))
    throw new AppError('transfer/digest-mismatch', { detail: 'weights are not numbers' });
}

/** The client's weights after an install; see {@link ClientStore.install}. */
function shiftedWeights(
  weights: Float32Array | null,
  sent: Float32Array | null,
  reply: Float32Array,
): Float32Array {
  if (weights === null || sent === null) return reply;
  if (weights.byteLength !== reply.byteLength) {
    throw new AppError('transfer/digest-mismatch', {
      detail: `${reply.byteLength} bytes for a model of ${weights.byteLength}`,
    });
  }
  return addShift(weights, sent, reply);
}
