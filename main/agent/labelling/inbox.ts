import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { isPictureName, isSystemFile } from '../dataset/detect.ts';
import { type SourceFile, statFiles } from '../dataset/source-files.ts';

/** A picture of the inbox. */
export interface InboxPicture extends SourceFile {
  /** sha256 of its bytes. */
  readonly digest: string;
}

/** Somebody who waits for the first pictures of a look. */
interface Waiter {
  readonly isWanted: (picture: InboxPicture) => boolean;
  left: number;
  readonly done: () => void;
}

/** To list the files may take this share of the time: thousands are not listed again with every question. */
const LIST_SHARE = 1 / 20;

/** A list that took no longer may be made again at once, milliseconds. */
const SHORT_LIST_MS = 50;

interface Look {
  /** The files are known. */
  readonly listed: Promise<unknown>;
  /** And so is their content. */
  readonly read: Promise<void>;
}

/** The folder in which a plant's new pictures arrive. Knows each picture by its content. */
export class Inbox {
  readonly folder: string;
  /** The files that are there, by name. */
  #files: readonly SourceFile[] = [];
  /** What was read of each file, by its path. */
  readonly #known = new Map<string, InboxPicture>();
  readonly #byDigest = new Map<string, InboxPicture>();
  #looking: Look | null = null;
  readonly #waiters = new Set<Waiter>();
  #unread = 0;
  #freshUntilMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Looks at the folder and reads what is new; whoever asks meanwhile waits for the same look. A file that is being
   * written, or is gone before it could be read, comes with a later one.
   * @throws AppError `labels/folder-not-found`
   */
  async look(): Promise<void> {
    await this.#begin()?.read;
  }

  /**
   * The same, but waits for no more than so many pictures of those wanted: reading goes on behind it.
   * @throws AppError `labels/folder-not-found`
   */
  async lookForSome(count: number, isWanted: (picture: InboxPicture) => boolean): Promise<void> {
    const look = this.#begin();
    await look?.listed;
    const left = count - this.pictures().filter(isWanted).length;
    if (look === null || left <= 0) return;
    const found = new Promise<void>((done) => this.#waiters.add({ isWanted, left, done }));
    await Promise.race([look.read, found]);
  }

  /** The pictures that were read, by name; of equal ones the first. */
  pictures(): InboxPicture[] {
    const digests = new Set<string>();
    return this.#files.flatMap((file) => {
      const picture = this.#known.get(file.path);
      if (picture === undefined || digests.has(picture.digest)) return [];
      digests.add(picture.digest);
      return [picture];
    });
  }

  /** How many files are still to be read. */
  get unread(): number {
    return this.#unread;
  }

  /** @returns the look that is going on; null where the last one is good enough still */
  #begin(): Look | null {
    if (this.#looking !== null) return this.#looking;
    if (performance.now() < this.#freshUntilMs) return null;
    const listed = this.#list();
    const read = listed
      .then((files) => this.#read(files))
      .finally(() => {
        this.#looking = null;
        this.#waiters.clear();
      });
    // Whoever waits for the look hears of a failure; nobody need wait.
    for (const part of [listed, read]) part.catch(() => undefined);
    this.#looking = { listed, read };
    return this.#looking;
  }

  /** Lists the files. @returns those that are to be read */
  async #list(): Promise<readonly SourceFile[]> {
    const startedMs = performance.now();
    this.#files = await this.#stat();
    const paths = new Set(this.#files.map(({ path: file }) => file));
    for (const file of [...this.#known.keys()]) if (!paths.has(file)) this.#forget(file);
    const unread = this.#files.filter(({ path: file, sizeBytes, mtimeMs }) => {
      const before = this.#known.get(file);
      if (before?.sizeBytes === sizeBytes && before.mtimeMs === mtimeMs) return false;
      this.#forget(file);
      return true;
    });
    this.#unread = unread.length;
    const nowMs = performance.now();
    const tookMs = nowMs - startedMs;
    if (tookMs > SHORT_LIST_MS) this.#freshUntilMs = nowMs + tookMs / LIST_SHARE;
    return unread;
  }

  async #read(files: readonly SourceFile[]): Promise<void> {
    for (const file of files) {
      const digest = await digestOf(file.path).catch(() => null);
      this.#unread -= 1;
      if (digest !== null) this.#remember({ ...file, digest });
    }
  }

  #remember(picture: InboxPicture): void {
    const isNew = !this.#byDigest.has(picture.digest);
    this.#known.set(picture.path, picture);
    this.#byDigest.set(picture.digest, picture);
    for (const waiter of isNew ? this.#waiters : []) {
      if (waiter.isWanted(picture)) waiter.left -= 1;
      if (waiter.left > 0) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }

  #forget(file: string): void {
    const picture = this.#known.get(file);
    this.#known.delete(file);
    if (picture !== undefined && this.#byDigest.get(picture.digest) === picture) {
      this.#byDigest.delete(picture.digest);
      // Another copy of it may be there.
      for (const other of this.#known.values())
        if (other.digest === picture.digest) this.#byDigest.set(other.digest, other);
    }
  }

  /** What people call a picture: its place below the folder, with `/`. */
  nameOf(file: string): string {
    return path.relative(this.folder, file).replaceAll(path.sep, '/');
  }

  /** A picture by its content, as far as it was looked at; null for one that was not. */
  find(digest: string): InboxPicture | null {
    return this.#byDigest.get(digest) ?? null;
  }

  /** @throws AppError `labels/folder-not-found` */
  async #stat(): Promise<SourceFile[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        throw new AppError('labels/folder-not-found', { detail: `${this.folder}: ${cause.code}`, cause });
      },
    );
    const paths = entries
      .filter((entry) => entry.isFile() && isPictureName(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(this.folder, file).split(path.sep).some(isSystemFile));
    const keyed = (await statFiles(paths)).map((file) => ({ file, key: file.path.normalize('NFC') }));
    return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ file }) => file);
  }
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(file), digest);
  return digest.digest('hex');
}

/**
 * New pictures must not lie among the training data, whose folders are classes, nor the other way round.
 * @throws AppError `labels/folder-overlaps`
 */
export function requireApart(inbox: string, dataset: string | null): void {
  if (dataset === null) return;
  const isInside = (inner: string, outer: string) => {
    const way = path.relative(outer, inner);
    return way === '' || (!way.startsWith('..') && !path.isAbsolute(way));
  };
  if (isInside(inbox, dataset) || isInside(dataset, inbox)) {
    throw new AppError('labels/folder-overlaps', { detail: `${inbox}, ${dataset}` });
  }
}
