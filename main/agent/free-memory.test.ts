import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { freeMemory } from './free-memory.ts';

describe('freeMemory', () => {
  it('lets go of what nobody needs, and of nothing else, as often as it is called', async () => {
    const needed = { big: new Uint8Array(1000) };
    const [kept, left] = [new WeakRef(needed), new WeakRef({ big: new Uint8Array(1000) })];
    // Within the turn that made a weak reference, what it names stays.
    await nextTurn();
    freeMemory();
    freeMemory();
    expect(left.deref()).toBeUndefined();
    expect(kept.deref()).toBe(needed);
  });
});
