import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import type { Catalogue } from './catalogue.ts';
import type { RetentionPolicy } from './retention-policy.ts';
import type { WeightStore } from './weight-store.ts';

/** Time between two looks for versions that have become too old, milliseconds. */
const RETIRE_EVERY_MS = 10 * 60 * 1000;

export interface RetentionOptions {
  readonly catalogue: Pick<
    Catalogue,
    'retireVersions' | 'evictOldestVersions' | 'evictFilesOfClients' | 'unreferenced'
  >;
  readonly weights: Pick<WeightStore, 'usedBytes' | 'largestBytes' | 'removeUnreferenced'>;
  readonly policy: RetentionPolicy;
  readonly log: Logger;
  readonly now: () => Date;
}

/** How full the weight store is. */
export interface WeightUsage {
  readonly weightsBytes: number;
  /** null: no limit. */
  readonly maxWeightsBytes: number | null;
}

/**
 * Keeps the weight store within its limit: called after each commit that may have added files. Count and age of versions
 * are the catalogue's own matter at each new version; here is the timer for age. For moments the store may hold more
 * than the limit by what one update brings. What cannot be done now is logged and tried again at the next call.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #tail: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  get usage(): WeightUsage {
    const { weights, policy } = this.#options;
    return { weightsBytes: weights.usedBytes, maxWeightsBytes: policy.maxWeightsBytes };
  }

  /** Begins to look for versions that have become too old. */
  start(): void {
    this.#timer = setInterval(() => void this.retire(), RETIRE_EVERY_MS);
    this.#timer.unref();
  }

  /** Ends the timer and waits for what is being evicted. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tail;
  }

  /** Lets go of versions that have become too old, then stays within the limit. */
  async retire(): Promise<void> {
    const { catalogue, now } = this.#options;
    if (this.#options.policy.keepDays === null) return this.keepWithin();
    await this.#alone(async () => {
      await this.#remove(await catalogue.retireVersions({ atTime: now().toISOString() }));
      await this.#shrink();
    });
  }

  /** Evicts files until the store is within its limit or nothing more may go. Never throws. */
  async keepWithin(): Promise<void> {
    if (this.#excessBytes <= 0) this.#hasWarned = false;
    else await this.#alone(() => this.#shrink());
  }

  get #excessBytes(): number {
    const { weightsBytes, maxWeightsBytes } = this.usage;
    return maxWeightsBytes === null ? 0 : weightsBytes - maxWeightsBytes;
  }

  /** Two at once would both evict for the same excess. */
  #alone(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(work).catch((thrown) => {
      this.#options.log.warn({ code: toAppError(thrown).code }, 'could not evict weights');
    });
    return this.#tail;
  }

  async #shrink(): Promise<void> {
    const { catalogue, weights, now, log } = this.#options;
    while (this.#excessBytes > 0) {
      // Never more than needed: that many of the largest would not free more than the excess.
      const count = Math.max(1, Math.floor(this.#excessBytes / weights.largestBytes));
      const at = { count, atTime: now().toISOString() };
      const versions = await catalogue.evictOldestVersions(at);
      if (versions.length > 0) {
        await this.#remove(versions);
        log.info(
          { versions: versions.length, ...this.usage },
          'old versions evicted to stay within the limit',
        );
        continue;
      }
      const { digests, clientIds } = await catalogue.evictFilesOfClients(at);
      if (digests.length === 0) return this.#warn();
      await this.#remove(digests);
      const entry = { files: digests.length, clientIds, ...this.usage };
      log.warn(
        entry,
        'weights of clients evicted to stay within the limit: they will be asked to send them again',
      );
    }
    this.#hasWarned = false;
  }

  async #remove(digests: readonly string[]): Promise<void> {
    const { catalogue, weights } = this.#options;
    await weights.removeUnreferenced(digests, (candidates) => catalogue.unreferenced(candidates));
  }

  /** Once until it is over, not with every update. */
  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.log.warn(
      this.usage,
      'the weight store is over its limit, and all it holds is needed: raise --max-weights or add a disk; serving goes on',
    );
  }
}
