import { expect, it } from 'vitest';
import { ProvedWeights } from './proved-weights.ts';

it('hands weights over once, and their memory goes round', () => {
  const proved = new ProvedWeights(100);
  const first = proved.lend(40)!;
  expect(first.buffer).toBeInstanceOf(SharedArrayBuffer);
  proved.keep('a', first);
  expect(proved.take('b')).toBeNull();
  expect(proved.take('a')).toBe(first);
  expect(proved.take('a')).toBeNull();
  proved.giveBack(first);
  expect(proved.lend(40)).toBe(first);
});

it('has no more in use than it may: what waits for long makes room, what is at work does not', () => {
  const proved = new ProvedWeights(100);
  const [first, second] = [proved.lend(40)!, proved.lend(40)!];
  expect(proved.lend(40)).toBeNull();
  expect(proved.lend(101)).toBeNull();
  proved.keep('a', first);
  proved.keep('b', second);
  expect(proved.lend(40)!.byteLength).toBe(40);
  expect(proved.take('a')).toBeNull();
  expect(proved.take('b')).toBe(second);
  expect(proved.lend(40)).toBeNull();
});

it('gives memory that came back for another size', () => {
  const proved = new ProvedWeights(100);
  const both = [proved.lend(50)!, proved.lend(50)!];
  for (const bytes of both) proved.giveBack(bytes);
  expect(proved.lend(100)!.byteLength).toBe(100);
});

it('keeps one copy of what arrives twice', () => {
  const proved = new ProvedWeights(80);
  const [first, second] = [proved.lend(40)!, proved.lend(40)!];
  proved.keep('a', first);
  proved.keep('a', second);
  expect(proved.lend(40)).toBe(first);
  expect(proved.take('a')).toBe(second);
});
