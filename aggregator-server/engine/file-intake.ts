import type { BaseRecord, NewUpdate, UpdateRecord } from '../store/catalogue.ts';
import type { WeightBatch } from '../store/weight-store.ts';
import type { Foresight } from './foresight.ts';
import type { KeeperContext } from './keeper-context.ts';
import type { StateKeeper } from './state-keeper.ts';
import type { UpdateQueue } from './update-queue.ts';

/** An update that has arrived complete, proved and synced, as the gateway hands it over. */
export type ArrivedUpdate = Omit<NewUpdate, 'taskId' | 'receivedAt'> & {
  /** Its weights; taken over by the weight store. */
  readonly path: string;
};

/** Start weights that have arrived complete, proved and synced. */
export interface ArrivedStart {
  readonly clientId: string;
  readonly base: BaseRecord;
  /** The weights; taken over by the weight store. */
  readonly path: string;
}

export interface FileIntakeParts {
  readonly keeper: Pick<StateKeeper, 'removeObsolete'>;
  readonly updates: Pick<UpdateQueue, 'enqueue' | 'retry'>;
  readonly foresight: Pick<Foresight, 'arrivalOf' | 'journaled' | 'giveUp'>;
}

/** Takes over what clients have sent: first the file, then its line in the catalogue, then the work on it. */
export class FileIntake {
  readonly #context: KeeperContext;
  readonly #parts: FileIntakeParts;

  constructor(context: KeeperContext, parts: FileIntakeParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Journals an update and queues it. @throws AppError `update/id-conflict`, `update/unknown-base`, `server/storage` */
  async receive({ path, ...update }: ArrivedUpdate): Promise<UpdateRecord> {
    const { task, catalogue, weights, proved, now, onStep } = this.#context;
    const { foresight } = this.#parts;
    const { updateId } = update;
    const batch = weights.begin();
    try {
      await batch.moveIn({ path, digest: update.digest });
      await onStep('receive/stored');
      const journaled = await catalogue.journalUpdate({
        ...update,
        taskId: task.id,
        receivedAt: foresight.arrivalOf(updateId) ?? now().toISOString(),
      });
      await onStep('receive/journaled');
      if (journaled.state === 'received') {
        foresight.journaled(updateId);
        this.#parts.updates.enqueue(journaled);
      } else {
        foresight.giveUp(updateId);
        proved.forget(update.digest);
        await this.#forget(batch, update.digest);
      }
      return journaled;
    } catch (thrown) {
      foresight.giveUp(updateId);
      proved.forget(update.digest);
      await this.#forget(batch, update.digest);
      throw thrown;
    } finally {
      batch.end();
    }
  }

  /**
   * Takes start weights back and tries the update again that waited for them.
   * @returns false unless the client starts from them
   * @throws AppError `server/storage`
   */
  async restoreStart({ clientId, base, path }: ArrivedStart): Promise<boolean> {
    const { task, catalogue, weights, log, onStep } = this.#context;
    const batch = weights.begin();
    try {
      await batch.moveIn({ path, digest: base.weightsDigest });
      await onStep('restore/stored');
      if (!(await catalogue.restoreStartWeights({ clientId, baseId: base.baseId }))) {
        await this.#forget(batch, base.weightsDigest);
        return false;
      }
      await onStep('restore/committed');
    } finally {
      batch.end();
    }
    log.info({ taskId: task.id, clientId, baseId: base.baseId }, 'start weights restored');
    // No eviction here: it would be what was just asked for. The commit of its update is followed by one.
    this.#parts.updates.retry(clientId);
    return true;
  }

  /** Lets go of weights that were stored for nothing. */
  async #forget(batch: WeightBatch, digest: string): Promise<void> {
    batch.end();
    await this.#parts.keeper.removeObsolete([digest]);
  }
}
