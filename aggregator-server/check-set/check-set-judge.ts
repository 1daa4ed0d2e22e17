import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { CheckMetric } from '@genba/shared/federation/screening/check-metric';
import { inputShape, inputWidth } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { layersModelJson } from '@genba/shared/model-export/layers-model';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { dispose, enableProdMode, io, setBackend, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { createCheckScorer, metricOf } from './check-scorer.ts';
import { type CheckSet, inputsOf } from './check-set.ts';
import { readCheckSet } from './read-check-set.ts';

/** Examples per step: bounds memory; the result does not depend on it. */
const BATCH = 256;

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

  /** What it judges by. */
  get metric(): CheckMetric {
    return metricOf(this.#task, this.#set);
  }

  /** How good the weights are, by {@link metric}, 0 to 1. */
  async score(weights: Float32Array): Promise<number> {
    this.#install(weights);
    const examples = this.#set.labels.length;
    const scorer = createCheckScorer(this.#task, this.#set);
    for (let start = 0; start < examples; start += BATCH) {
      const length = Math.min(BATCH, examples - start);
      const outputs = tidy(() => (this.#model.apply(this.#inputs(start, length)) as Tensor).dataSync());
      const width = outputs.length / length;
      for (let row = 0; row < length; row++) {
        scorer.add(start + row, outputs.subarray(row * width, (row + 1) * width));
      }
    }
    return scorer.score();
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
    const values = inputsOf(this.#set, start, length, inputWidth(this.#task.input));
    return tensor(values, [length, ...shape], 'float32');
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
