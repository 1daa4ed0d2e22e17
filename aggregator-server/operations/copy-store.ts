import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { copyAuthority } from '../identity/own-certificate.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { syncFolder } from '../store/durable-file.ts';
import { keepTask, readKeptTask } from '../store/task-files.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import type { LongWork } from './progress.ts';
import { requireSound, type Verification, verify } from './verify.ts';
import { WeightCopy } from './weight-copy.ts';
import { openReferenced, openWeightFile } from './weight-source.ts';

/** How often a moment is looked for at which every file the catalogue needs can be opened. */
const ATTEMPTS = 100;
/** Most files held open at once; far below what systems allow a process. */
const MOST_HELD_FILES = 128;

/**
 * Copies catalogue, weights, task descriptions and the aggregator's own authority, which plants trust, of a data folder or a backup into an empty folder, as of one
 * moment, while a server may be merging and removing files.
 *
 * Order: (1) the bulk of the weights, at leisure; (2) the catalogue's state is held, and each file it needs that was
 * not copied is opened, which takes microseconds and keeps its content from being removed; if one is gone already,
 * the step is repeated with a newer state; (3) that very state of the catalogue and the open files are copied. So
 * whatever the copied catalogue refers to is in the copy, and the server is never made to wait.
 * @returns the finding about the copy, which is sound
 * @throws AppError `store/damaged`, `operation/busy`, `operation/no-catalogue`, `store/newer-database`,
 *   `server/storage`
 */
export async function copyStore({
  from,
  to,
  ...work
}: { readonly from: string; readonly to: string } & LongWork): Promise<Verification> {
  const source = await CatalogueReader.open(from);
  try {
    await new StoreCopy({ source, from: resolve(from), to: resolve(to), work }).run();
  } finally {
    source.close();
  }
  const finding = await verify({ dataFolder: to, ...work });
  requireSound(finding);
  return finding;
}

class StoreCopy {
  readonly #source: CatalogueReader;
  readonly #tasksFrom: string;
  readonly #identityFrom: string;
  readonly #weightsFrom: string;
  readonly #to: string;
  readonly #work: LongWork;
  readonly #weights: WeightCopy;

  constructor(copy: { source: CatalogueReader; from: string; to: string; work: LongWork }) {
    this.#source = copy.source;
    const paths = dataFolderPaths(copy.from);
    ({
      tasksPath: this.#tasksFrom,
      weightsPath: this.#weightsFrom,
      identityPath: this.#identityFrom,
    } = paths);
    this.#to = copy.to;
    this.#work = copy.work;
    this.#weights = new WeightCopy(dataFolderPaths(copy.to).weightsPath);
  }

  async run(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await this.#copyBulk();
      if (!(await this.#copyMoment())) continue;
      await this.#copyTasks();
      await copyAuthority(this.#identityFrom, dataFolderPaths(this.#to).identityPath);
      await this.#weights.sync();
      await syncFolder(this.#to);
      return;
    }
    throw new AppError('operation/busy', { detail: `${ATTEMPTS} attempts` });
  }

  /** Copies what is needed at present and still there. @throws AppError `store/damaged` */
  async #copyBulk(): Promise<void> {
    const references = this.#source.references();
    for (const digest of references.keys()) {
      if (this.#weights.has(digest)) continue;
      this.#work.signal?.throwIfAborted();
      const source = { weightsPath: this.#weightsFrom, digest };
      const handle = await openReferenced(source, this.#source);
      if (handle !== null) await this.#take(digest, handle, references.size);
    }
  }

  /** Copies the catalogue of one moment and the rest of its files; false when one of them was gone already. */
  async #copyMoment(): Promise<boolean> {
    const release = this.#source.hold();
    try {
      const references = this.#source.references();
      const missing = [...references.keys()].filter((digest) => !this.#weights.has(digest));
      if (missing.length > MOST_HELD_FILES) return false;
      const held = await this.#openAll(missing);
      if (held === null) return false;
      try {
        await this.#source.copyTo(dataFolderPaths(this.#to).cataloguePath);
        release();
        for (const [digest, handle] of held) await this.#take(digest, handle, references.size);
      } finally {
        await closeAll(held.values());
      }
      await this.#weights.keepOnly(references);
      return true;
    } finally {
      release();
    }
  }

  async #openAll(digests: readonly string[]): Promise<Map<string, FileHandle> | null> {
    const opened = new Map<string, FileHandle>();
    for (const digest of digests) {
      const handle = await openWeightFile({ weightsPath: this.#weightsFrom, digest });
      if (handle === null) {
        await closeAll(opened.values());
        return null;
      }
      opened.set(digest, handle);
    }
    return opened;
  }

  async #take(digest: string, handle: FileHandle, totalFiles: number): Promise<void> {
    try {
      await this.#weights.take(digest, handle);
    } finally {
      await handle.close();
    }
    const { files, bytes } = this.#weights;
    this.#work.onProgress?.({ step: 'copying', files, totalFiles, bytes });
  }

  async #copyTasks(): Promise<void> {
    for (const { taskId } of this.#source.tasks()) {
      const task = await readKeptTask(this.#tasksFrom, taskId);
      if (task !== null) await keepTask(dataFolderPaths(this.#to).tasksPath, task);
    }
  }
}

/** Closing twice does nothing. */
async function closeAll(handles: Iterable<FileHandle>): Promise<void> {
  for (const handle of handles) await handle.close().catch(() => {});
}
