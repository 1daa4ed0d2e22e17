import {
  LEDGER_PAGE_ENTRIES,
  type LedgerChannel,
  type LedgerEntry,
  type LedgerPage,
  type LedgerQuery,
  MAX_PEER_LENGTH,
} from '@genba/shared/local-api/ledger';
import Database from 'better-sqlite3';
import type { AgentDatabase } from './database.ts';

/** Least time between two notes of how far a running delivery is, milliseconds: each one is synced to disk. */
const NOTE_INTERVAL_MS = 10_000;

/** What is about to leave this PC, and to whom. */
export interface Delivery {
  readonly channel: LedgerChannel;
  /** Address of the aggregator (`wss://HOST:PORT`), or path of the file. */
  readonly peer: string;
  readonly taskId: string;
  /** The update it belongs to; its rounds are looked up. */
  readonly updateId: string;
  /** Left out: the update itself. */
  readonly content?: LedgerEntry['content'];
  /** Where in the whole the delivery begins, bytes: more than 0 when it continues a broken-off one. Left out: 0. */
  readonly firstByte?: number;
  /** What there is to deliver from there on, bytes of payload. */
  readonly plannedBytes: number;
}

/** A delivery under way. Whatever is told of it after its end changes nothing. */
export interface RunningDelivery {
  /**
   * This many more bytes of payload are handed over. To be called before they are: so the ledger never says less than
   * what has left.
   */
  add(bytes: number): void;
  /** The operating system has taken all planned bytes. */
  complete(): void;
  /** It ended before that. */
  breakOff(): void;
}

interface Ending {
  readonly sentBytes: number;
  readonly outcome: 'complete' | 'broken-off';
  readonly endedAt: string;
}

/**
 * The record of what left this PC: when, how many bytes, of which rounds, to whom.
 *
 * Units: bytes of payload, that is of weights as they are encoded. Not counted are what carries them (WebSocket and TLS
 * framing), and the small messages beside them (identity, and the figures of an update, about 1 kB each).
 * Exactness: an entry is on disk before the first byte leaves. Bytes count when they are handed to the operating system or
 * to a queue in front of it, so a broken-off delivery may be overstated by what waited there (at most a window and a
 * frame, `SEND_WINDOW_BYTES + DATA_CHUNK_BYTES`), and none is ever understated. When this PC stops in the middle, the
 * entry says so, with the least and the most that can have left.
 */
export class Ledger {
  readonly #database: AgentDatabase;
  readonly #now: () => Date;
  readonly #running = new Set<RunningDelivery>();
  /** By entry: what could not be written yet, because the disk was full. */
  readonly #unwritten = new Map<number, Ending>();

  constructor(database: AgentDatabase, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Enters a delivery before its first byte leaves; its bytes and its end are told to what is returned.
   * @throws SqliteError when it cannot be entered (the disk is full): nothing may leave then
   */
  begin(delivery: Delivery): RunningDelivery {
    this.#writeEndings();
    const entryId = this.#insert(delivery);
    let sentBytes = 0;
    let notedAtMs = this.#now().getTime();
    const end = (outcome: Ending['outcome']) => {
      if (!this.#running.delete(running)) return;
      this.#unwritten.set(entryId, { sentBytes, outcome, endedAt: this.#now().toISOString() });
      this.#writeEndings();
    };
    const running: RunningDelivery = {
      add: (bytes) => {
        sentBytes += bytes;
        const nowMs = this.#now().getTime();
        // Also when the clock was set back.
        if (!this.#running.has(running) || Math.abs(nowMs - notedAtMs) < NOTE_INTERVAL_MS) return;
        notedAtMs = nowMs;
        this.#note(entryId, sentBytes);
      },
      complete: () => end('complete'),
      breakOff: () => end('broken-off'),
    };
    this.#running.add(running);
    return running;
  }

  /** Enters a delivery that is through, such as a file that was written and synced; part of the caller's transaction. */
  record(delivery: Delivery): void {
    this.#database.transaction(() => {
      const ending = { sentBytes: delivery.plannedBytes, outcome: 'complete' } as const;
      this.#end(this.#insert(delivery), { ...ending, endedAt: this.#now().toISOString() });
    })();
  }

  /** Breaks off what is under way; to be called before the database is closed. */
  stop(): void {
    for (const running of this.#running) running.breakOff();
  }

  #insert(delivery: Delivery): number {
    const { content = 'update', firstByte = 0, channel, peer, taskId, updateId, plannedBytes } = delivery;
    const insert = `
      INSERT INTO ledger (started_at, channel, peer, task_id, content, update_id, rounds, first_round, last_round,
                          first_byte, planned_bytes, sent_bytes, outcome)
      SELECT ?, ?, ?, ?, ?, ?, COUNT(*), MIN(number), MAX(number), ?, ?, 0, 'running'
      FROM round WHERE update_id = ? AND ? = 'update'`;
    const place = [channel, peer.slice(0, MAX_PEER_LENGTH), taskId, content, updateId];
    const { lastInsertRowid } = this.#database
      .prepare(insert)
      .run(this.#now().toISOString(), ...place, firstByte, plannedBytes, updateId, content);
    return Number(lastInsertRowid);
  }

  #end(entryId: number, { sentBytes, outcome, endedAt }: Ending): void {
    this.#database
      .prepare('UPDATE ledger SET sent_bytes = ?, outcome = ?, ended_at = ? WHERE entry_id = ?')
      .run(sentBytes, outcome, endedAt, entryId);
  }

  /** How far a delivery is, for the case that this PC stops in the middle. */
  #note(entryId: number, sentBytes: number): void {
    if (!this.#database.open) return;
    tryWriting(() =>
      this.#database.prepare('UPDATE ledger SET sent_bytes = ? WHERE entry_id = ?').run(sentBytes, entryId),
    );
  }

  /** A full disk must not stop a transfer: what it did not take is tried again with the next thing that happens. */
  #writeEndings(): void {
    // A socket may tell of its end after the agent has stopped: the next start closes the entry.
    if (!this.#database.open) return;
    for (const [entryId, ending] of this.#unwritten) {
      tryWriting(() => {
        this.#end(entryId, ending);
        this.#unwritten.delete(entryId);
      });
    }
  }

  /** Closes what a process that is gone has left open. To be called once, when the agent starts. */
  closeAbandoned(): void {
    this.#database
      .prepare("UPDATE ledger SET outcome = 'unknown', ended_at = ? WHERE outcome = 'running'")
      .run(this.#now().toISOString());
  }

  /** One page of entries, oldest first. */
  read({ since, until, after }: LedgerQuery): LedgerPage {
    this.#writeEndings();
    const entries = this.#database
      .prepare(
        `SELECT entry_id AS entryId, started_at AS startedAt, ended_at AS endedAt, channel, peer, task_id AS taskId,
                content, update_id AS updateId, rounds, first_round AS firstRound, last_round AS lastRound,
                first_byte AS firstByte, planned_bytes AS plannedBytes, sent_bytes AS sentBytes, outcome
         FROM ledger
         WHERE entry_id > ? AND started_at >= COALESCE(?, '') AND (? IS NULL OR started_at < ?)
         ORDER BY entry_id LIMIT ?`,
      )
      .all(after, since, until, until, LEDGER_PAGE_ENTRIES + 1) as LedgerEntry[];
    const keptSince = this.#database.prepare('SELECT ledger_since FROM client').pluck().get();
    return {
      entries: entries.slice(0, LEDGER_PAGE_ENTRIES),
      hasMore: entries.length > LEDGER_PAGE_ENTRIES,
      keptSince: (keptSince as string | null | undefined) ?? null,
    };
  }
}

function tryWriting(write: () => void): void {
  try {
    write();
  } catch (thrown) {
    const isRefusedByDisk =
      thrown instanceof Database.SqliteError && !thrown.code.startsWith('SQLITE_CONSTRAINT');
    if (!isRefusedByDisk) throw thrown;
  }
}
