import { expect, it } from 'vitest';
import { describeIfAvailable, useSwiftShader } from '../../tools/requirements.ts';
import { chooseBackend } from './backends.ts';
import { sampleTask } from './fixtures.ts';
import { describeAdapter } from './webgpu-backend.ts';

it.each([
  [
    'a card',
    { vendor: 'nvidia', device: 'NVIDIA RTX A2000', description: 'NVIDIA: 552.22' },
    'NVIDIA RTX A2000',
    false,
  ],
  [
    'a card known by its number',
    { vendor: 'intel', device: '0x4680', description: 'Intel(R) UHD Graphics 770' },
    'Intel(R) UHD Graphics 770',
    false,
  ],
  [
    'SwiftShader',
    { vendor: 'google', device: 'swiftshader-device-subzero-', description: 'SwiftShader driver 5.0.0' },
    'swiftshader-device-subzero-',
    true,
  ],
  [
    'WARP',
    { vendor: 'microsoft', device: '0x8c', description: 'Microsoft Basic Render Driver' },
    'Microsoft Basic Render Driver',
    true,
  ],
  [
    'llvmpipe',
    { vendor: 'mesa', device: '0x0', description: 'llvmpipe (LLVM 19.1)' },
    'llvmpipe (LLVM 19.1)',
    true,
  ],
  [
    'what says itself that it is a fallback',
    { vendor: 'x', device: 'Renderer', description: '', isFallbackAdapter: true },
    'Renderer',
    true,
  ],
  ['what says nothing', { vendor: '', device: '', description: '' }, 'unknown', false],
])('calls %s by its name, and knows software', (_what, facts, name, isSoftware) => {
  expect(describeAdapter(facts)).toEqual({ name, driver: facts.description, isSoftware });
});

describeIfAvailable('webgpu', 'a driver that calculates on the processor', () => {
  useSwiftShader();
  const noNative = { loadNative: () => Promise.reject(new Error('not here')) };

  it('is used when somebody asks for WebGPU, and called what it is', async () => {
    const choice = await chooseBackend(sampleTask(), 'webgpu');
    expect(choice).toMatchObject({ name: 'webgpu', isRequested: true, device: { isSoftware: true } });
  });

  it('is passed over otherwise, with the reason', async () => {
    const choice = await chooseBackend(sampleTask(), null, noNative);
    expect(choice).toMatchObject({ name: 'wasm' });
    expect(choice.note).toMatch(
      /WebGPU could not be loaded: no graphics card was found, only .*swiftshader/i,
    );
  });
});
