import { createHash } from 'node:crypto';
import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import type { DeltaEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, updateEncodingOf } from '@genba/shared/model/task';
import type { AgentDatabase } from './database.ts';
import { WeightTable } from './weight-table.ts';
import { toBytes, toWeights } from './weights-blob.ts';

/** An update as it travels, where that is not its weights. */
export interface OutgoingDelta {
  readonly encoding: DeltaEncoding;
  readonly payload: Buffer;
  /** Of the payload. */
  readonly sha256: string;
}

/** The bytes of updates that travel as a delta; transactions are the caller's. */
export class Outgoing {
  readonly #database: AgentDatabase;
  readonly #weights: WeightTable;

  constructor(database: AgentDatabase) {
    this.#database = database;
    this.#weights = new WeightTable(database);
  }

  /**
   * Fixes what an update sends: a delta to the start weights, in the form the task asks for, or the weights themselves
   * where it asks for none or the delta does not fit.
   * @returns the weights that count as sent: those that the aggregator will have, bit for bit. What a coarser form
   *   leaves out stays in the own weights, and so in the next delta
   */
  freeze(updateId: string): Buffer {
    const own = this.#weights.read('own')!;
    // A client that calibrates by itself has made its start weights; nobody else knows them.
    if (this.#weights.read('reference') !== null) return own;
    const start = this.#weights.vector('start');
    const described = this.#database.prepare('SELECT task FROM client').pluck().get() as string | null;
    if (start === null || described === null) return own;
    const task = parseTask(JSON.parse(described));
    const encoding = updateEncodingOf(task);
    if (encoding === 'float32') return own;
    const form = { encoding, layout: weightLayout(task) };
    const encoded = encodeUpdate(form, toWeights(own), start);
    if (encoded === null) return own;
    const bytes = Buffer.from(encoded.payload.buffer);
    this.#database
      .prepare('INSERT INTO outgoing (update_id, encoding, sha256, bytes) VALUES (?, ?, ?, ?)')
      .run(updateId, form.encoding, createHash('sha256').update(bytes).digest('hex'), bytes);
    return toBytes(encoded.weights);
  }

  /** What an update sends instead of its weights; null where it sends them. */
  read(updateId: string): OutgoingDelta | null {
    const select = 'SELECT encoding, bytes AS payload, sha256 FROM outgoing WHERE update_id = ?';
    return (this.#database.prepare(select).get(updateId) as OutgoingDelta | undefined) ?? null;
  }

  /** Lets an update go, or send its weights from now on: the same that its delta leads to. */
  remove(updateId: string): void {
    this.#database.prepare('DELETE FROM outgoing WHERE update_id = ?').run(updateId);
  }
}
