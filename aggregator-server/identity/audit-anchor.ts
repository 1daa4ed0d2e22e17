import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import { auditHeadText } from '../store/audit-chain.ts';
import type { IdentityRegister } from '../store/identity-register.ts';

/** Between two lines of the log, milliseconds. */
const ANCHOR_EVERY_MS = 60 * 60 * 1000;

/**
 * Says in the log where the audit record ends: at the start, every hour, and at the stop. Logs are collected elsewhere,
 * out of reach of who can write the data folder, so what was recorded up to such a line cannot be made anew unnoticed:
 * `verify --audit-head` takes what the line names. Also where nothing was added: then nothing may be dated back later.
 */
export class AuditAnchor {
  readonly #register: Pick<IdentityRegister, 'auditHead'>;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor({ register, log }: { register: Pick<IdentityRegister, 'auditHead'>; log: Logger }) {
    this.#register = register;
    this.#log = log;
  }

  /** Begins, with the first line. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#say(), ANCHOR_EVERY_MS);
    this.#timer.unref();
    await this.#say();
  }

  /** Ends, with the last line, once nobody adds anything any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#timer !== undefined) await this.#say();
  }

  async #say(): Promise<void> {
    try {
      this.#log.info(
        { auditHead: auditHeadText(await this.#register.auditHead()) },
        'audit record ends here',
      );
    } catch (thrown) {
      this.#log.warn({ err: toAppError(thrown) }, 'end of the audit record unknown');
    }
  }
}
