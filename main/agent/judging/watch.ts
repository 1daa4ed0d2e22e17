import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { type Outcome, outcomeOf } from '@genba/shared/local-api/outcome';
import {
  MAX_RECENT_RESULTS,
  type WatchedResult,
  type WatchStatus,
  type WatchWish,
} from '@genba/shared/local-api/watches';
import type { TaskInput } from '@genba/shared/model/task';
import { WakeSignal } from '../rounds/wake-signal.ts';
import type { WatchSource } from './watch-source.ts';
import type { WatchTimes } from './watch-times.ts';

/** Seeing what is there gets this part of the time at most. */
const LOOK_SHARE = 10;

export interface WatchContext {
  /** What the plant's task is about; null before there is one. */
  readonly inputKind: () => TaskInput['kind'] | null;
  /** Begins with a source for this kind. */
  readonly open: (kind: TaskInput['kind']) => WatchSource;
  /** Something a window shows has changed. */
  readonly onChange: () => void;
  readonly times: WatchTimes;
}

/** Judges what comes, once, and adds it to a table, until {@link stop}. */
export class Watch {
  readonly wish: WatchWish;
  readonly #context: WatchContext;
  readonly #signal = new WakeSignal();
  readonly #since = new Date().toISOString();
  readonly #counts: Record<Outcome, number> = { ok: 0, ng: 0, named: 0, unjudged: 0 };
  #recent: readonly WatchedResult[] = [];
  #source: { readonly kind: TaskInput['kind']; readonly source: WatchSource } | null = null;
  #problem: AppError | null = null;
  #isStopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(wish: WatchWish, context: WatchContext) {
    this.wish = wish;
    this.#context = context;
  }

  /** Watches from now on; returns at once. */
  start(): void {
    this.#done = this.#run();
  }

  /** Ends the watch; what is being judged is not written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#signal.wake();
    await this.#done;
    this.#source?.source.close();
    this.#source = null;
  }

  get status(): WatchStatus {
    const problem = this.#problem;
    const source = this.#source?.source;
    return {
      ...this.wish,
      kind: source?.kind ?? null,
      written: source?.written ?? 0,
      waiting: source?.waiting ?? 0,
      since: this.#since,
      counts: { ...this.#counts },
      recent: [...this.#recent],
      problem: problem === null ? null : { code: problem.code, detail: problem.detail ?? null },
    };
  }

  /** Where a picture lies that it has judged; null for any other. */
  find(picture: string): string | null {
    return this.#source?.source.find(picture) ?? null;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const restMs = await this.#look();
      if (!this.#isStopped && restMs > 0) await this.#signal.sleep(restMs);
    }
  }

  /** @returns how long nothing need be done then, milliseconds */
  async #look(): Promise<number> {
    const startedMs = performance.now();
    const { lookMs: leastMs } = this.#context.times;
    try {
      const { lookMs, hasMore, problem } = await this.#current().look({
        isStopped: () => this.#isStopped,
        report: (results) => this.#report(results),
      });
      this.#setProblem(problem);
      return hasMore ? 0 : Math.max(leastMs, LOOK_SHARE * lookMs);
    } catch (thrown) {
      this.#setProblem(toAppError(thrown));
      return Math.max(leastMs, LOOK_SHARE * (performance.now() - startedMs));
    }
  }

  /** Another task may be about something else. */
  #current(): WatchSource {
    const kind = this.#context.inputKind();
    if (kind === null) throw new AppError('judging/no-model');
    if (this.#source?.kind !== kind) {
      this.#source?.source.close();
      this.#source = { kind, source: this.#context.open(kind) };
    }
    return this.#source.source;
  }

  #report(results: readonly WatchedResult[]): void {
    if (results.length === 0) return;
    for (const { item } of results) this.#counts[outcomeOf(item)] += 1;
    this.#recent = [...results.slice(-MAX_RECENT_RESULTS).toReversed(), ...this.#recent].slice(
      0,
      MAX_RECENT_RESULTS,
    );
    this.#context.onChange();
  }

  #setProblem(problem: AppError | null): void {
    const isSame = this.#problem?.code === problem?.code && this.#problem?.detail === problem?.detail;
    this.#problem = problem;
    if (!isSame) this.#context.onChange();
  }
}
