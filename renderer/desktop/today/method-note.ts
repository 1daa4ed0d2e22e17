import type { AgentStatus } from '@genba/shared/local-api/messages';

type Backend = NonNullable<AgentStatus['backend']>;

const NOTES = {
  tensorflow: 'method.tensorflow.note',
  webgpu: 'method.webgpu.note',
  wasm: 'method.wasm.note',
  cpu: 'method.cpu.note',
} as const satisfies Record<Backend['name'], string>;

/** Which sentence says why this method is used: a wish says nothing about what else the PC could do. */
export function methodNote({ name, isRequested }: Backend) {
  return isRequested ? 'method.requested.note' : NOTES[name];
}
