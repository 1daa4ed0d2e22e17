import { createHash } from 'node:crypto';

/** What is written down around identities. */
export type AuditEvent =
  | 'server-started'
  | 'invitation-made'
  | 'invitation-withdrawn'
  | 'enrolled'
  | 'handshake-refused'
  | 'handshakes-refused'
  | 'key-announced'
  | 'key-rotated'
  | 'revoked'
  | 'update-published'
  | 'update-share-set'
  | 'update-withdrawn';

/** One thing that happened, as it is handed over. */
export interface AuditNote {
  /** ISO 8601. */
  readonly at: string;
  readonly event: AuditEvent;
  /** `server`, `device`, or `operator NAME` with the account's name. */
  readonly actor: string;
  readonly taskId: string | null;
  readonly clientId: string | null;
  readonly remoteAddress: string | null;
  /** Ids, codes, counts and names; never a code of an invitation, a key or data. */
  readonly detail: Readonly<Record<string, string | number | readonly string[] | null>>;
}

/** One row of the record. */
export interface AuditRow {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly at: string;
  readonly event: string;
  readonly actor: string;
  readonly taskId: string | null;
  readonly clientId: string | null;
  readonly remoteAddress: string | null;
  /** JSON. */
  readonly detail: string;
  /** Of the row before and this row; see {@link chainDigest}. */
  readonly digest: string;
}

/** What stands before the first row. */
export const CHAIN_START = '0'.repeat(64);

/**
 * The digest of a row: sha256, in hexadecimal, over a JSON list of the digest before and the row's columns in order.
 * Who changes a row must change every later one, so one digest written down elsewhere vouches for all before it.
 */
export function chainDigest(previous: string, row: Omit<AuditRow, 'digest'>): string {
  const { sequence, at, event, actor, taskId, clientId, remoteAddress, detail } = row;
  const content = [previous, sequence, at, event, actor, taskId, clientId, remoteAddress, detail];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/**
 * The end of a record at some moment. Written down elsewhere it vouches for everything up to there: a record that was
 * cut off before it, or made anew, does not contain it.
 */
export type AuditHead = Pick<AuditRow, 'sequence' | 'digest'>;

/** A head in the form in which people write it down: `ROWS:DIGEST`. */
export function auditHeadText({ sequence, digest }: AuditHead): string {
  return `${sequence}:${digest}`;
}

/** Checks rows in order, fed one by one. */
export class ChainCheck {
  readonly #due: AuditHead[];
  #last: AuditHead = { sequence: 0, digest: CHAIN_START };

  /** @param heads earlier ends that the record must contain */
  constructor(heads: readonly AuditHead[] = []) {
    this.#due = heads.filter(({ sequence }) => sequence > 0);
  }

  /** @returns what is wrong with the row, or null */
  add(row: AuditRow): string | null {
    const { sequence, digest } = this.#last;
    this.#last = row;
    if (row.sequence !== sequence + 1) return `audit row ${row.sequence} follows row ${sequence}`;
    if (row.digest !== chainDigest(digest, row)) return `audit row ${row.sequence} was changed`;
    const isOther = this.#due.some((head) => head.sequence === row.sequence && head.digest !== row.digest);
    return isOther ? `audit row ${row.sequence} is not the one that was written down` : null;
  }

  /** @returns what is missing after the last row, or null */
  end(): string | null {
    const { sequence } = this.#last;
    const missing = this.#due.find((head) => head.sequence > sequence);
    return missing === undefined
      ? null
      : `the audit record ends with row ${sequence}, but had ${missing.sequence} when that was written down`;
  }

  /** The newest row seen. */
  get last(): AuditHead {
    return { sequence: this.#last.sequence, digest: this.#last.digest };
  }
}
