import { expect, it } from 'vitest';
import { ARENAS_VARIABLE, FLAT_MEMORY, lacksFlatMemory } from './flat-memory.ts';

const server = {
  platform: 'linux',
  environment: {},
  nodeOptions: ['--import', 'x'],
  parameters: ['--data', 'x'],
  hasChannel: false,
} as const;

it.each([
  ['a server', {}],
  ['a server by its name', { parameters: ['serve', '--data', 'x'] }],
])('starts again: %s', (_name, changes) => {
  expect(lacksFlatMemory({ ...server, ...changes })).toBe(true);
});

it.each([
  ['who was started again', FLAT_MEMORY],
  ['who was, and has lost the variable', { nodeOptions: FLAT_MEMORY.nodeOptions }],
  ['who was, and has lost the options', { environment: FLAT_MEMORY.environment }],
  ['what somebody has set otherwise', { environment: { [ARENAS_VARIABLE]: '8' } }],
  ['what somebody has set to nothing', { environment: { [ARENAS_VARIABLE]: '' } }],
  ['a command that ends', { parameters: ['verify', '--data', 'x'] }],
  ['a question for help', { parameters: ['--help'] }],
  ['a mistake', { parameters: [] }],
  ['a system with another allocator', { platform: 'win32' as const }],
  ['a child whose parent talks to it', { hasChannel: true }],
])('leaves alone: %s', (_name, changes) => {
  expect(lacksFlatMemory({ ...server, ...changes })).toBe(false);
});
