import { AppError } from '@genba/shared/errors/app-error';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { inputShape } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { enableProdMode, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { replaceUpsamplingGradient } from './cpu-upsampling-gradient.ts';
import type { BackendChoice, BackendName, DeviceInfo, ExampleSet } from './messages.ts';
import { buildModel } from './model.ts';
import { loadNativeTensorflow } from './native-tensorflow.ts';
import { batchLoss } from './objective.ts';
import { disposeOptimiser, freshOptimiser } from './optimiser.ts';
import { trainBatch } from './training.ts';
import { locateWasmFiles } from './wasm-backend.ts';
import { registerDepthwiseGradients } from './wasm-depthwise-gradients.ts';
import { registerFilterGradient } from './wasm-filter-gradient.ts';
import { loadWebGpu } from './webgpu-backend.ts';
import { installWeights } from './weights.ts';

/** As a rule the fastest first; a graphics card is only sure to beat what is not native. */
export const BACKENDS: readonly BackendName[] = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** What loads libraries that many PCs lack. */
export interface Loaders {
  readonly loadNative: () => Promise<void>;
  readonly loadGpu: (acceptSoftware: boolean) => Promise<DeviceInfo>;
}

const LOADERS: Loaders = { loadNative: loadNativeTensorflow, loadGpu: loadWebGpu };

/** How each backend is called in a note that a person reads. */
const TITLES: Record<BackendName, string> = {
  tensorflow: 'Native TensorFlow',
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'Plain JavaScript',
};

/** Longest part of a loader's or kernel's message that goes into a note, characters. */
const MAX_REASON_LENGTH = 160;

/**
 * Starts the fastest backend that can really train the task's model, or the one asked for.
 * Availability alone proves little (a backend may lack the kernel of a gradient), so each candidate must
 * take one step of gradient descent on throw-away weights first.
 * @param loaders for tests on machines that have native TensorFlow or a graphics card
 * @throws AppError `trainer/no-backend`, its detail giving the reason for each backend tried
 */
export async function chooseBackend(
  task: Task,
  requested: BackendName | null,
  loaders: Partial<Loaders> = {},
): Promise<BackendChoice> {
  const reasons: string[] = [];
  for (const name of requested === null ? BACKENDS : [requested]) {
    const tried = await tryBackend(name, task, { ...LOADERS, ...loaders, isRequested: requested !== null });
    if (typeof tried === 'string') {
      reasons.push(tried);
      continue;
    }
    const note = reasons.length === 0 ? null : reasons.join(' ');
    return { name, isRequested: requested !== null, note, ...tried };
  }
  throw new AppError('trainer/no-backend', { detail: reasons.join(' ') });
}

interface Trial extends Loaders {
  /** A person named this backend. */
  readonly isRequested: boolean;
}

/** What the backend calculates on; or one sentence on why it cannot be used for the task. */
async function tryBackend(
  name: BackendName,
  task: Task,
  trial: Trial,
): Promise<Pick<BackendChoice, 'device'> | string> {
  let device: DeviceInfo | null;
  try {
    device = await startBackend(name, trial);
  } catch (thrown) {
    return `${TITLES[name]} could not be loaded: ${shortReason(thrown)}.`;
  }
  try {
    await probe(task);
    return device === null ? {} : { device };
  } catch (thrown) {
    return `${TITLES[name]} cannot train this model: ${shortReason(thrown)}.`;
  }
}

async function startBackend(
  name: BackendName,
  { loadNative, loadGpu, isRequested }: Trial,
): Promise<DeviceInfo | null> {
  // Spares the log an advertisement for tfjs-node; nothing else depends on it.
  enableProdMode();
  let device: DeviceInfo | null = null;
  if (name === 'tensorflow') await loadNative();
  else if (name === 'webgpu') device = await loadGpu(isRequested);
  else if (name === 'wasm') prepareWasm();
  else {
    await import('@tensorflow/tfjs-backend-cpu');
    replaceUpsamplingGradient();
  }
  const isStarted = await setBackend(name);
  await ready();
  if (!isStarted || getBackend() !== name) throw new Error('it did not start');
  return device;
}

function prepareWasm(): void {
  locateWasmFiles();
  registerFilterGradient();
  registerDepthwiseGradients();
}

/** One step of gradient descent on two blank examples and throw-away weights. */
async function probe(task: Task): Promise<void> {
  const width = inputShape(task.input).reduce((total, length) => total * length, 1);
  const inputs = task.input.kind === 'image' ? new Uint8Array(2 * width) : new Float32Array(2 * width);
  const set: ExampleSet = { inputs, labels: Uint16Array.of(0, 0), targets: Float32Array.of(0, 1) };
  const layout = weightLayout(task);
  const model = buildModel(task);
  const optimiser = freshOptimiser(task.training);
  try {
    installWeights(model, layout, initialWeights(layout, task.seed));
    const descent = { loss: batchLoss(task, set), optimiser, pull: null };
    const loss = await trainBatch(model, task, set, Uint32Array.of(0, 1), descent);
    if (!Number.isFinite(loss)) throw new Error('its results are not numbers');
  } finally {
    disposeOptimiser(optimiser);
    model.dispose();
  }
}

function shortReason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const kernel = /Kernel '(\w+)' not registered/.exec(message);
  if (kernel) return `it lacks ${kernel[1]}`;
  const firstLine = message.split('\n', 1)[0]!.replace(/[.\s]+$/, '');
  return firstLine.slice(0, MAX_REASON_LENGTH);
}
