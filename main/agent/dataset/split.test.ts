import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExamplePart, splitByClass } from './split.ts';

const options = (validationShare: number, seed = 1) => ({ validationShare, seed });

describe('splitByClass', () => {
  it('puts every example in exactly one part and leaves each class something to train on', () => {
    const labelLists = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 });
    const shares = fc.double({ min: 0, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(labelLists, shares, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (list, share, seed) => {
        const labels = Uint16Array.from(list);
        const { training, validation } = splitByClass(labels, options(share, seed));
        const all = [...training, ...validation].sort((a, b) => a - b);
        expect(all).toEqual(list.map((_, place) => place));
        const trained = new Set(training.map((place) => labels[place]));
        expect(trained).toEqual(new Set(list));
      }),
    );
  });

  it('holds out the same share of each class', () => {
    const labels = Uint16Array.from({ length: 120 }, (_, place) => (place < 100 ? 0 : 1));
    const { validation } = splitByClass(labels, options(0.25));
    expect(validation.filter((place) => labels[place] === 0)).toHaveLength(25);
    expect(validation.filter((place) => labels[place] === 1)).toHaveLength(5);
  });

  it('is the same for the same seed and another for another', () => {
    const labels = new Uint16Array(100);
    expect(splitByClass(labels, options(0.1, 1))).toEqual(splitByClass(labels, options(0.1, 1)));
    expect(splitByClass(labels, options(0.1, 1))).not.toEqual(splitByClass(labels, options(0.1, 2)));
  });

  it('holds out nothing for a share of zero', () => {
    expect(splitByClass(new Uint16Array(10), options(0)).validation).toEqual([]);
  });

  it('leaves every example in the part it was in, whatever is added or goes, and comes right again', () => {
    const labelLists = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 80 });
    const shares = fc.double({ min: 0, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(labelLists, labelLists, shares, fc.nat(), (first, added, share, gone) => {
        const options = { validationShare: share, seed: 7 };
        const old = splitByClass(Uint16Array.from(first), options);
        const part = new Map<number, ExamplePart>([
          ...old.training.map((place) => [place, 'training'] as const),
          ...old.validation.map((place) => [place, 'validation'] as const),
        ]);
        // One of the old ones goes, the new ones stand before, between and behind: ids instead of places.
        const ids = [...first.keys()].filter((id) => id !== gone % first.length);
        for (const index of added.keys()) ids.splice((index * 31) % (ids.length + 1), 0, 1000 + index);
        const labels = Uint16Array.from(ids, (id) => (id < 1000 ? first[id]! : added[id - 1000]!));
        const before = (place: number) => part.get(ids[place]!) ?? null;
        const next = splitByClass(labels, { ...options, before });
        for (const [name, places] of Object.entries(next) as [ExamplePart, readonly number[]][]) {
          for (const place of places) expect(before(place) ?? name).toBe(name);
        }
        for (const label of new Set(labels)) {
          const all = [...labels.keys()].filter((place) => labels[place] === label);
          const held = next.validation.filter((place) => labels[place] === label);
          const oldHeld = held.filter((place) => before(place) !== null).length;
          const fresh = all.filter((place) => before(place) === null).length;
          const wanted = Math.min(Math.round(all.length * share), all.length - 1);
          expect(held).toHaveLength(Math.min(Math.max(wanted, oldHeld), oldHeld + fresh));
        }
      }),
    );
  });

  it('splits a million examples', () => {
    const { training, validation } = splitByClass(new Uint16Array(1_000_000), options(0.1));
    expect([training.length, validation.length]).toEqual([900_000, 100_000]);
  });
});
