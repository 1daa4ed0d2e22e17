import { describe, expect, it } from 'vitest';
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

it('has no more in use than it may: what waits to be merged keeps its memory', () => {
  const proved = new ProvedWeights(100);
  const [first, second] = [proved.lend(40)!, proved.lend(40)!];
  expect(proved.lend(40)).toBeNull();
  expect(proved.lend(101)).toBeNull();
  proved.keep('a', first);
  proved.keep('b', second);
  expect(proved.lend(40)).toBeNull();
  proved.forget('a');
  expect(proved.take('a')).toBeNull();
  expect(proved.lend(40)).toBe(first);
  expect(proved.take('b')).toBe(second);
});

it('keeps memory that is read ahead of the merge out of other hands', () => {
  const proved = new ProvedWeights(40);
  const bytes = proved.lend(40)!;
  proved.keep('a', bytes);
  expect(proved.read('b')).toBeNull();
  const [first, second] = [proved.read('a')!, proved.read('a')!];
  expect(first.bytes).toBe(bytes);
  expect(proved.take('a')).toBeNull();
  first.end();
  proved.forget('a');
  expect(proved.lend(40)).toBeNull();
  second.end();
  expect(proved.lend(40)).toBe(bytes);
  proved.keep('a', bytes);
  proved.read('a')!.end();
  expect(proved.take('a')).toBe(bytes);
});

describe('an answer', () => {
  const kept = () => {
    const proved = new ProvedWeights(8);
    const bytes = proved.lend(8)!;
    bytes.set([1, 2, 3, 4, 5, 6, 7, 8]);
    proved.keepAnswer('a', bytes);
    return { proved, bytes };
  };

  it('is sent from memory, which is free when it was sent to its end', async () => {
    const { proved, bytes } = kept();
    expect(proved.openAnswer('b')).toBeNull();
    const reader = proved.openAnswer('a')!;
    expect(reader.sizeBytes).toBe(8);
    const target = new Uint8Array(5);
    expect(await reader.read(target, 0)).toBe(5);
    expect([...target]).toEqual([1, 2, 3, 4, 5]);
    expect(await reader.read(target, 5)).toBe(3);
    expect([...target.subarray(0, 3)]).toEqual([6, 7, 8]);
    expect(proved.lend(8)).toBeNull();
    await reader.close();
    expect(proved.lend(8)).toBe(bytes);
    expect(proved.openAnswer('a')).toBeNull();
  });

  it('stays while others send from it, and for who was cut off', async () => {
    const { proved, bytes } = kept();
    const [first, second] = [proved.openAnswer('a')!, proved.openAnswer('a')!];
    await first.read(new Uint8Array(8), 0);
    await first.close();
    await first.close();
    expect(proved.lend(8)).toBeNull();
    await second.close();
    expect(proved.lend(8)).toBe(bytes);
    const again = kept();
    const cut = again.proved.openAnswer('a')!;
    await cut.read(new Uint8Array(4), 0);
    await cut.close();
    expect(again.proved.openAnswer('a')).not.toBeNull();
  });

  it('makes room for an update while nobody sends from it', async () => {
    const { proved, bytes } = kept();
    const reader = proved.openAnswer('a')!;
    expect(proved.lend(8)).toBeNull();
    await reader.close();
    expect(proved.lend(8)).toBe(bytes);
    expect(proved.openAnswer('a')).toBeNull();
  });

  it('is kept once', () => {
    const { proved, bytes } = kept();
    const other = new Uint8Array(new SharedArrayBuffer(8));
    proved.keepAnswer('a', other);
    expect(proved.lend(8)).toBe(other);
    expect(proved.openAnswer('a')!.sizeBytes).toBe(bytes.byteLength);
  });
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
