import { randomUUID } from 'node:crypto';
import { access, constants, open, rm, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { toAppError } from '@genba/shared/errors/app-error';
import { type DatasetSource, detectDataset } from '../dataset/detect.ts';
import { codeOf } from './in-time.ts';
import { failed, type Layer, passed, skipped } from './layer.ts';

/** What is looked at on this PC. */
export interface PcSubject {
  readonly dataFolder: string;
  /** Folder or file with the training data; null where none is set. */
  readonly dataset: string | null;
  /** Free space that is enough, bytes. */
  readonly leastFreeBytes: number;
}

/** Below this, weights on their way in and the next rounds may not fit, bytes. */
export const LEAST_FREE_BYTES = 500_000_000;

const MEGABYTE = 1_000_000;

/** Whether the agent's own files can be written; nothing is left behind. */
const dataFolderLayer: Layer<PcSubject> = {
  layer: 'data-folder',
  async examine({ dataFolder }) {
    // Another file than the database: in its own process, opening and closing that one would lift SQLite's lock.
    const file = path.join(dataFolder, `doctor.${randomUUID()}.temporary`);
    try {
      await (await open(file, 'wx', 0o600)).close();
      await rm(file);
      return passed({ path: dataFolder });
    } catch (thrown) {
      const code = codeOf(thrown);
      // The first start makes it.
      if (code === 'ENOENT') return skipped({ path: dataFolder });
      const values = { path: dataFolder, account: os.userInfo().username, code };
      // Whether this account keeps the agent or only looks at it, the network can be examined.
      return { ...failed('data-folder/not-writable', values, { path: dataFolder, code }), isPassable: true };
    }
  },
};

const diskSpaceLayer: Layer<PcSubject> = {
  layer: 'disk-space',
  async examine({ dataFolder, leastFreeBytes }) {
    const space = await statfs(dataFolder).catch(() => null);
    if (space === null) return skipped();
    const freeBytes = space.bavail * space.bsize;
    const measured = { 'free-bytes': freeBytes };
    if (freeBytes >= leastFreeBytes) return passed(measured);
    const [free, needed] = [freeBytes, leastFreeBytes].map((bytes) => `${Math.round(bytes / MEGABYTE)} MB`);
    const values = { path: dataFolder, free: free!, needed: needed! };
    return { ...failed('disk-space/low', values, measured), isPassable: true };
  },
};

const datasetLayer: Layer<PcSubject> = {
  layer: 'dataset',
  async examine({ dataset }) {
    if (dataset === null) return skipped();
    try {
      const source = await detectDataset(dataset);
      for (const file of filesOf(source)) await access(file, constants.R_OK);
      return passed({ path: dataset, kind: source.kind });
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? toAppError(thrown).code;
      const values = { path: dataset, account: os.userInfo().username, code };
      return { ...failed('dataset/unreadable', values, { path: dataset, code }), isPassable: true };
    }
  },
};

function filesOf(source: DatasetSource): readonly string[] {
  switch (source.kind) {
    case 'images':
      return source.classFolders.map((name) => path.join(source.folder, name));
    case 'idx':
      return [source.imagesFile, source.labelsFile];
    case 'csv':
      return source.files;
  }
}

/** What is looked at on this PC, in order. */
export const PC_LAYERS_IN_ORDER: readonly Layer<PcSubject>[] = [
  dataFolderLayer,
  diskSpaceLayer,
  datasetLayer,
];
