import { createHash } from 'node:crypto';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { parseTask, type Task } from '@genba/shared/model/task';

/** A small task: 4 inputs, one hidden layer of 3, 2 classes; 23 weights. */
export function smallTask(
  changes: {
    id?: string;
    federation?: object;
    hiddenUnits?: number[];
    screening?: object;
    updateEncoding?: string;
  } = {},
): Task {
  const { id = 'small', federation = {}, hiddenUnits = [3], screening, updateEncoding } = changes;
  return parseTask({
    id,
    name: { en: 'Small', ja: '小' },
    input: { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' },
    classes: ['ok', 'ng'],
    model: { template: 'mlp', hiddenUnits },
    federation,
    ...(screening === undefined ? {} : { screening }),
    ...(updateEncoding === undefined ? {} : { updateEncoding }),
  });
}

/** Federation settings of everything that is served, by a readable name. */
export const SERVED_FEDERATIONS = {
  'orthofl relay': { reference: 'relay' },
  'orthofl average': { reference: 'average' },
  'orthofl calibrated by clients': { reference: 'average', calibratedBy: 'client' },
  'orthofl handing calibration over': { reference: 'average', calibratedBy: 'auto', calibrationLimit: 1 },
  'orthofl with memory': { memory: {} },
  fedasync: { strategy: 'fedasync' },
  fedbuff: { strategy: 'fedbuff', bufferSize: 2 },
  ca2fl: { strategy: 'ca2fl', bufferSize: 2 },
  fedavg: { strategy: 'fedavg' },
  fedprox: { strategy: 'fedprox', proximalCoefficient: 0.1 },
} as const;

/** Hidden units of a model whose weights take several data frames, and no whole number of blocks of a disk: 1.2 MB. */
export const LARGE_MODEL = [520, 560];

/** A task with such a model. */
export function largeTask(): Task {
  return smallTask({ id: 'large', hiddenUnits: LARGE_MODEL });
}

/** Seeded values in [-1, 1) for a task's whole vector. */
export function randomWeights(task: Task, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: weightLayout(task).size }, () => 2 * random() - 1);
}

/** What a plant's training does to its weights, as far as the server can tell: a seeded small move. */
export function trained(weights: Float32Array, seed: number): Float32Array {
  const random = seededRandom(seed);
  return weights.map((value) => value + (random() - 0.5) / 10);
}

/** The bytes of a vector as they travel; those of a payload are themselves. */
export function bytesOf(weights: Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
}

/** The vector in bytes that may lie at any position. */
export function weightsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
