import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealIntoFolds } from './cross-fit.ts';

describe('folds', () => {
  it('hold every part once, whole units together, and a good one each', () => {
    const parts = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 12 })), { maxLength: 120 });
    fc.assert(
      fc.property(parts, (known) => {
        const isGood = known.map(([good]) => good);
        const units = known.map(([, unit]) => unit);
        const folds = dealIntoFolds(isGood, units);
        const goodUnits = new Set(known.flatMap(([good, unit]) => (good ? [unit] : [])));
        if (goodUnits.size < 2) {
          expect(folds).toBeNull();
          return;
        }
        expect(folds!.length).toBe(Math.min(10, goodUnits.size));
        expect(folds!.flat().sort((a, b) => a - b)).toEqual([...known.keys()]);
        for (const fold of folds!) expect(fold.some((place) => isGood[place])).toBe(true);
        const foldsOf = Map.groupBy(known.keys(), (place) => units[place]!);
        for (const places of foldsOf.values()) {
          expect(folds!.filter((fold) => places.some((place) => fold.includes(place)))).toHaveLength(1);
        }
      }),
    );
  });

  it('have good and bad parts alike where each is by itself', () => {
    const isGood = Array.from({ length: 60 }, (_, place) => place % 3 !== 0);
    const folds = dealIntoFolds(isGood, null)!;
    expect(folds.map((fold) => fold.length)).toEqual(new Array(10).fill(6));
    for (const fold of folds) expect(fold.filter((place) => isGood[place])).toHaveLength(4);
  });
});
