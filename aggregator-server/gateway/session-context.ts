import type { Logger } from 'pino';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { Store } from '../store/open-store.ts';
import type { Channel } from './channel.ts';

/** What the parts of one open session share. */
export interface SessionContext {
  readonly clientId: string;
  readonly engine: TaskEngine;
  readonly store: Pick<Store, 'catalogue' | 'screening' | 'weights' | 'parts'>;
  /** The way out: of a connection, or of a file that is taken in. */
  readonly channel: Pick<Channel, 'send' | 'sendData' | 'sendError' | 'frameBytes'>;
  readonly log: Logger;
}

/** Numbers of transfers, unique within a session. */
export class TransferNumbers {
  #last = 0;

  next(): number {
    this.#last = this.#last === 0xffff_ffff ? 1 : this.#last + 1;
    return this.#last;
  }
}
