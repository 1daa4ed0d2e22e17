import { createHash, randomUUID } from 'node:crypto';
import { decodeUpdate } from '@genba/shared/federation/encoding/update-decoder';
import type { WeightLayout } from '@genba/shared/model/layout';
import type { ReceivedWeights } from '../store/client-store.ts';
import type { OutstandingUpdate } from '../store/outbox.ts';
import { toWeights } from '../store/weights-blob.ts';

/** What the aggregator says to an offered update, once its bytes are there. */
export type Answer = 'receipt' | 'update/unknown-base' | 'update/encoding-refused';

/** What became of an update whose receipt was given. */
type Verdict = 'held' | 'applied' | 'dropped';

interface KnownUpdate {
  readonly sha256: string;
  /** Ŵ, as decoded. */
  readonly weights: readonly number[];
  /** δ̂ = Ŵ − S. */
  readonly delta: readonly number[];
  verdict: Verdict;
  /** Given out once; offered again until it is installed. */
  reply: ReceivedWeights | null;
}

/**
 * As much of an aggregator as decides over a plant's progress: it decodes, takes each update once, on the one base it
 * last gave out, and answers it. Numbers are float64, so what it adds up can be compared exactly where all of them are
 * whole. It throws where a plant breaks the rules.
 */
export class ModelledAggregator {
  /** The sum of all deltas that were applied, and of those that an operator dropped. */
  readonly applied: number[];
  readonly dropped: number[];
  readonly #layout: WeightLayout;
  readonly #updates = new Map<string, KnownUpdate>();
  /** The base it last gave out; null when it has forgotten it. */
  #base: { readonly baseId: string; readonly start: readonly number[]; isSpent: boolean } | null = null;

  constructor(layout: WeightLayout) {
    this.#layout = layout;
    this.applied = new Array<number>(layout.size).fill(0);
    this.dropped = [...this.applied];
  }

  /** @throws Error when the plant offers other bytes under a known id, or builds a second update on one base */
  receive(
    update: OutstandingUpdate,
    options: { readonly holds: boolean; readonly decodes: boolean },
  ): Answer {
    const known = this.#updates.get(update.updateId);
    const digest = update.weightsSha256 ?? update.sha256;
    if (known !== undefined) {
      if (known.sha256 !== digest) throw new Error('another content under a known id');
      return 'receipt';
    }
    if (this.#base === null || update.baseId !== this.#base.baseId) return 'update/unknown-base';
    if (update.encoding !== 'float32' && !options.decodes) return 'update/encoding-refused';
    if (this.#base.isSpent) throw new Error('a second update on one base');
    this.#base.isSpent = true;
    const { start } = this.#base;
    const weights = [...this.decode(update, start)];
    const delta = weights.map((weight, i) => weight - start[i]!);
    this.#updates.set(update.updateId, { sha256: digest, weights, delta, verdict: 'held', reply: null });
    if (!options.holds) this.#settle(update.updateId, 'applied');
    return 'receipt';
  }

  /** What an update's bytes lead to. @throws Error when they are not what was offered */
  decode(update: OutstandingUpdate, start: readonly number[]): Float32Array {
    if (sha256(update.payload) !== update.sha256) throw new Error('other bytes than were offered');
    if (update.encoding === 'float32') return toWeights(update.payload);
    const form = { encoding: update.encoding, layout: this.#layout };
    const weights = decodeUpdate(form, update.payload, Float32Array.from(start));
    if (weights === null || sha256(new Uint8Array(weights.buffer)) !== update.weightsSha256)
      throw new Error('a delta that leads elsewhere');
    return weights;
  }

  #settle(updateId: string, verdict: 'applied' | 'dropped'): void {
    const update = this.#updates.get(updateId)!;
    update.verdict = verdict;
    update.delta.forEach((moved, i) => {
      this[verdict][i]! += moved;
    });
  }

  /** Whether its answer waits for an operator. */
  isHeld(updateId: string): boolean {
    return this.#updates.get(updateId)?.verdict === 'held';
  }

  /** Whether it has given a receipt for it, or would. */
  isKnown(updateId: string): boolean {
    return this.#updates.has(updateId);
  }

  /** An operator decides over a held update. */
  decide(updateId: string, verdict: 'applied' | 'dropped'): void {
    if (this.isHeld(updateId)) this.#settle(updateId, verdict);
  }

  /** It was restored from a copy, or emptied: it does not know the plant's base any more. */
  forgetBase(): void {
    this.#base = null;
  }

  /** The reply to an update: its weights, shifted; global weights where it was dropped, or the reply is forgotten. */
  replyTo(updateId: string, shift: readonly number[]): ReceivedWeights {
    const update = this.#updates.get(updateId)!;
    if (update.reply !== null && update.reply.baseId === this.#base?.baseId) return update.reply;
    const isPlain = update.verdict === 'applied' && update.reply === null;
    const next = shift.map((moved, i) => moved + (isPlain ? update.weights[i]! : 0));
    update.reply = this.#giveOut(next, updateId);
    return update.reply;
  }

  /** How an update was decoded. */
  deltaOf(updateId: string): readonly number[] {
    return this.#updates.get(updateId)!.delta;
  }

  /** Weights to start from. */
  fresh(weights: readonly number[]): ReceivedWeights {
    return this.#giveOut(weights, null);
  }

  #giveOut(weights: readonly number[], updateId: string | null): ReceivedWeights {
    const baseId = randomUUID();
    const rounded = Float32Array.from(weights);
    this.#base = { baseId, start: [...rounded], isSpent: false };
    return { baseId, globalVersion: this.#updates.size, staleness: 0, updateId, weights: rounded };
  }

  /** A client that calibrates by itself has made another start of what it was sent. */
  replaceStart(start: readonly number[]): void {
    this.#base = { ...this.#base!, start };
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
