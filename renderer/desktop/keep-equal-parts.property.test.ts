import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepEqualParts } from './keep-equal-parts.ts';

// JSON knows no negative zero, and a key named like the prototype would set it.
const json = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown);

describe('keepEqualParts', () => {
  it('says exactly what the newer value says', () => {
    fc.assert(
      fc.property(json, json, (previous, next) => {
        expect(keepEqualParts(previous, next)).toEqual(next);
      }),
    );
  });

  it('is the very same object where nothing changed', () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy = structuredClone(value);
        expect(Object.is(keepEqualParts(value, copy), value)).toBe(true);
      }),
    );
  });

  it('keeps what did not change beside what did', () => {
    const before = { round: { batch: 1 }, history: [{ at: 1 }, { at: 2 }], queue: { waiting: 0 } };
    const after = { round: { batch: 2 }, history: [{ at: 1 }, { at: 2 }, { at: 3 }], queue: { waiting: 0 } };
    const kept = keepEqualParts(before, after);
    expect(kept).toEqual(after);
    expect(kept.round).not.toBe(before.round);
    expect(kept.queue).toBe(before.queue);
    expect(kept.history[1]).toBe(before.history[1]);
  });

  it('notices a key that is gone, and one that came with no value', () => {
    expect(keepEqualParts({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 });
    expect(Object.keys(keepEqualParts({ a: 1 }, { b: undefined }))).toEqual(['b']);
  });
});
