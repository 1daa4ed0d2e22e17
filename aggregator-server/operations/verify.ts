import { type FileHandle, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import { manifestDigest } from '../engine/manifest.ts';
import type { AuditHead } from '../store/audit-chain.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { errorCodeOf, storageError } from '../store/storage-error.ts';
import { readKeptTask } from '../store/task-files.ts';
import { hashFile } from '../store/verified-read.ts';
import { listWeightFiles, weightFilePath } from '../store/weight-files.ts';
import { carriedAuditHead } from './audit-head.ts';
import { CatalogueReader, type StoredTask } from './catalogue-reader.ts';
import type { LongWork } from './progress.ts';
import { openReferenced } from './weight-source.ts';

/** What a data folder or a backup holds, and what is wrong with it. */
export interface Verification {
  readonly tasks: readonly { readonly taskId: string; readonly globalVersion: number }[];
  /** Weight files that are needed and sound. */
  readonly files: number;
  readonly bytes: number;
  /** Weight files that nothing refers to: harmless; a running server has some for moments. */
  readonly orphans: number;
  /** Each names what is damaged; empty when the folder is sound. */
  readonly problems: readonly string[];
  /** What could not be checked, and why; what is not there on purpose. */
  readonly notes: readonly string[];
  /** Where the audit record ends; null where its rows do not fit together. */
  readonly auditHead: AuditHead | null;
}

export interface VerifyOptions extends LongWork {
  readonly dataFolder: string;
  /** Earlier ends of the audit record, which it must still contain; besides the one that a backup carries. */
  readonly auditHeads?: readonly AuditHead[];
}

/**
 * Checks a data folder or a backup without changing it, beside a running server or without one: the catalogue by
 * SQLite's own checks, the audit record by its chain and by its earlier ends, every weight file that is needed by
 * digest and size, the kept task descriptions.
 * @returns the finding; damage is not thrown
 * @throws AppError `operation/no-catalogue`, `store/newer-database`, `server/storage`
 */
export async function verify({ dataFolder, auditHeads = [], ...work }: VerifyOptions): Promise<Verification> {
  let catalogue: CatalogueReader | undefined;
  try {
    catalogue = await CatalogueReader.open(dataFolder);
    const carried = await carriedAuditHead(dataFolder);
    const { problems, auditHead } = catalogue.check(carried === null ? auditHeads : [...auditHeads, carried]);
    if (problems.length > 0) return unreadable(problems.map((problem) => `catalogue: ${problem}`));
    return { ...(await new Check(resolve(dataFolder), catalogue, work).run()), auditHead };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'store/damaged') throw thrown;
    return unreadable([`catalogue: ${thrown.detail}`]);
  } finally {
    catalogue?.close();
  }
}

/** @throws AppError `store/damaged`, its detail naming the problems */
export function requireSound({ problems }: Verification): void {
  if (problems.length > 0) throw new AppError('store/damaged', { detail: problems.join('; ') });
}

function unreadable(problems: readonly string[]): Verification {
  return { tasks: [], files: 0, bytes: 0, orphans: 0, problems, notes: [], auditHead: null };
}

/** One run over a folder. */
class Check {
  readonly #weightsPath: string;
  readonly #tasksPath: string;
  readonly #catalogue: CatalogueReader;
  readonly #work: LongWork;
  readonly #problems: string[] = [];
  readonly #notes: string[] = [];
  /** Bytes a vector of each task has; absent where it cannot be told. */
  readonly #sizes = new Map<string, number>();
  #files = 0;
  #bytes = 0;

  constructor(folder: string, catalogue: CatalogueReader, work: LongWork) {
    ({ weightsPath: this.#weightsPath, tasksPath: this.#tasksPath } = dataFolderPaths(folder));
    this.#catalogue = catalogue;
    this.#work = work;
  }

  async run(): Promise<Omit<Verification, 'auditHead'>> {
    const { tasks, references } = this.#readCatalogue();
    for (const task of tasks) await this.#checkDescription(task);
    for (const [digest, taskIds] of references) {
      this.#work.signal?.throwIfAborted();
      await this.#checkFile(digest, taskIds);
      const totalFiles = references.size;
      this.#work.onProgress?.({ step: 'checking', files: this.#files, totalFiles, bytes: this.#bytes });
    }
    return {
      tasks: tasks.map(({ taskId, globalVersion }) => ({ taskId, globalVersion })),
      files: this.#files,
      bytes: this.#bytes,
      orphans: await this.#countOrphans(),
      problems: this.#problems,
      notes: this.#notes,
    };
  }

  /** Reads and compares rows of one moment; the files are looked at afterwards, without holding the server's log. */
  #readCatalogue(): { tasks: StoredTask[]; references: Map<string, string[]> } {
    const release = this.#catalogue.hold();
    try {
      const tasks = this.#catalogue.tasks();
      for (const { taskId, globalVersion, globalDigest } of tasks) {
        const newest = this.#catalogue.versions(taskId)[0];
        if (newest?.version !== globalVersion || newest.digest !== globalDigest)
          this.#problems.push(`task ${taskId}: version ${globalVersion} is not the newest of its list`);
        const evicted = this.#catalogue.evictedClients(taskId);
        if (evicted > 0) this.#notes.push(`task ${taskId}: ${evictedNote(evicted)}`);
      }
      return { tasks, references: this.#catalogue.references() };
    } finally {
      release();
    }
  }

  async #checkDescription({ taskId, globalDigest, manifestDigest: expected }: StoredTask): Promise<void> {
    try {
      const task = await readKeptTask(this.#tasksPath, taskId);
      if (task === null) {
        this.#notes.push(`task ${taskId}: no description kept; sizes are compared with its global weights`);
        this.#rememberSize(taskId, await this.#sizeOf(globalDigest));
      } else if (task.id !== taskId || manifestDigest(task) !== expected) {
        this.#problems.push(`task ${taskId}: the description kept is of another model`);
      } else {
        this.#rememberSize(taskId, weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT);
      }
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'task/invalid') throw thrown;
      this.#problems.push(`task ${taskId}: the description kept cannot be read: ${thrown.detail}`);
    }
  }

  #rememberSize(taskId: string, sizeBytes: number | null): void {
    if (sizeBytes !== null) this.#sizes.set(taskId, sizeBytes);
  }

  async #sizeOf(digest: string): Promise<number | null> {
    return stat(weightFilePath(this.#weightsPath, digest)).then(
      ({ size }) => size,
      () => null,
    );
  }

  async #checkFile(digest: string, taskIds: readonly string[]): Promise<void> {
    const source = { weightsPath: this.#weightsPath, digest };
    const problem = (text: string) =>
      this.#problems.push(`weights ${digest} (task ${taskIds.join(', ')}): ${text}`);
    let handle: FileHandle | null = null;
    try {
      handle = await openReferenced(source, this.#catalogue);
      // The server has let go of it since the catalogue was read.
      if (handle === null) return;
      const found = await hashFile(handle, () => {});
      const expected = taskIds.map((taskId) => this.#sizes.get(taskId) ?? found.sizeBytes);
      // A client that calibration is handed over to is sent two vectors in one file.
      const misfit = expected.find((size) => found.sizeBytes !== size && found.sizeBytes !== 2 * size);
      if (found.digest !== digest) problem('the content has changed');
      else if (misfit !== undefined) problem(`${found.sizeBytes} bytes, expected ${misfit}`);
      else this.#count(found.sizeBytes);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'store/damaged') throw storageError(thrown);
      problem('missing');
    } finally {
      await handle?.close();
    }
  }

  #count(sizeBytes: number): void {
    this.#files++;
    this.#bytes += sizeBytes;
  }

  async #countOrphans(): Promise<number> {
    try {
      const stored = await listWeightFiles(this.#weightsPath);
      const references = this.#catalogue.references();
      return stored.filter((digest) => !references.has(digest)).length;
    } catch (thrown) {
      // Without the folder every file is missing, and named as such.
      if (errorCodeOf(thrown) === 'ENOENT') return 0;
      throw storageError(thrown);
    }
  }
}

function evictedNote(clients: number): string {
  const of = clients === 1 ? '1 plant' : `${clients} plants`;
  return `weights of ${of} were let go to stay within --max-weights; they are asked for again, or start anew`;
}
