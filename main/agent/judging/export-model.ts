import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { layersModelJson, WEIGHTS_NAME } from '@genba/shared/model-export/layers-model';
import { writeDurably } from '../../durable-file/durable-file.ts';
import type { ColumnStatistics } from '../dataset/standardise.ts';
import { toBytes } from '../store/weights-blob.ts';
import type { ModelDescription } from './model-in-use.ts';

/** A model, and what its inputs are treated with. */
export interface ExportableModel {
  readonly task: Task;
  readonly about: ModelDescription;
  readonly weights: Float32Array;
  /** null for pictures, or where no data were read yet. */
  readonly statistics: ColumnStatistics | null;
}

/** The file by which a complete export is known: it is written last. */
const MODEL_NAME = 'model.json';

/**
 * Writes a model as TensorFlow.js loads it, with all that its inputs are treated with.
 * @param folder new or empty
 * @throws AppError `operation/target-not-empty`, `operation/target-not-writable`
 */
export function exportModel(folder: string, model: ExportableModel, appVersion: string): void {
  const { task, about, weights, statistics } = model;
  const { globalVersion, model: name, rounds } = about;
  const bytes = toBytes(weights);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const origin = { version: globalVersion, digest, createdAt: new Date().toISOString() };
  const generatedBy = `Genba agent ${appVersion}`;
  const json = layersModelJson(task, { ...origin, generatedBy }, { hasSoftmax: true });
  const userDefinedMetadata = {
    ...json.userDefinedMetadata,
    model: name,
    rounds,
    columnStatistics: statistics,
  };
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new AppError('operation/target-not-empty', { detail: folder });
    writeDurably(path.join(folder, WEIGHTS_NAME), bytes);
    writeDurably(path.join(folder, MODEL_NAME), JSON.stringify({ ...json, userDefinedMetadata }));
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('operation/target-not-writable', { detail: folder, cause: thrown });
  }
}
