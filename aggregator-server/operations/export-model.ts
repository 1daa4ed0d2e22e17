import { type FileHandle, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { layersModelJson, WEIGHTS_NAME } from '@genba/shared/model-export/layers-model';
import type { ModelOrigin, OutputChoice } from '@genba/shared/model-export/model-topology';
import { manifestDigest } from '../engine/manifest.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { readKeptTask } from '../store/task-files.ts';
import { hashFile } from '../store/verified-read.ts';
import { GENERATED_BY } from '../version.ts';
import { CatalogueReader, type KeptVersion, type StoredTask } from './catalogue-reader.ts';
import { writeKerasArchive } from './keras-archive.ts';
import { kerasConfig, kerasMetadata, kerasVariables } from './keras-model.ts';
import { fillFolder } from './staged-folder.ts';
import { copyProved } from './weight-copy.ts';
import { openReferenced } from './weight-source.ts';

/** The forms a model can be written in: for `tf.loadLayersModel`, and for Keras 3 in Python. */
export const EXPORT_FORMATS = ['tfjs', 'keras'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The file by which a complete export is known. */
const MODEL_NAMES = { tfjs: 'model.json', keras: 'model.keras' } as const satisfies Record<
  ExportFormat,
  string
>;

export interface ExportOptions {
  readonly dataFolder: string;
  readonly taskId: string;
  /** The newest when left out. */
  readonly version?: number;
  /** A new or empty folder. */
  readonly to: string;
  /** The task's description, for folders that keep none. */
  readonly task?: Task;
  /** Whether a last layer turns the logits into probabilities; true when left out. */
  readonly hasSoftmax?: boolean;
  /** `tfjs` when left out. */
  readonly format?: ExportFormat;
}

interface ModelToWrite {
  readonly task: Task;
  readonly origin: ModelOrigin;
  readonly output: OutputChoice;
  /** The open weight file. */
  readonly source: FileHandle;
  /** The folder to write into. */
  readonly folder: string;
}

/**
 * Writes a kept version as a TensorFlow.js LayersModel (model.json and weights.bin) or as a Keras 3 file
 * (model.keras). Beside a running server or without one.
 * @returns the version that was written
 * @throws AppError `operation/*`, `task/changed` (the description given is of another model), `store/damaged`,
 *   `store/newer-database`, `server/storage`
 */
export async function exportModel(options: ExportOptions): Promise<KeptVersion> {
  const { dataFolder, taskId, hasSoftmax = true, format = 'tfjs' } = options;
  const catalogue = await CatalogueReader.open(dataFolder);
  try {
    const { weightsPath, tasksPath } = dataFolderPaths(resolve(dataFolder));
    const stored = catalogue.task(taskId);
    const task = requireSameModel(options.task ?? (await readKeptTask(tasksPath, taskId)), stored);
    const version = findVersion(catalogue.versions(taskId), options.version);
    const { digest, createdAt } = version;
    const source = await openReferenced({ weightsPath, digest }, catalogue);
    // A running server lets go of old versions.
    if (source === null) throw new AppError('operation/version-not-kept', { detail: `${version.version}` });
    try {
      const origin = { version: version.version, digest, createdAt };
      const write = format === 'tfjs' ? writeLayersModel : writeKerasModel;
      await fillFolder({ path: resolve(options.to), lastName: MODEL_NAMES[format] }, (folder) =>
        write({ task, origin, output: { hasSoftmax }, source, folder }),
      );
    } finally {
      await source.close();
    }
    return version;
  } finally {
    catalogue.close();
  }
}

async function writeLayersModel({ task, origin, output, source, folder }: ModelToWrite): Promise<void> {
  const { digest } = origin;
  const sizeBytes = await copyProved({ source, path: join(folder, WEIGHTS_NAME), digest });
  if (sizeBytes !== weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT)
    throw wrongSize(digest, sizeBytes);
  await writeSynced(
    join(folder, MODEL_NAMES.tfjs),
    layersModelJson(task, { ...origin, generatedBy: GENERATED_BY }, output),
  );
}

async function writeKerasModel({ task, origin, output, source, folder }: ModelToWrite): Promise<void> {
  const weights = await readProved({ source, digest: origin.digest, size: weightLayout(task).size });
  await writeKerasArchive(join(folder, MODEL_NAMES.keras), {
    metadata: kerasMetadata(task, origin, output),
    config: kerasConfig(task, output),
    layers: kerasVariables(task, output),
    weights,
    createdAt: origin.createdAt,
  });
}

/** Reads an open weight file of a known number of elements. @throws AppError `store/damaged` */
async function readProved(file: {
  readonly source: FileHandle;
  readonly digest: string;
  readonly size: number;
}): Promise<Float32Array> {
  const { source, digest, size } = file;
  const weights = new Float32Array(size);
  const bytes = new Uint8Array(weights.buffer);
  const { size: sizeBytes } = await source.stat();
  if (sizeBytes !== bytes.byteLength) throw wrongSize(digest, sizeBytes);
  const found = await hashFile(source, (piece, offset) => bytes.set(piece, offset));
  if (found.digest === digest) return weights;
  throw new AppError('store/damaged', { detail: `weights ${digest}: the content has changed` });
}

function wrongSize(digest: string, sizeBytes: number): AppError {
  return new AppError('store/damaged', { detail: `weights ${digest}: ${sizeBytes} bytes` });
}

function requireSameModel(task: Task | null, stored: StoredTask): Task {
  if (task === null) throw new AppError('operation/no-description', { detail: stored.taskId });
  if (task.id !== stored.taskId || manifestDigest(task) !== stored.manifestDigest) {
    throw new AppError('task/changed', { detail: stored.taskId });
  }
  return task;
}

function findVersion(kept: readonly KeptVersion[], wanted: number | undefined): KeptVersion {
  const found = wanted === undefined ? kept[0] : kept.find(({ version }) => version === wanted);
  if (found !== undefined) return found;
  const range = kept.length === 0 ? 'none' : `${kept.at(-1)!.version} to ${kept[0]!.version}`;
  throw new AppError('operation/version-not-kept', { detail: `${wanted ?? 'newest'}; kept: ${range}` });
}

async function writeSynced(path: string, content: object): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
