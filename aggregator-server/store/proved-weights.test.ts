import { describe, expect, it, vi } from 'vitest';
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

it('lends the memory of whoever merges first, as far as there may be so much', () => {
  const proved = new ProvedWeights(100);
  const rooms = [40, 40, 40].map((size) => new Uint8Array(new SharedArrayBuffer(size)));
  proved.adopt(rooms);
  proved.giveBack(proved.lend(40)!);
  // The same again, so that memory which is not needed is never touched.
  expect(proved.lend(40)).toBe(rooms[0]);
  proved.giveBack(rooms[0]!);
  expect(new Set([proved.lend(40), proved.lend(40)])).toEqual(new Set(rooms.slice(0, 2)));
  expect(proved.lend(40)).toBeNull();
  proved.giveBack(rooms[0]!);
  expect(proved.lend(20)!.byteLength).toBe(20);
  expect(proved.lend(40)).toBe(rooms[0]);
});

describe('an answer', () => {
  const BYTES = [1, 2, 3, 4, 5, 6, 7, 8];
  const kept = (proved = new ProvedWeights(8), digest = 'a') => {
    const bytes = new Uint8Array(new SharedArrayBuffer(8));
    bytes.set(BYTES);
    const release = vi.fn();
    proved.keepAnswer(digest, bytes, release);
    return { proved, release };
  };

  it('is sent from memory, which is released when it was sent to its end', async () => {
    const { proved, release } = kept();
    expect(proved.openAnswer('b')).toBeNull();
    const reader = proved.openAnswer('a')!;
    expect(reader.sizeBytes).toBe(8);
    const target = new Uint8Array(5);
    expect(await reader.read(target, 0)).toBe(5);
    expect([...target]).toEqual([1, 2, 3, 4, 5]);
    expect(await reader.read(target, 5)).toBe(3);
    expect([...target.subarray(0, 3)]).toEqual([6, 7, 8]);
    expect(release).not.toHaveBeenCalled();
    await reader.close();
    expect(release).toHaveBeenCalledOnce();
    expect(proved.openAnswer('a')).toBeNull();
  });

  it('stays while others send from it, and for who was cut off', async () => {
    const { proved, release } = kept();
    const [first, second] = [proved.openAnswer('a')!, proved.openAnswer('a')!];
    await first.read(new Uint8Array(8), 0);
    await first.close();
    await first.close();
    expect(release).not.toHaveBeenCalled();
    await second.close();
    expect(release).toHaveBeenCalledOnce();
    const again = kept();
    const cut = again.proved.openAnswer('a')!;
    await cut.read(new Uint8Array(4), 0);
    await cut.close();
    expect(again.proved.openAnswer('a')).not.toBeNull();
  });

  it('goes for a newer one when there are too many, unless somebody sends from it', async () => {
    const proved = new ProvedWeights(16);
    const [sent, first, second, third] = ['s', 'a', 'b', 'c'].map((digest) => {
      const { release } = kept(proved, digest);
      return { release, reader: digest === 's' ? proved.openAnswer(digest) : null };
    });
    expect(first!.release).toHaveBeenCalledOnce();
    expect(second!.release).toHaveBeenCalledOnce();
    expect(third!.release).not.toHaveBeenCalled();
    expect(sent!.release).not.toHaveBeenCalled();
    await sent!.reader!.close();
    expect(proved.openAnswer('a')).toBeNull();
    expect(proved.openAnswer('c')).not.toBeNull();
  });

  it('is kept once', () => {
    const { proved, release } = kept();
    expect(kept(proved).release).toHaveBeenCalledOnce();
    expect(release).not.toHaveBeenCalled();
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
