import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { MAX_WATCHES, type WatchStatus, type WatchWish } from '@genba/shared/local-api/watches';
import type { TaskInput } from '@genba/shared/model/task';
import type { AgentDatabase } from '../store/database.ts';
import { CsvArrivals } from './csv-arrivals.ts';
import type { Judge } from './judge.ts';
import { PictureArrivals } from './picture-arrivals.ts';
import { Watch } from './watch.ts';
import type { WatchSource } from './watch-source.ts';
import { TABLE_KEYS, WatchTable } from './watch-table.ts';
import { WATCH_TIMES, type WatchTimes } from './watch-times.ts';
import { WatchedFiles } from './watched-files.ts';

export interface WatchesContext {
  readonly judge: Judge;
  readonly database: AgentDatabase;
  /** What the plant's task is about; null before there is one. */
  readonly inputKind: () => TaskInput['kind'] | null;
  /** The watches that are kept over a restart. */
  readonly read: () => readonly WatchWish[];
  readonly write: (watches: WatchWish[]) => void;
  /** Something a window shows has changed. */
  readonly onChange: () => void;
  /** For tests: shorter ones. */
  readonly times?: Partial<WatchTimes>;
}

/** Folders and files whose new content is judged; kept, so that they are watched again after a restart. */
export class Watches {
  readonly #context: WatchesContext;
  #watches: Watch[] = [];

  constructor(context: WatchesContext) {
    this.#context = context;
  }

  /** Watches what was watched before. */
  start(): void {
    for (const wish of this.#context.read()) this.#watch(wish);
  }

  /**
   * Watches one more from now on, also after a restart.
   * @throws AppError `judging/watched-already` for a path or table that is in use, or too many; `judging/no-model` before
   *   there is a task; `judging/not-found`, `judging/mismatch` (a single file, where the task is about pictures),
   *   `judging/other-file`, `judging/file-not-writable`
   */
  async add(wish: WatchWish): Promise<void> {
    const kind = this.#context.inputKind();
    if (kind === null) throw new AppError('judging/no-model');
    await requireUsable(wish, kind);
    const hasTable = (await lookAt(wish.results)) !== null;
    // Nothing is waited for from here on: nobody else can begin with the same table.
    const kept = this.#context.read();
    const isTaken = kept.some(({ path: taken, results }) => taken === wish.path || results === wish.results);
    if (isTaken || kept.length >= MAX_WATCHES) {
      throw new AppError('judging/watched-already', { detail: `${wish.path}, ${wish.results}` });
    }
    const keys = kind === 'image' ? TABLE_KEYS.picture : TABLE_KEYS.row;
    new WatchTable(wish.results, wish.language, keys).open(() => {});
    // Without a table nothing has been judged.
    if (!hasTable) this.#files(wish).forget();
    this.#context.write([...kept, wish]);
    this.#watch(wish);
  }

  /** Watches something no longer; its table stays. Nothing where it is not watched. */
  async remove(watched: string): Promise<void> {
    this.#context.write(this.#context.read().filter((wish) => wish.path !== watched));
    const removed = this.#watches.filter(({ wish }) => wish.path === watched);
    this.#watches = this.#watches.filter(({ wish }) => wish.path !== watched);
    await Promise.all(removed.map((watch) => watch.stop()));
  }

  get statuses(): WatchStatus[] {
    return this.#watches.map(({ status }) => status);
  }

  /** Where a picture lies that was judged; null for any other. */
  find(picture: string): string | null {
    for (const watch of this.#watches) {
      const found = watch.find(picture);
      if (found !== null) return found;
    }
    return null;
  }

  /** Ends all of them; they are kept for the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #watch(wish: WatchWish): void {
    const { inputKind, onChange, times } = this.#context;
    const allTimes = { ...WATCH_TIMES, ...times };
    const open = (kind: TaskInput['kind']) => this.#open(wish, kind, allTimes);
    const watch = new Watch(wish, { inputKind, open, onChange, times: allTimes });
    this.#watches.push(watch);
    watch.start();
  }

  #open(wish: WatchWish, kind: TaskInput['kind'], times: WatchTimes): WatchSource {
    const { judge } = this.#context;
    if (kind === 'image') return new PictureArrivals(wish, judge, times);
    const unit = kind === 'table' ? 'rows' : 'windows';
    return new CsvArrivals({ wish, kind: unit, judge, files: this.#files(wish), times });
  }

  #files({ results }: WatchWish): WatchedFiles {
    return new WatchedFiles(this.#context.database, results);
  }
}

/** A log of today may not have begun yet, but its folder is there. */
async function requireUsable({ path: watched }: WatchWish, kind: TaskInput['kind']): Promise<void> {
  const info = await lookAt(watched);
  const mayCome = kind !== 'image' && path.extname(watched) !== '';
  if (info === null && !(mayCome && (await lookAt(path.dirname(watched))) !== null)) {
    throw new AppError('judging/not-found', { detail: watched });
  }
  if (kind === 'image' && info?.isFile()) {
    throw new AppError('judging/mismatch', { detail: `${watched}: pictures come in a folder` });
  }
}

/** null for what is not there, or cannot be looked at. */
function lookAt(where: string): Promise<Stats | null> {
  return stat(where).catch(() => null);
}
