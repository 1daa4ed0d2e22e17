import { expect, it } from 'vitest';
import { freeReceived } from './received-memory.ts';

it('frees a frame that has its memory to itself', () => {
  const frame = Buffer.from(new ArrayBuffer(1000));
  freeReceived(frame);
  expect(frame.byteLength).toBe(0);
});

it('leaves a frame that lies among others', () => {
  const memory = new ArrayBuffer(1000);
  const [first, second] = [Buffer.from(memory, 0, 400), Buffer.from(memory, 400)];
  second.fill(7);
  freeReceived(first);
  freeReceived(second);
  expect(second).toEqual(Buffer.alloc(600, 7));
});
