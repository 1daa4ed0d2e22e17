import { AppError } from '@genba/shared/errors/app-error';
import { MAX_WATCHES, type WatchStatus, type WatchWish } from '@genba/shared/local-api/watches';
import { FolderWatch } from './folder-watch.ts';
import type { Judge } from './judge.ts';

export interface FolderWatchesContext {
  readonly judge: Judge;
  /** The watches that are kept over a restart. */
  readonly read: () => readonly WatchWish[];
  readonly write: (watches: WatchWish[]) => void;
  /** Something a window shows has changed. */
  readonly onChange: () => void;
}

/** The folders whose new pictures are judged; kept, so that they are watched again after a restart. */
export class FolderWatches {
  readonly #context: FolderWatchesContext;
  #watches: FolderWatch[] = [];

  constructor(context: FolderWatchesContext) {
    this.#context = context;
  }

  /** Watches what was watched before. */
  start(): void {
    for (const wish of this.#context.read()) this.#watch(wish);
  }

  /**
   * Watches one more folder from now on, also after a restart.
   * @throws AppError `judging/watched-already` for a folder or table that is in use, or too many
   */
  add(wish: WatchWish): void {
    const kept = this.#context.read();
    const isTaken = kept.some(({ folder, results }) => folder === wish.folder || results === wish.results);
    if (isTaken || kept.length >= MAX_WATCHES) {
      throw new AppError('judging/watched-already', { detail: `${wish.folder}, ${wish.results}` });
    }
    this.#context.write([...kept, wish]);
    this.#watch(wish);
  }

  /** Watches a folder no longer; its table stays. Nothing where it is not watched. */
  async remove(folder: string): Promise<void> {
    this.#context.write(this.#context.read().filter((wish) => wish.folder !== folder));
    const removed = this.#watches.filter(({ wish }) => wish.folder === folder);
    this.#watches = this.#watches.filter(({ wish }) => wish.folder !== folder);
    await Promise.all(removed.map((watch) => watch.stop()));
  }

  get statuses(): WatchStatus[] {
    return this.#watches.map(({ status }) => status);
  }

  /** Ends all of them; they are kept for the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #watch(wish: WatchWish): void {
    const watch = new FolderWatch(wish, this.#context.judge, this.#context.onChange);
    this.#watches.push(watch);
    watch.start();
  }
}
