import { toAppError } from '@genba/shared/errors/app-error';
import type { IdentityRefusal } from '@genba/shared/identity/refusals';
import type { Logger } from 'pino';
import type { AuditNote } from '../store/audit-chain.ts';
import type { IdentityRegister } from '../store/identity-register.ts';
import { networkOf } from './admission-limits.ts';

/** Time after which repeated refusals are written down in one row, milliseconds. */
const WINDOW_MS = 60 * 60 * 1000;

/** Kinds of refusals told apart in that time; the rest is counted together. Bounds rows and memory. */
const MAX_KINDS = 50;

/** A handshake that was refused. */
export interface Refusal {
  readonly code: IdentityRefusal;
  readonly remoteAddress: string;
  /** What the peer said, which nobody has proved. */
  readonly claimedClient: string;
  readonly claimedTask: string | null;
}

/**
 * Writes refused handshakes into the audit record, so that an attacker cannot fill the disk with them: the first of
 * its kind (code and address) at once, repeats as one row with their count when the hour is over. What a crash takes
 * with it are counts of that hour.
 */
export class RefusalRecord {
  readonly #register: Pick<IdentityRegister, 'note'>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #repeats = new Map<string, { readonly refusal: Refusal; count: number }>();
  #others = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor({ register, log }: { register: Pick<IdentityRegister, 'note'>; log: Logger }) {
    this.#register = register;
    this.#log = log;
    this.#timer = setInterval(() => this.#closeWindow(), WINDOW_MS);
    this.#timer.unref();
  }

  add(refusal: Refusal): void {
    const kind = `${refusal.code} ${networkOf(refusal.remoteAddress)}`;
    const known = this.#repeats.get(kind);
    if (known !== undefined) {
      known.count++;
    } else if (this.#repeats.size >= MAX_KINDS) {
      this.#others++;
    } else {
      this.#repeats.set(kind, { refusal, count: 0 });
      const { code, remoteAddress, claimedClient, claimedTask } = refusal;
      this.#write('handshake-refused', remoteAddress, { code, claimedClient, claimedTask });
    }
  }

  /** Writes down what was only counted so far. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closeWindow();
    await this.#writing;
  }

  #closeWindow(): void {
    for (const { refusal, count } of this.#repeats.values()) {
      if (count > 0) this.#write('handshakes-refused', refusal.remoteAddress, { code: refusal.code, count });
    }
    if (this.#others > 0) this.#write('handshakes-refused', null, { code: null, count: this.#others });
    this.#repeats.clear();
    this.#others = 0;
  }

  #write(event: AuditNote['event'], remoteAddress: string | null, detail: AuditNote['detail']): void {
    const at = new Date().toISOString();
    const note = { at, event, actor: 'server', taskId: null, clientId: null, remoteAddress, detail };
    this.#writing = this.#writing
      .then(() => this.#register.note(note))
      .catch((thrown) => this.#log.error({ err: toAppError(thrown) }, 'audit record not written'));
  }
}
