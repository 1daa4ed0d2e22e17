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

/** The folder in which a plant's new pictures arrive. Knows each picture by its content. */
export class Inbox {
  readonly folder: string;
  /** What was read of each file, by its path. */
  #known = new Map<string, InboxPicture>();
  /** A look that is going on: whoever asks meanwhile need not read thousands of files once more. */
  #looking: Promise<readonly InboxPicture[]> | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * The pictures that are there now, by name; of equal ones the first. A file that is being written, or is gone before it
   * could be read, comes with a later call.
   * @throws AppError `labels/folder-not-found`
   */
  pictures(): Promise<readonly InboxPicture[]> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<readonly InboxPicture[]> {
    const files = await this.#files();
    const known = new Map<string, InboxPicture>();
    const digests = new Set<string>();
    const pictures: InboxPicture[] = [];
    for (const file of files) {
      const before = this.#known.get(file.path);
      const isSame = before?.sizeBytes === file.sizeBytes && before.mtimeMs === file.mtimeMs;
      const digest = isSame ? before.digest : await digestOf(file.path).catch(() => null);
      if (digest === null) continue;
      const picture = { ...file, digest };
      known.set(file.path, picture);
      if (digests.has(digest)) continue;
      digests.add(digest);
      pictures.push(picture);
    }
    this.#known = known;
    return pictures;
  }

  /** What people call a picture: its place below the folder, with `/`. */
  nameOf(file: string): string {
    return path.relative(this.folder, file).replaceAll(path.sep, '/');
  }

  /** A picture by its content, as far as the last look saw it; null for one that it did not. */
  find(digest: string): InboxPicture | null {
    for (const picture of this.#known.values()) if (picture.digest === digest) return picture;
    return null;
  }

  async #files(): Promise<SourceFile[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        throw new AppError('labels/folder-not-found', { detail: `${this.folder}: ${cause.code}`, cause });
      },
    );
    const paths = entries
      .filter((entry) => entry.isFile() && isPictureName(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(this.folder, file).split(path.sep).some(isSystemFile));
    const key = ({ path: file }: SourceFile) => file.normalize('NFC');
    return (await statFiles(paths)).sort((a, b) => (key(a) < key(b) ? -1 : 1));
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
