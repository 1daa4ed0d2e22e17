import { areaUnderCurve } from '@genba/shared/model/area-under-curve';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placements } from './placements.ts';

describe('placements', () => {
  const errors = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });

  it('have the area under the curve as their mean, over good and over bad examples', () => {
    fc.assert(
      fc.property(errors, errors, (good, bad) => {
        const kinds = {
          good: Float64Array.from(good).sort(),
          bad: Float64Array.from(bad).sort(),
        };
        const labels = [...good.map(() => 0), ...bad.map(() => 1)];
        const merits = placements(Float64Array.from([...good, ...bad]), labels, kinds);
        const area = areaUnderCurve(kinds.good, kinds.bad)!;
        const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(mean(merits.subarray(0, good.length))).toBeCloseTo(area, 12);
        expect(mean(merits.subarray(good.length))).toBeCloseTo(area, 12);
      }),
    );
  });
});
