import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { backend, enableProdMode, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { proveTraining, trainingRate } from './backend-speed.ts';
import { replaceUpsamplingGradient } from './cpu-upsampling-gradient.ts';
import type { BackendChoice, BackendName, BackendSpeed, DeviceInfo } from './messages.ts';
import { registerNativeKernels } from './native-kernels.ts';
import { registerNativeReluGradient } from './native-relu-gradient.ts';
import { loadNativeTensorflow } from './native-tensorflow.ts';
import { locateWasmFiles } from './wasm-backend.ts';
import { registerDepthwiseGradients } from './wasm-depthwise-gradients.ts';
import { registerFilterGradient } from './wasm-filter-gradient.ts';
import { loadWebGpu } from './webgpu-backend.ts';

/** As a rule the fastest first; a graphics card is only sure to beat what is not native. */
export const BACKENDS: readonly BackendName[] = ['tensorflow', 'webgpu', 'wasm', 'cpu'];

/** How backends are chosen and started. */
export interface BackendOptions {
  /** Which to try where none is asked for, one after the other. */
  readonly order: readonly BackendName[];
  /** What loads libraries that many PCs lack. */
  readonly loadNative: () => Promise<void>;
  readonly loadGpu: (acceptSoftware: boolean) => Promise<DeviceInfo>;
}

const DEFAULTS: BackendOptions = {
  order: BACKENDS,
  loadNative: loadNativeTensorflow,
  loadGpu: loadWebGpu,
};

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
 * Starts the first backend of the order that can really train the task's model, or the one asked for.
 * Availability alone proves little (a backend may lack the kernel of a gradient), so each candidate must
 * take one step of gradient descent on throw-away weights first.
 * @param options the loaders for tests on machines that have native TensorFlow or a graphics card
 * @throws AppError `trainer/no-backend`, its detail giving the reason for each backend tried
 */
export async function chooseBackend(
  task: Task,
  requested: BackendName | null,
  options: Partial<BackendOptions> = {},
): Promise<BackendChoice> {
  const reasons: string[] = [];
  const trial = { ...DEFAULTS, ...options, isRequested: requested !== null };
  for (const name of requested === null ? trial.order : [requested]) {
    const tried = await tryBackend(name, trial, () => proveTraining(task));
    if (typeof tried === 'string') {
      reasons.push(tried);
      continue;
    }
    const note = reasons.length === 0 ? null : reasons.join(' ');
    return { name, isRequested: requested !== null, note, ...tried };
  }
  throw new AppError('trainer/no-backend', { detail: reasons.join(' ') });
}

/**
 * How fast a backend trains the task's model on this PC.
 * @throws AppError `trainer/no-backend`, its detail saying why it cannot
 */
export async function measureBackend(task: Task, name: BackendName): Promise<BackendSpeed> {
  let examplesPerSecond = 0;
  const tried = await tryBackend(name, { ...DEFAULTS, isRequested: false }, async () => {
    examplesPerSecond = await trainingRate(task);
  });
  if (typeof tried === 'string') throw new AppError('trainer/no-backend', { detail: tried });
  return { ...tried, examplesPerSecond };
}

interface Trial extends BackendOptions {
  /** A person named this backend. */
  readonly isRequested: boolean;
}

/** What the backend calculates on, after it has done something; or one sentence on why it cannot be used. */
async function tryBackend(
  name: BackendName,
  trial: Trial,
  work: () => Promise<void>,
): Promise<Pick<BackendChoice, 'device'> | string> {
  let device: DeviceInfo | null;
  try {
    device = await startBackend(name, trial);
  } catch (thrown) {
    return `${TITLES[name]} could not be loaded: ${shortReason(thrown)}.`;
  }
  try {
    await work();
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
  if (name === 'tensorflow') {
    registerNativeReluGradient();
    registerNativeKernels();
  }
  return name === 'tensorflow' ? cudaDevice() : device;
}

/** The card of tfjs-node-gpu where it calculates on one; its name is not told. */
function cudaDevice(): DeviceInfo | null {
  const { isUsingGpuDevice } = backend() as { readonly isUsingGpuDevice?: boolean };
  return isUsingGpuDevice === true ? { name: 'NVIDIA', driver: 'CUDA', isSoftware: false } : null;
}

function prepareWasm(): void {
  locateWasmFiles();
  registerFilterGradient();
  registerDepthwiseGradients();
}

function shortReason(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const kernel = /Kernel '(\w+)' not registered/.exec(message);
  if (kernel) return `it lacks ${kernel[1]}`;
  const firstLine = message.split('\n', 1)[0]!.replace(/[.\s]+$/, '');
  return firstLine.slice(0, MAX_REASON_LENGTH);
}
