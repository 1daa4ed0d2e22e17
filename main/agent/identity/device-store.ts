import { AppError } from '@genba/shared/errors/app-error';
import { serverAddress } from '@genba/shared/identity/invitation';
import { z } from 'zod';
import type { AgentDatabase } from '../store/database.ts';
import { DeviceKey } from './device-key.ts';
import type { KeyStore } from './key-store.ts';

/** The aggregator this PC has enrolled with. */
export interface Enrolment {
  /** `wss://HOST:PORT`, best first. */
  readonly servers: readonly string[];
  /** sha256 of the anchor's DER, as in the invitation. */
  readonly certificate: string;
  /** The one certificate that is trusted, PEM. */
  readonly anchor: string;
  readonly taskId: string;
  readonly plantName: string;
  /** sha256 of the enrolment code, to recognise an invitation that was used before. */
  readonly codeDigest: string;
  readonly enrolledAt: string;
}

type KeyState = 'enrolling' | 'current' | 'next' | 'accepted';

/** A key's row: which key, since when. */
export interface KeyRecord {
  readonly keyId: string;
  readonly createdAt: string;
}

const serversSchema = z.array(serverAddress).min(1);

/** What was enrolled, as the database has it; null before that. */
export function readEnrolment(database: AgentDatabase): Enrolment | null {
  const row = database
    .prepare(
      `SELECT servers, certificate, anchor, task_id AS taskId, plant_name AS plantName,
              code_digest AS codeDigest, enrolled_at AS enrolledAt
       FROM enrolment`,
    )
    .get() as (Omit<Enrolment, 'servers'> & { servers: string }) | undefined;
  return row === undefined ? null : { ...row, servers: serversSchema.parse(JSON.parse(row.servers)) };
}

/**
 * Who this PC is towards its aggregator. A private key is durable in the key store before a row names it, and
 * forgotten there only after no row does; every change of rows is one transaction. So a crash between any two steps
 * leaves an identity that works.
 */
export class DeviceStore {
  readonly #database: AgentDatabase;
  readonly #keys: KeyStore;

  constructor(database: AgentDatabase, keys: KeyStore) {
    this.#database = database;
    this.#keys = keys;
    this.#forgetUnused();
  }

  /** What was enrolled; null before that. */
  enrolment(): Enrolment | null {
    return readEnrolment(this.#database);
  }

  /** The key that opens connections, and the one that is to follow it; null where there is none. */
  keyRecords(): { readonly current: KeyRecord | null; readonly next: KeyRecord | null } {
    return { current: this.#record('current'), next: this.#record('next') ?? this.#record('accepted') };
  }

  /**
   * The key for the next connection: the next one as soon as the aggregator has it, else the current one.
   * @throws AppError `identity/key-lost`; `identity/not-enrolled` before the first enrolment
   */
  connectionKey(): DeviceKey {
    const accepted = this.#usable('accepted');
    if (accepted !== null) return accepted;
    const current = this.#record('current');
    if (current === null) throw new AppError('identity/not-enrolled');
    const pem = this.#keys.read(current.keyId);
    if (pem === null) throw new AppError('identity/key-lost', { detail: `${current.keyId} is missing` });
    return DeviceKey.fromPem(pem, current.keyId);
  }

  // --- enrolment ----------------------------------------------------------------------------------------

  /**
   * The key that an invitation introduces, made where there is none. It stays the same until an enrolment is through
   * or it is dropped: the aggregator may have it already, although its word never came.
   */
  enrollingKey(): DeviceKey {
    return this.#usable('enrolling') ?? this.#make('enrolling');
  }

  /** Whether an earlier enrolment began and was not heard to end. */
  get isEnrolling(): boolean {
    return this.#record('enrolling') !== null;
  }

  /** The id of the key that an invitation introduces; null where none is on its way. */
  get enrollingKeyId(): string | null {
    return this.#record('enrolling')?.keyId ?? null;
  }

  /** Gives up the key that was to be introduced: the aggregator will never take it. */
  dropEnrollingKey(): void {
    this.#remove('enrolling');
  }

  /**
   * The aggregator has let the enrolling key in: it is this PC's key from now on, and the only one.
   * @param change what is to be changed in the database along with it, or not at all
   */
  completeEnrolment(enrolment: Enrolment, change: () => void): void {
    this.#database
      .transaction(() => {
        change();
        this.#database.prepare("DELETE FROM device_key WHERE state <> 'enrolling'").run();
        this.#database.prepare("UPDATE device_key SET state = 'current'").run();
        this.#database
          .prepare(
            `INSERT OR REPLACE INTO enrolment
               (only_row, servers, certificate, anchor, task_id, plant_name, code_digest, enrolled_at)
             VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            JSON.stringify(enrolment.servers),
            enrolment.certificate,
            enrolment.anchor,
            enrolment.taskId,
            enrolment.plantName,
            enrolment.codeDigest,
            enrolment.enrolledAt,
          );
      })
      .immediate();
    this.#forgetUnused();
  }

  // --- rotation -----------------------------------------------------------------------------------------

  /**
   * Makes the key that is to follow the current one, where there is none yet.
   * @throws AppError `identity/not-enrolled`
   */
  beginRotation(): void {
    if (this.#record('current') === null) throw new AppError('identity/not-enrolled');
    if (this.#usable('accepted') === null && this.#usable('next') === null) this.#make('next');
  }

  /** The next key, as long as the aggregator has not said that it has it; null where there is nothing to say. */
  keyToAnnounce(): DeviceKey | null {
    return this.#usable('next');
  }

  /** The aggregator has the next key on its disk. */
  markAccepted(keyId: string): void {
    this.#move(keyId, 'next', 'accepted');
  }

  /** The aggregator no longer knows the next key, perhaps it was restored from a backup: announced anew. */
  markForgotten(keyId: string): void {
    this.#move(keyId, 'accepted', 'next');
  }

  /** The aggregator will never take the next key. */
  dropNextKey(): void {
    this.#remove('next');
  }

  /** The aggregator let this key in. If it was the next one, the old one is over and is erased. */
  markProven(keyId: string): void {
    this.#database
      .transaction(() => {
        const isNext = this.#database
          .prepare("SELECT 1 FROM device_key WHERE key_id = ? AND state = 'accepted'")
          .get(keyId);
        if (isNext === undefined) return;
        this.#database.prepare("DELETE FROM device_key WHERE state = 'current'").run();
        this.#move(keyId, 'accepted', 'current');
      })
      .immediate();
    this.#forgetUnused();
  }

  // --- rows and files -----------------------------------------------------------------------------------

  #record(state: KeyState): KeyRecord | null {
    const row = this.#database
      .prepare('SELECT key_id AS keyId, created_at AS createdAt FROM device_key WHERE state = ?')
      .get(state) as KeyRecord | undefined;
    return row ?? null;
  }

  /** The key in this state; a lost one that nothing depends on yet is dropped, so that a new one can be made. */
  #usable(state: 'enrolling' | 'next' | 'accepted'): DeviceKey | null {
    const record = this.#record(state);
    if (record === null) return null;
    try {
      return DeviceKey.fromPem(this.#keys.read(record.keyId) ?? '', record.keyId);
    } catch {
      this.#remove(state);
      return null;
    }
  }

  #make(state: 'enrolling' | 'next'): DeviceKey {
    const key = DeviceKey.create();
    this.#keys.write(key.keyId, key.toPem());
    this.#database
      .prepare('INSERT INTO device_key (key_id, state, created_at) VALUES (?, ?, ?)')
      .run(key.keyId, state, new Date().toISOString());
    return key;
  }

  #move(keyId: string, from: KeyState, to: KeyState): void {
    this.#database
      .prepare('UPDATE device_key SET state = ? WHERE key_id = ? AND state = ?')
      .run(to, keyId, from);
  }

  #remove(state: KeyState): void {
    this.#database.prepare('DELETE FROM device_key WHERE state = ?').run(state);
    this.#forgetUnused();
  }

  /** Erases private keys that no row names: a replaced one, or one whose row a crash prevented. */
  #forgetUnused(): void {
    const used = new Set(this.#database.prepare('SELECT key_id FROM device_key').pluck().all());
    for (const keyId of this.#keys.keyIds()) if (!used.has(keyId)) this.#keys.remove(keyId);
  }
}
