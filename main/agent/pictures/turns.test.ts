import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Work that ends when it is told to. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let starts = 0;
  const start = () => {
    starts++;
    return promise;
  };
  return { start, end: resolve, starts: () => starts };
}

const yes = () => true;

describe('turns', () => {
  it('let a few run at a time, the others after them in order', async () => {
    const turns = new Turns({ atOnce: 2, mayWait: 2 });
    const pieces = [work(), work(), work(), work()];
    const taken = pieces.map(({ start }) => turns.take(start, yes));
    expect(pieces.map(({ starts }) => starts())).toEqual([1, 1, 0, 0]);
    pieces[1]!.end('second');
    expect(await taken[1]).toBe('second');
    expect(pieces.map(({ starts }) => starts())).toEqual([1, 1, 1, 0]);
    for (const { end } of pieces) end('done');
    expect(await Promise.all(taken)).toEqual(['done', 'second', 'done', 'done']);
  });

  it('refuse whoever would wait behind too many, and have room again later', async () => {
    const turns = new Turns({ atOnce: 1, mayWait: 1 });
    const [running, waiting] = [work(), work()];
    const taken = [turns.take(running.start, yes), turns.take(waiting.start, yes)];
    expect(await turns.take(work().start, yes)).toBe('refused');
    running.end('a');
    waiting.end('b');
    expect(await Promise.all(taken)).toEqual(['a', 'b']);
    expect(await turns.take(async () => 'c', yes)).toBe('c');
  });

  it('do nothing for whoever has gone, and go on after work that failed', async () => {
    const turns = new Turns({ atOnce: 1, mayWait: 5 });
    const failing = turns.take(async () => {
      throw new Error('broken');
    }, yes);
    const gone = work();
    const unwanted = turns.take(gone.start, () => false);
    const last = turns.take(async () => 'last', yes);
    await expect(failing).rejects.toThrow('broken');
    expect(await unwanted).toBe('unwanted');
    expect(gone.starts()).toBe(0);
    expect(await last).toBe('last');
  });
});
