import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import type { Catalogue } from '../store/catalogue.ts';
import {
  type AnyRequest,
  type ExchangeRequest,
  isAboutFile,
  type OperatorTable,
} from '../store/operator-table.ts';
import { QueueClosed } from './serial-queue.ts';
import type { TaskEngine } from './task-engine.ts';

export interface OperatorDeskOptions {
  readonly engines: ReadonlyMap<string, Pick<TaskEngine, 'execute'>>;
  readonly catalogue: Pick<Catalogue, 'onForeignChange'>;
  readonly operators: OperatorTable;
  /** Carries out what is asked about files. */
  readonly files: { execute(request: ExchangeRequest): Promise<void> };
  readonly log: Logger;
}

/**
 * Where a running server takes up what operators ask for: commands write their requests into the catalogue, and each is
 * carried out in the queue of its task. Those left from an earlier run are taken up at once.
 */
export class OperatorDesk {
  readonly #options: OperatorDeskOptions;
  readonly #taken = new Map<string, Promise<void>>();
  readonly #stop: () => void;
  #isClosed = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: OperatorDeskOptions) {
    this.#options = options;
    this.#stop = options.catalogue.onForeignChange(() => this.#look());
    this.#look();
  }

  /** Takes up nothing more. What was taken up ends with its engine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    await this.#looking;
  }

  /** Looks one after the other, so that a change during a look is not missed. */
  #look(): void {
    this.#looking = this.#looking.then(() => this.#takeUp()).catch((thrown) => this.#report(thrown));
  }

  async #takeUp(): Promise<void> {
    if (this.#isClosed) return;
    for (const request of await this.#options.operators.waiting()) {
      const { requestId } = request;
      // One that could not be carried out waits for the next start, or until whoever asked withdraws it.
      if (this.#taken.has(requestId)) continue;
      const carriedOut = this.#carryOut(request).catch((thrown) => this.#report(thrown, requestId));
      this.#taken.set(requestId, carriedOut);
    }
  }

  async #carryOut(request: AnyRequest): Promise<void> {
    const { engines, operators, files } = this.#options;
    const { requestId, taskId } = request;
    const engine = engines.get(taskId);
    if (engine !== undefined) return isAboutFile(request) ? files.execute(request) : engine.execute(request);
    const finishedAt = new Date().toISOString();
    const detail = `the running server does not serve ${taskId}`;
    await operators.fail({ requestId, finishedAt, code: 'operation/unknown-task', detail });
  }

  #report(thrown: unknown, requestId?: string): void {
    if (thrown instanceof QueueClosed) return;
    const { code, message } = toAppError(thrown);
    this.#options.log.error({ requestId, code, message }, 'operator request not taken up');
  }
}
