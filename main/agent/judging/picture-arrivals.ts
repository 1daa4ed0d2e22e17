import type { JudgedItem } from '@genba/shared/local-api/judging';
import type { WatchedResult, WatchWish } from '@genba/shared/local-api/watches';
import { Inbox, type InboxPicture } from '../labelling/inbox.ts';
import type { Judge } from './judge.ts';
import { judgePictures } from './judge-subject.ts';
import type { Look, WatchSource } from './watch-source.ts';
import { TABLE_KEYS, type WatchedRow, WatchTable } from './watch-table.ts';
import type { WatchTimes } from './watch-times.ts';

/** Rows written together: a kill loses the judgement of so many at most, never a row. */
const AT_ONCE = 16;

/** The new pictures of a folder, each judged once. */
export class PictureArrivals implements WatchSource {
  readonly kind = 'pictures';
  readonly #judge: Judge;
  readonly #times: WatchTimes;
  readonly #inbox: Inbox;
  readonly #table: WatchTable;
  /** Digests of pictures with a row; null: what the table holds is to be read. */
  #written: Set<string> | null = null;
  waiting = 0;

  constructor(wish: WatchWish, judge: Judge, times: WatchTimes) {
    this.#judge = judge;
    this.#times = times;
    this.#inbox = new Inbox(wish.path);
    this.#table = new WatchTable(wish.results, wish.language, TABLE_KEYS.picture);
  }

  get written(): number {
    return this.#written?.size ?? 0;
  }

  async look({ isStopped, report }: Parameters<WatchSource['look']>[0]): Promise<Look> {
    const startedMs = performance.now();
    if (this.#written === null) {
      const found = new Set<string>();
      this.#table.open((digest) => found.add(digest));
      this.#written = found;
    }
    const written = this.#written;
    await this.#inbox.look();
    const pictures = this.#inbox.pictures().filter(({ digest }) => !written.has(digest));
    this.waiting = pictures.length;
    const lookMs = performance.now() - startedMs;
    const ready = pictures.filter((picture) => ageMs(picture) >= this.#times.settleMs);
    try {
      for (let start = 0; start < ready.length && !isStopped(); start += AT_ONCE) {
        const some = ready.slice(start, start + AT_ONCE);
        report(await this.#judgeSome(some, { written, isStopped }));
      }
    } catch (thrown) {
      // What is there now, nobody knows: some rows may have been written.
      this.#written = null;
      throw thrown;
    }
    return { lookMs, hasMore: false, problem: null };
  }

  find(picture: string): string | null {
    return this.#inbox.find(picture)?.path ?? null;
  }

  close(): void {}

  async #judgeSome(
    pictures: readonly InboxPicture[],
    { written, isStopped }: { readonly written: Set<string>; readonly isStopped: () => boolean },
  ): Promise<WatchedResult[]> {
    const model = this.#judge.open();
    const names = pictures.map(({ path }) => this.#inbox.nameOf(path));
    const sources = pictures.map(({ path }, index) => ({ source: path, name: names[index]! }));
    const items: JudgedItem[] = [];
    await judgePictures(model, sources, async (some) => void items.push(...some));
    // What is being judged when the agent ends is not written.
    if (isStopped()) return [];
    const at = new Date().toISOString();
    const rows = items.flatMap((item, index): WatchedRow[] => {
      const picture = pictures[index]!;
      const mayComeYet = item.problem !== null && ageMs(picture) < this.#times.giveUpMs;
      return mayComeYet ? [] : [{ at, item, model: model.about, key: picture.digest }];
    });
    if (rows.length === 0) return [];
    this.#table.add(rows);
    for (const { key } of rows) written.add(key);
    this.waiting -= rows.length;
    return rows.map(({ item, key }) => ({ item, at, picture: key, values: [] }));
  }
}

/** Also of a file from the future: clocks of cameras are wrong. */
function ageMs({ mtimeMs }: InboxPicture): number {
  return Math.abs(Date.now() - mtimeMs);
}
