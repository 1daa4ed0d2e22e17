import { randomUUID } from 'node:crypto';
import { serverAddress } from '@genba/shared/identity/invitation';
import { z } from 'zod';
import type { Enrolment } from '../identity/device-store.ts';
import type { AgentDatabase } from '../store/database.ts';

/** An enrolment that a file has asked for: all of it but the aggregator's word. */
export type RequestedEnrolment = Omit<Enrolment, 'anchor' | 'enrolledAt'>;

/** A request for fresh weights, as a file carries it. */
export interface WeightsRequest {
  readonly requestId: string;
  readonly isWanted: boolean;
}

const serversSchema = z.array(serverAddress).min(1);

/** What the agent remembers of files that are on their way. Every method is one transaction. */
export class ExchangeStore {
  readonly #database: AgentDatabase;

  constructor(database: AgentDatabase) {
    this.#database = database;
  }

  /**
   * The request for weights that the next file carries. It keeps its id until other weights are installed, so that the
   * aggregator answers it once.
   */
  weightsRequest(): WeightsRequest {
    const baseId = this.#baseId();
    const asked = this.#database
      .prepare('SELECT request_id FROM weights_request WHERE base_id IS ?')
      .pluck()
      .get(baseId) as string | undefined;
    if (asked !== undefined) return { requestId: asked, isWanted: true };
    return baseId === null ? this.requestWeights() : { requestId: randomUUID(), isWanted: false };
  }

  /** From here on this client needs fresh weights, until it installs some. */
  requestWeights(): WeightsRequest {
    const requestId = randomUUID();
    this.#database
      .prepare('INSERT OR REPLACE INTO weights_request (only_row, request_id, base_id) VALUES (1, ?, ?)')
      .run(requestId, this.#baseId());
    return { requestId, isWanted: true };
  }

  #baseId(): string | null {
    return (
      (this.#database.prepare('SELECT base_id FROM client').pluck().get() as string | null | undefined) ??
      null
    );
  }

  /** The enrolment that was asked for by file and not answered yet; null where there is none. */
  requestedEnrolment(): RequestedEnrolment | null {
    const row = this.#database
      .prepare(
        `SELECT servers, certificate, task_id AS taskId, plant_name AS plantName, code_digest AS codeDigest
         FROM enrolment_request`,
      )
      .get() as (Omit<RequestedEnrolment, 'servers'> & { servers: string }) | undefined;
    return row === undefined ? null : { ...row, servers: serversSchema.parse(JSON.parse(row.servers)) };
  }

  /** Remembers an enrolment that is asked for by file, in place of an earlier one. */
  keepRequestedEnrolment(requested: RequestedEnrolment): void {
    const { servers, certificate, taskId, plantName, codeDigest } = requested;
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO enrolment_request
           (only_row, servers, certificate, task_id, plant_name, code_digest, requested_at)
         VALUES (1, ?, ?, ?, ?, ?, ?)`,
      )
      .run(JSON.stringify(servers), certificate, taskId, plantName, codeDigest, new Date().toISOString());
  }

  /** The enrolment has been answered; called in the transaction that completes it. */
  forgetRequestedEnrolment(): void {
    this.#database.prepare('DELETE FROM enrolment_request').run();
  }

  /** Where an update of this id stands in the outbox; null when this PC never had it. */
  updateState(updateId: string): 'pending' | 'inFlight' | 'receipted' | 'done' | 'refused' | null {
    const select = this.#database.prepare('SELECT state FROM outbox WHERE update_id = ?').pluck();
    return (select.get(updateId) as ReturnType<ExchangeStore['updateState']> | undefined) ?? null;
  }

  /** Whether weights of this base were installed at some time. */
  wasInstalled(baseId: string): boolean {
    return this.#database.prepare('SELECT 1 FROM install WHERE base_id = ?').get(baseId) !== undefined;
  }
}
