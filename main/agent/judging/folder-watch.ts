import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import type { WatchStatus, WatchWish } from '@genba/shared/local-api/watches';
import { Inbox, type InboxPicture } from '../labelling/inbox.ts';
import { WakeSignal } from '../rounds/wake-signal.ts';
import type { Judge } from './judge.ts';
import { judgePictures } from './judge-subject.ts';
import { type WatchedRow, WatchTable } from './watch-table.ts';

const TIMES = {
  /** How often it is looked, milliseconds; where a look takes long, it is looked more seldom. */
  lookMs: 1_000,
  /** A file that was written so lately may still be on its way, milliseconds. */
  settleMs: 1_000,
  /** One that cannot be opened is tried again until it is so old, milliseconds. */
  giveUpMs: 30_000,
};

/** A look gets this part of the time at most. */
const LOOK_SHARE = 10;

/** Rows written together: a kill loses the judgement of so many at most, never a row. */
const AT_ONCE = 16;

/** Judges the new pictures of a folder, once each, and adds them to a table, until {@link stop}. */
export class FolderWatch {
  readonly wish: WatchWish;
  readonly #judge: Judge;
  readonly #onChange: () => void;
  readonly #times: typeof TIMES;
  readonly #inbox: Inbox;
  readonly #table: WatchTable;
  readonly #signal = new WakeSignal();
  /** Digests of pictures with a row; null: what the table holds is to be read. */
  #written: Set<string> | null = null;
  #waiting = 0;
  #lastAt: string | null = null;
  #problem: AppError | null = null;
  #isStopped = false;
  #done: Promise<void> = Promise.resolve();

  /** @param times for tests: shorter ones */
  constructor(wish: WatchWish, judge: Judge, onChange: () => void, times: Partial<typeof TIMES> = {}) {
    this.wish = wish;
    this.#judge = judge;
    this.#onChange = onChange;
    this.#times = { ...TIMES, ...times };
    this.#inbox = new Inbox(wish.folder);
    this.#table = new WatchTable(wish.results, wish.language);
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
  }

  get status(): WatchStatus {
    const problem = this.#problem;
    return {
      ...this.wish,
      written: this.#written?.size ?? 0,
      waiting: this.#waiting,
      lastAt: this.#lastAt,
      problem: problem === null ? null : { code: problem.code, detail: problem.detail ?? null },
    };
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const startedMs = performance.now();
      try {
        await this.#look();
        this.#setProblem(null);
      } catch (thrown) {
        // What is there now, nobody knows: some rows may have been written.
        this.#written = null;
        this.#setProblem(toAppError(thrown));
      }
      const tookMs = performance.now() - startedMs;
      if (!this.#isStopped) await this.#signal.sleep(Math.max(this.#times.lookMs, LOOK_SHARE * tookMs));
    }
  }

  async #look(): Promise<void> {
    this.#written ??= this.#table.open();
    const written = this.#written;
    const pictures = (await this.#inbox.pictures()).filter(({ digest }) => !written.has(digest));
    this.#waiting = pictures.length;
    const ready = pictures.filter((picture) => ageMs(picture) >= this.#times.settleMs);
    for (let start = 0; start < ready.length && !this.#isStopped; start += AT_ONCE) {
      await this.#judgeSome(ready.slice(start, start + AT_ONCE), written);
    }
  }

  async #judgeSome(pictures: readonly InboxPicture[], written: Set<string>): Promise<void> {
    const model = this.#judge.open();
    const names = pictures.map(({ path }) => this.#inbox.nameOf(path));
    const sources = pictures.map(({ path }, index) => ({ source: path, name: names[index]! }));
    const items: JudgedItem[] = [];
    await judgePictures(model, sources, async (some) => void items.push(...some));
    if (this.#isStopped) return;
    const at = new Date().toISOString();
    const rows = items.flatMap((item, index): WatchedRow[] => {
      const picture = pictures[index]!;
      const mayComeYet = item.problem !== null && ageMs(picture) < this.#times.giveUpMs;
      return mayComeYet ? [] : [{ at, item, model: model.about, digest: picture.digest }];
    });
    if (rows.length === 0) return;
    this.#table.add(rows);
    for (const { digest } of rows) written.add(digest);
    this.#waiting -= rows.length;
    this.#lastAt = at;
    this.#onChange();
  }

  #setProblem(problem: AppError | null): void {
    const isSame = this.#problem?.code === problem?.code;
    this.#problem = problem;
    if (!isSame) this.#onChange();
  }
}

/** Also of a file from the future: clocks of cameras are wrong. */
function ageMs({ mtimeMs }: InboxPicture): number {
  return Math.abs(Date.now() - mtimeMs);
}
