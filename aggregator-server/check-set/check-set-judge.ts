import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { inputShape } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { layersModelJson } from '@genba/shared/model-export/layers-model';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { dispose, enableProdMode, io, setBackend, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { type CheckSet, readCheckSet } from './read-check-set.ts';

/** Examples per step: bounds memory; the result does not depend on it. */
const BATCH = 256;

/** Largest pixel byte; pixels reach the model as 0 to 1, as at the plants. */
const PIXEL_MAXIMUM = 255;

/**
 * Judges weights on a check set. One model is built once; each judgement puts other weights into it. In WebAssembly,
 * single-threaded: the same weights give the same bits every time.
 */
export class CheckSetJudge {
  readonly #task: Task;
  readonly #set: CheckSet;
  readonly #model: LayersModel;

  private constructor(task: Task, set: CheckSet, model: LayersModel) {
    this.#task = task;
    this.#set = set;
    this.#model = model;
  }

  /** @throws AppError `check-set/unusable` */
  static async load(task: Task, folder: string): Promise<CheckSetJudge> {
    const set = await readCheckSet(folder, task);
    enableProdMode();
    // A plain path: a URL would be percent-encoded, and the program may lie in a folder with any name.
    setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
    await setBackend('wasm');
    return new CheckSetJudge(task, set, await buildModel(task));
  }

  /**
   * Share of the examples judged right, 0 to 1. A logit that is not a number is never the largest, so a model that is
   * broken has the accuracy it deserves.
   */
  async accuracy(weights: Float32Array): Promise<number> {
    this.#install(weights);
    const { labels } = this.#set;
    let right = 0;
    for (let start = 0; start < labels.length; start += BATCH) {
      const length = Math.min(BATCH, labels.length - start);
      const logits = tidy(() => (this.#model.apply(this.#inputs(start, length)) as Tensor).dataSync());
      const classes = logits.length / length;
      for (let row = 0; row < length; row++) {
        if (indexOfLargest(logits.subarray(row * classes, (row + 1) * classes)) === labels[start + row])
          right++;
      }
    }
    return right / labels.length;
  }

  #install(weights: Float32Array): void {
    const { tensors } = weightLayout(this.#task);
    for (const layer of this.#model.layers) {
      const own = tensors.filter((spec) => spec.layer === layer.name);
      if (own.length === 0) continue;
      const values = own.map(({ offset, size, shape }) =>
        tensor(weights.slice(offset, offset + size), [...shape], 'float32'),
      );
      layer.setWeights(values);
      dispose(values);
    }
  }

  #inputs(start: number, length: number): Tensor {
    const shape = inputShape(this.#task.input);
    const width = shape.reduce((product, each) => product * each, 1);
    const { inputs } = this.#set;
    const part = inputs.subarray(start * width, (start + length) * width);
    const scale = inputs instanceof Uint8Array ? 1 / PIXEL_MAXIMUM : 1;
    return tensor(
      Float32Array.from(part, (value) => value * scale),
      [length, ...shape],
      'float32',
    );
  }
}

/** The model as it is exported, without its last layer: the largest logit is the largest probability. */
async function buildModel(task: Task): Promise<LayersModel> {
  const origin = { version: 0, digest: '', createdAt: '' };
  const { modelTopology, weightsManifest } = layersModelJson(
    task,
    { ...origin, generatedBy: '' },
    { hasSoftmax: false },
  );
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights) as io.WeightsManifestEntry[];
  const weightData = new ArrayBuffer(weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT);
  return loadLayersModel(io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

/** -1 where nothing is a number. */
function indexOfLargest(values: ArrayLike<number>): number {
  let best = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    if (values[index]! > largest) {
      largest = values[index]!;
      best = index;
    }
  }
  return best;
}
