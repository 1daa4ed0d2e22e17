import { expect, it } from 'vitest';
import { ARENAS_VARIABLE, lacksFlatMemory } from './flat-memory.ts';

const server = {
  platform: 'linux',
  environment: {},
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
  ['who was started again', { environment: { [ARENAS_VARIABLE]: '1' } }],
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
