import { createHash } from 'node:crypto';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { UpdateEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { type RoundReport, type SquashedReport, squashReports } from '@genba/shared/federation/squash';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { HoldReason } from '@genba/shared/protocol/messages';
import type { AgentDatabase } from './database.ts';
import { Outgoing } from './outgoing.ts';
import { adoptRefusedRounds } from './refused-rounds.ts';
import { WeightTable } from './weight-table.ts';

/** The aggregator was emptied, or restored from a backup older than our base: start from what it has now. */
export const LOST_BASE_CODES: ReadonlySet<ErrorCode> = new Set(['update/unknown-base', 'update/future-base']);

/** The update that was offered and is not answered yet. */
export interface OutstandingUpdate {
  readonly updateId: string;
  /** `inFlight`: no receipt yet, offer it (again). `receipted`: the aggregator has it, its reply is due. */
  readonly state: 'inFlight' | 'receipted';
  readonly baseId: string;
  readonly baseVersion: number;
  readonly report: SquashedReport;
  readonly encoding: UpdateEncoding;
  /** The bytes to send: weights, or a delta that leads to them. */
  readonly payload: Buffer;
  /** Of the payload. */
  readonly sha256: string;
  /** Of the weights that a delta leads to; null where the payload is the weights. */
  readonly weightsSha256: string | null;
}

/** Figures of the queue. */
export interface QueueFigures {
  readonly roundsDone: number;
  readonly roundsWaiting: number;
  readonly roundsWaitingPeak: number;
  readonly updatesWaiting: number;
  readonly updatesDelivered: number;
  readonly updatesRefused: number;
  readonly lastSyncAt: string | null;
}

interface OutboxRow {
  update_id: string;
  state: 'inFlight' | 'receipted';
  base_id: string;
  base_version: number;
  report: string;
  sha256: string;
}

/**
 * The queue of updates: `pending → inFlight → receipted → done`, or `refused`, which stays visible. At most one
 * update is outstanding, because the next one builds on its reply; everything newer is squashed into one pending
 * update. Every method is one transaction.
 */
export class Outbox {
  readonly #database: AgentDatabase;
  readonly #weights: WeightTable;
  readonly #outgoing: Outgoing;
  readonly #now: () => Date;

  constructor(database: AgentDatabase, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
    this.#weights = new WeightTable(database);
    this.#outgoing = new Outgoing(database);
  }

  /** The update to send or to await; freezes the pending one when nothing is outstanding. Null: nothing to send. */
  next(): OutstandingUpdate | null {
    return this.#database.transaction(() => this.#outstanding() ?? this.#freeze()).immediate();
  }

  /** Whether this very update waits for its answer. */
  isOutstanding(updateId: string): boolean {
    const select = "SELECT 1 FROM outbox WHERE update_id = ? AND state IN ('inFlight', 'receipted')";
    return this.#database.prepare(select).get(updateId) !== undefined;
  }

  /** The update that was frozen and is not answered yet; null where there is none. Nothing is frozen by asking. */
  outstanding(): OutstandingUpdate | null {
    return this.#outstanding();
  }

  #outstanding(): OutstandingUpdate | null {
    const select = "SELECT * FROM outbox WHERE state IN ('inFlight', 'receipted')";
    const row = this.#database.prepare(select).get() as OutboxRow | undefined;
    if (row === undefined) return null;
    const delta = this.#outgoing.read(row.update_id);
    const weights = { encoding: 'float32', sha256: row.sha256, weightsSha256: null } as const;
    return {
      updateId: row.update_id,
      state: row.state,
      baseId: row.base_id,
      baseVersion: row.base_version,
      report: JSON.parse(row.report) as SquashedReport,
      ...(delta === null
        ? { ...weights, payload: this.#weights.read('sent')! }
        : { ...delta, weightsSha256: row.sha256 }),
    };
  }

  /** Fixes the pending update's content: from here on it is sent as it is, however often that takes. */
  #freeze(): OutstandingUpdate | null {
    const updateId = this.#pendingId();
    if (updateId === null) return null;
    const rounds = this.#database
      .prepare(
        `SELECT examples, loss, validation_accuracy AS validationAccuracy
         FROM round WHERE update_id = ? ORDER BY number`,
      )
      .all(updateId) as RoundReport[];
    const sent = this.#outgoing.freeze(updateId);
    this.#weights.write('sent', sent);
    this.#database
      .prepare(
        `UPDATE outbox SET state = 'inFlight', report = ?, sha256 = ?, frozen_at = ?,
                base_id = client.base_id, base_version = client.base_version
         FROM client WHERE update_id = ?`,
      )
      .run(
        JSON.stringify(squashReports(rounds)),
        createHash('sha256').update(sent).digest('hex'),
        this.#now().toISOString(),
        updateId,
      );
    return this.#outstanding();
  }

  /** The aggregator has the update durably. A second receipt for it changes nothing. */
  markReceipted(updateId: string): void {
    this.#database
      .prepare(
        "UPDATE outbox SET state = 'receipted', receipted_at = ? WHERE update_id = ? AND state = 'inFlight'",
      )
      .run(this.#now().toISOString(), updateId);
  }

  /** The aggregator has the update, but a person there has to look at it first. Said again, it changes nothing. */
  markHeld(updateId: string, reason: HoldReason): void {
    this.#database
      .prepare(
        `UPDATE outbox SET held_reason = ?, held_at = ?
         WHERE update_id = ? AND state IN ('inFlight', 'receipted') AND held_reason IS NULL`,
      )
      .run(reason, this.#now().toISOString(), updateId);
  }

  /** The update that waits for a person at the aggregator; null when none does. */
  held(): AgentStatus['held'] {
    const select = `SELECT held_reason AS reason, held_at AS since FROM outbox
                    WHERE state IN ('inFlight', 'receipted') AND held_reason IS NOT NULL`;
    return (this.#database.prepare(select).get() as AgentStatus['held'] | undefined) ?? null;
  }

  /** The aggregator cannot decode the outstanding update: from here on it sends the very weights it decodes to. */
  sendInFull(updateId: string): void {
    this.#outgoing.remove(updateId);
  }

  /**
   * The aggregator will never take this update as it is. It stays visible with the reason, without its payload: the
   * progress in it is in the client's weights and goes with the next update. So do its rounds, once there is one.
   */
  markRefused(updateId: string, code: ErrorCode): void {
    this.#database
      .transaction(() => {
        const refused = this.#database
          .prepare(
            `UPDATE outbox SET state = 'refused', refusal = ?, done_at = ?
             WHERE update_id = ? AND state IN ('inFlight', 'receipted')`,
          )
          .run(code, this.#now().toISOString(), updateId);
        if (refused.changes === 0) return;
        this.#weights.remove('sent');
        this.#outgoing.remove(updateId);
        const pendingId = this.#pendingId();
        if (pendingId !== null) adoptRefusedRounds(this.#database, pendingId);
      })
      .immediate();
  }

  #pendingId(): string | null {
    const select = "SELECT update_id FROM outbox WHERE state = 'pending'";
    return (this.#database.prepare(select).pluck().get() as string | undefined) ?? null;
  }

  /**
   * The aggregator no longer has the update's base. The update stays visible as refused; its rounds go into the
   * pending update, because their progress is still in the client's weights and is sent on the next base.
   * @param newId of the pending update, where there is none yet
   */
  requeueOnNewBase(updateId: string, code: ErrorCode, newId: string): void {
    this.#database
      .transaction(() => {
        this.markRefused(updateId, code);
        if (this.#pendingId() !== null) return;
        this.#database
          .prepare("INSERT INTO outbox (update_id, state, created_at) VALUES (?, 'pending', ?)")
          .run(newId, this.#now().toISOString());
        adoptRefusedRounds(this.#database, newId);
      })
      .immediate();
  }

  /** The number of the newest round; 0 before the first. */
  newestRound(): number {
    return this.#database.prepare('SELECT COALESCE(MAX(number), 0) FROM round').pluck().get() as number;
  }

  /** Whether any round up to this number waits for an answer; not for one that a person at the aggregator has to give. */
  awaitsAnswer(upToRound: number): boolean {
    const select = `SELECT 1 FROM round JOIN outbox USING (update_id)
                    WHERE number <= ? AND state IN ('pending', 'inFlight', 'receipted') AND held_at IS NULL`;
    return this.#database.prepare(select).get(upToRound) !== undefined;
  }

  /** The figures people see. */
  figures(): QueueFigures {
    return this.#database
      .prepare(
        `SELECT
           (SELECT COUNT(*) FROM round) AS roundsDone,
           (SELECT COUNT(*) FROM round JOIN outbox USING (update_id)
             WHERE state IN ('pending', 'inFlight')) AS roundsWaiting,
           (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'inFlight')) AS updatesWaiting,
           (SELECT COUNT(*) FROM outbox WHERE state IN ('receipted', 'done')) AS updatesDelivered,
           (SELECT COUNT(*) FROM outbox WHERE state = 'refused') AS updatesRefused,
           (SELECT COALESCE(MAX(rounds), 0) FROM
             (SELECT COUNT(*) AS rounds FROM round GROUP BY update_id)) AS roundsWaitingPeak,
           -- By order, not by time: clocks are set.
           (SELECT receipted_at FROM outbox WHERE receipted_at IS NOT NULL
             ORDER BY rowid DESC LIMIT 1) AS lastSyncAt`,
      )
      .get() as QueueFigures;
  }
}
