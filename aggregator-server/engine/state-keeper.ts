import { toAppError } from '@genba/shared/errors/app-error';
import type { Aftermath, TaskState } from '../store/catalogue.ts';
import { discardStaged, settled } from '../store/vector-files.ts';
import type { KeeperContext } from './keeper-context.ts';
import type { NextState } from './merge-runner.ts';

/** What the keeper itself uses of its context. */
type MoveContext = Pick<
  KeeperContext,
  'catalogue' | 'weights' | 'log' | 'onStep' | 'keepWithin' | 'onIssued'
>;

/**
 * One task's state and the only hand that moves it. Each move: the runner computes it and stages its files, the files
 * get their names, one transaction commits; only then does memory follow. Until the commit nothing refers to the new
 * files, so a stop at any moment leaves what was before, to be computed again. Calls must not overlap.
 */
export class StateKeeper {
  readonly #context: MoveContext;
  #state: TaskState;
  #dueAtMs: number | null;
  /** Files that the last move has left without a reader, until they are gone. */
  #cleaning: Promise<void> = Promise.resolve();

  constructor(context: MoveContext, state: TaskState, dueAtMs: number | null) {
    this.#context = context;
    this.#state = state;
    this.#dueAtMs = dueAtMs;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** When the open round must be closed, milliseconds since 1970; null while nobody waits. */
  get dueAtMs(): number | null {
    return this.#dueAtMs;
  }

  /**
   * Moves to the next state.
   * @param commit its transaction
   * @returns what the transaction left to be cleaned up, by {@link cleanUp}
   * @throws AppError `server/storage`; the state is as before
   */
  async move(next: NextState, commit: () => Promise<Aftermath>): Promise<Aftermath> {
    const { weights, onStep } = this.#context;
    // So that never more than one move's files wait for their removal.
    await this.#cleaning;
    const batch = weights.begin();
    try {
      // At once, so that the disk syncs their names together.
      await settled(
        next.staged.map(async (staged, index) => {
          await batch.moveIn(staged);
          if (index === 0) await onStep('apply/first-stored');
        }),
      );
      await onStep('apply/all-stored');
      const aftermath = await commit();
      // Memory follows the commit, never the other way round.
      this.#state = next.state;
      this.#dueAtMs = next.dueAtMs;
      return aftermath;
    } catch (thrown) {
      await discardStaged(next.staged);
      throw thrown;
    } finally {
      batch.end();
    }
  }

  /**
   * Moves at an operator's request and cleans up, unless the commit finds that it may not (null).
   * @returns whether it moved
   * @throws AppError `server/storage`; the state is as before
   */
  async moveIf(next: NextState, commit: () => Promise<Aftermath | null>): Promise<boolean> {
    try {
      const aftermath = await this.move(next, async () => {
        const committed = await commit();
        if (committed === null) throw new NotNow();
        await this.#context.onStep('operator/committed');
        return committed;
      });
      await this.cleanUp(aftermath);
      return true;
    } catch (thrown) {
      if (thrown instanceof NotNow) return false;
      throw thrown;
    }
  }

  /** Tells the clients of a commit's news, and removes files that lost their last reader by it. */
  async cleanUp({ obsoleteDigests, releasedClients }: Aftermath): Promise<void> {
    for (const clientId of releasedClients) this.#context.onIssued(clientId);
    await this.removeObsolete(obsoleteDigests);
  }

  /** The same, but the next update need not wait for the disk to free the files; see {@link whenClean}. */
  cleanUpSoon(aftermath: Aftermath): void {
    this.#cleaning = this.cleanUp(aftermath).then(() => this.#context.onStep('apply/cleaned'));
  }

  /** Resolves when nothing waits for its removal. */
  whenClean(): Promise<void> {
    return this.#cleaning;
  }

  /** Best effort: what stays behind is removed at the next start. */
  async removeObsolete(digests: readonly string[]): Promise<void> {
    const { catalogue, weights, log } = this.#context;
    try {
      await weights.removeUnreferenced(digests, (candidates) => catalogue.unreferenced(candidates));
    } catch (thrown) {
      log.warn({ code: toAppError(thrown).code }, 'could not remove old weights');
    }
    await this.#context.keepWithin();
  }
}

/** A commit that changed nothing, because the ground for it is gone. */
class NotNow extends Error {
  override readonly name = 'NotNow';
}
