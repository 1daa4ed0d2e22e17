import { backend } from '@tensorflow/tfjs-core';
import type { DeviceInfo } from './messages.ts';

/** Names of drivers that calculate on the processor and only look like a graphics card. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render|software/i;

/** What an adapter says of itself. */
export type AdapterFacts = Pick<GPUAdapterInfo, 'vendor' | 'device' | 'description'> & {
  readonly isFallbackAdapter?: boolean;
};

/** What a person calls an adapter, and whether it is no graphics card at all. */
export function describeAdapter({
  vendor,
  device,
  description,
  isFallbackAdapter,
}: AdapterFacts): DeviceInfo {
  const isSoftware = isFallbackAdapter === true || SOFTWARE.test(`${vendor} ${device} ${description}`);
  const isNamed = device !== '' && !/^0x[0-9a-f]+$/i.test(device);
  const name = isNamed ? device : description || `${vendor} ${device}`.trim();
  return { name: name || 'unknown', driver: description, isSoftware };
}

/**
 * Puts WebGPU (Dawn: Direct3D 12, Vulkan or Metal) where TensorFlow.js looks for it and loads its backend `webgpu`.
 * @param acceptSoftware also take a driver that calculates on the processor: right, and far slower than the others
 * @returns the adapter that will calculate
 * @throws Error one sentence: no adapter, or only such a driver
 */
export async function loadWebGpu(acceptSoftware: boolean): Promise<DeviceInfo> {
  if (navigator.gpu === undefined) {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    Object.defineProperty(navigator, 'gpu', { value: create([]), configurable: true });
  }
  // The same wish as that of the backend, so that it gets the same adapter.
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('no graphics card with a driver for it was found');
  const found = describeAdapter(adapter.info);
  if (found.isSoftware && !acceptSoftware) {
    throw new Error(`no graphics card was found, only ${found.name}, which calculates on the processor`);
  }
  await import('@tensorflow/tfjs-backend-webgpu');
  return found;
}

/**
 * Calls back when the running WebGPU backend has lost its graphics card, or has been refused memory or work: nothing
 * throws then, and what it calculates afterwards is wrong.
 */
export function onWebGpuTrouble(call: (reason: string) => void): void {
  // Of the WebGPU backend, which tfjs-core's type does not know.
  const { device } = backend() as unknown as { readonly device: GPUDevice };
  void device.lost.then(({ reason, message }) => call(`the graphics card was lost: ${message || reason}`));
  device.onuncapturederror = ({ error }) => call(`${error.constructor.name}: ${error.message}`);
}
