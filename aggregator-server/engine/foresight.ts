import type { ClientRecord, NewUpdate, TaskState } from '../store/catalogue.ts';
import type { KeeperContext } from './keeper-context.ts';
import { missingOf } from './missing-files.ts';
import type { StateKeeper } from './state-keeper.ts';
import { storedClientOf } from './weights-issuer.ts';

/** An update that is proved and lies in memory, and is not journaled yet. */
export interface ExpectedUpdate extends Pick<NewUpdate, 'updateId' | 'digest' | 'examples'> {
  /** Who sent it, as it was when the update was offered. */
  readonly client: ClientRecord;
}

interface Awaited extends ExpectedUpdate {
  readonly receivedAt: string;
}

/** What it needs of a task. */
export type ForesightContext = Pick<KeeperContext, 'runner' | 'proved' | 'clientVectors' | 'now'>;

/**
 * Has the arithmetic of the next merge done ahead: while the update's file is still being synced, named and journaled,
 * and while the results of the merge before it are. It guesses which update is next and from which state it will be
 * merged; the runner uses what it has computed for exactly that and nothing else, so a wrong guess costs time and no
 * more. It decides nothing, and nothing it does can be seen: journal, merge and commit go their way as without it.
 */
export class Foresight {
  readonly #context: ForesightContext;
  readonly #keeper: Pick<StateKeeper, 'state' | 'dueAtMs'>;
  /** Those that are being journaled, which nearly always ends in the order in which they came. */
  readonly #arriving = new Map<string, Awaited>();
  /** Those that are, in the order in which they will be merged. */
  readonly #journaled = new Map<string, Awaited>();
  /** The state that a merge in hand leads to; null while that is not known. */
  #ground: TaskState | 'as kept' | null = 'as kept';
  /** The one that was computed ahead, or is being. */
  #foreseen: string | null = null;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(context: ForesightContext, keeper: Pick<StateKeeper, 'state' | 'dueAtMs'>) {
    this.#context = context;
    this.#keeper = keeper;
  }

  /** An update will be journaled soon. Its time of arrival is now: the merge depends on it. */
  expect(update: ExpectedUpdate): void {
    const receivedAt = this.#context.now().toISOString();
    this.#arriving.set(update.updateId, { ...update, receivedAt });
    this.#look();
  }

  /** When an expected update arrived; null for any other. */
  arrivalOf(updateId: string): string | null {
    return this.#arriving.get(updateId)?.receivedAt ?? null;
  }

  /** An expected update is journaled, behind those that were before. */
  journaled(updateId: string): void {
    const update = this.#arriving.get(updateId);
    this.#arriving.delete(updateId);
    if (update !== undefined) this.#journaled.set(updateId, update);
  }

  /** An update will not be journaled after all, or was before. */
  giveUp(updateId: string): void {
    this.#arriving.delete(updateId);
    if (this.#foreseen === updateId) this.#foreseen = null;
    this.#look();
  }

  /** The merge of an update begins: what comes after it is not known before {@link computed}. */
  begin(updateId: string): void {
    this.#ground = null;
    this.#journaled.delete(updateId);
    if (this.#foreseen !== updateId) this.#foreseen = null;
  }

  /** Resolves when the memory of the update in hand is read no more; what was foreseen of it is spent then. */
  async spend(): Promise<void> {
    if (this.#foreseen !== null) await this.#running;
    this.#foreseen = null;
  }

  /** The merge in hand leads to this state; it remains to be committed. */
  computed(state: TaskState): void {
    this.#ground = state;
    this.#look();
  }

  /** The merge in hand has ended, however it did. */
  end(updateId: string): void {
    this.#ground = 'as kept';
    if (this.#foreseen === updateId) this.#foreseen = null;
    this.#look();
  }

  /** Foresees nothing more; resolves when it reads no memory and asks no questions any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #look(): void {
    const [next] = [...this.#journaled.values(), ...this.#arriving.values()];
    if (next === undefined || this.#ground === null || this.#foreseen !== null || this.#isClosed) return;
    const state = this.#ground === 'as kept' ? this.#keeper.state : this.#ground;
    this.#foreseen = next.updateId;
    const earlier = this.#running;
    // A failure is met again, and dealt with, when the update is merged.
    this.#running = this.#foresee(next, state)
      .catch(() => {})
      .then(() => earlier);
  }

  async #foresee(update: Awaited, state: TaskState): Promise<void> {
    const { runner, proved, clientVectors } = this.#context;
    const { client, digest, examples } = update;
    const stored = storedClientOf(client);
    if (stored === null || missingOf(client, clientVectors) !== 'nothing') return;
    const receivedAtMs = Date.parse(update.receivedAt);
    const { dueAtMs } = this.#keeper;
    if (dueAtMs !== null && receivedAtMs >= dueAtMs) return;
    const weights = proved.read(digest);
    if (weights === null) return;
    try {
      const report = { digest, proved: weights.bytes, examples, receivedAtMs };
      await runner.foresee(state, stored, report);
    } finally {
      weights.end();
    }
  }
}
