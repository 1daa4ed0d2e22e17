import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL_PAGE_SIZE, type Suggestion } from '@genba/shared/local-api/labelling';
import type { InboxPicture } from './inbox.ts';

/**
 * What the model takes pictures for, in their order; null where it cannot say. Fewer, or none at all, where there is no
 * model or it cannot be run. Never rejects.
 */
export type Suggest = (pictures: readonly InboxPicture[]) => Promise<readonly (Suggestion | null)[]>;

/** Pictures given to the model at a time: a part on the line waits for no more than these. */
const JUDGED_AT_ONCE = 16;

/** Between two times it rests for as long as the one before took, times this: the PC has other things to do. */
const REST_SHARE = 1;

/** How long judging goes on after somebody has looked at what waits, milliseconds. */
const WANTED_MS = 60_000;

interface KnownSuggestion {
  readonly suggestion: Suggestion | null;
  /** Which model it is of, counted from 0. */
  readonly model: number;
}

interface SuggestionsContext {
  readonly suggest: Suggest;
  /** The pictures that wait. */
  readonly waiting: () => readonly InboxPicture[];
}

/**
 * Has the model look at the pictures that wait, a few at a time, behind whoever labels: nobody waits for it, and it goes on
 * for as long as somebody asks.
 */
export class Suggestions {
  readonly #context: SuggestionsContext;
  readonly #known = new Map<string, KnownSuggestion>();
  /** Counts the models so far. */
  #model = 0;
  /** As far as the last attempt showed. */
  #hasModel = true;
  #wantedUntilMs = 0;
  #judging: Promise<void> | null = null;
  readonly #end = new AbortController();

  constructor(context: SuggestionsContext) {
    this.#context = context;
  }

  /** What the model takes a picture for; null where it cannot say, or has not looked at it. */
  of(digest: string): Suggestion | null {
    return this.#known.get(digest)?.suggestion ?? null;
  }

  /** The most uncertain ones first; those without a suggestion as they come, behind them. */
  uncertainFirst(pictures: readonly InboxPicture[]): InboxPicture[] {
    const confidence = ({ digest }: InboxPicture) => this.of(digest)?.confidence ?? 2;
    return pictures.toSorted((a, b) => confidence(a) - confidence(b));
  }

  /** How many of some pictures are still to be looked at; 0 where there is no model that could. */
  unjudged(pictures: readonly InboxPicture[]): number {
    return this.#hasModel ? pictures.filter(({ digest }) => !this.#known.has(digest)).length : 0;
  }

  /** Somebody looks at what waits: it is judged. */
  want(): void {
    this.#wantedUntilMs = performance.now() + WANTED_MS;
    if (this.#end.signal.aborted) return;
    this.#judging ??= this.#judge().finally(() => {
      this.#judging = null;
    });
  }

  /** Another model judges from now on. What the last one suggested is shown until this one has looked at the picture. */
  modelChanged(): void {
    this.#model += 1;
  }

  /** Ends judging for good. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#judging;
  }

  async #judge(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && performance.now() < this.#wantedUntilMs) {
      const next = this.#next();
      if (next.length === 0) return;
      const model = this.#model;
      const startedMs = performance.now();
      const suggestions = await this.#context.suggest(next);
      this.#hasModel = suggestions.length > 0;
      if (!this.#hasModel) return;
      for (const [index, suggestion] of suggestions.entries()) {
        this.#known.set(next[index]!.digest, { suggestion, model });
      }
      const tookMs = performance.now() - startedMs;
      await sleep(tookMs * REST_SHARE, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Those that no model has looked at; then, of those that come next, those of an earlier model. */
  #next(): InboxPicture[] {
    const waiting = this.#context.waiting();
    const unknown = waiting.filter(({ digest }) => !this.#known.has(digest));
    if (unknown.length > 0) return unknown.slice(0, JUDGED_AT_ONCE);
    const isOutdated = ({ digest }: InboxPicture) => this.#known.get(digest)?.model !== this.#model;
    return this.uncertainFirst(waiting).slice(0, LABEL_PAGE_SIZE).filter(isOutdated).slice(0, JUDGED_AT_ONCE);
  }
}
