import { areaUnderCurve } from '@genba/shared/model/area-under-curve';
import { accuracyOf, balancedAccuracyOf, countConfusion } from '@genba/shared/model/confusion';
import { quantile } from '@genba/shared/model/quantile';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleTask } from './fixtures.ts';
import { classWeights } from './objective.ts';

describe('confusion', () => {
  it('counts by class and judgement', () => {
    const confusion = countConfusion([0, 0, 0, 0, 1, 1, 2], [0, 0, 1, 0, 1, 0, 0], 3);
    expect(confusion).toEqual([
      [3, 1, 0],
      [1, 1, 0],
      [1, 0, 0],
    ]);
    expect(accuracyOf(confusion)).toBeCloseTo(4 / 7, 12);
    // Recalls 3/4, 1/2 and 0.
    expect(balancedAccuracyOf(confusion)).toBeCloseTo(1.25 / 3, 12);
  });

  it('leaves classes that do not occur out of the balance', () => {
    expect(balancedAccuracyOf(countConfusion([1, 1], [1, 0], 3))).toBe(0.5);
    expect(balancedAccuracyOf(countConfusion([], [], 3))).toBeNull();
    expect(accuracyOf(countConfusion([], [], 3))).toBeNull();
  });
});

describe('areaUnderCurve', () => {
  const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

  it('is the share of pairs that are told apart', () => {
    // Pairs: 3 > 1, 3 > 2, 3 = 3 (half), 0.5 below all three.
    expect(areaUnderCurve(sorted([1, 2, 3]), sorted([3, 0.5]))).toBeCloseTo(2.5 / 6, 12);
    expect(areaUnderCurve(sorted([]), sorted([1]))).toBeNull();
  });

  it('is what counting every pair gives', () => {
    const errors = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(errors, errors, (good, bad) => {
        const wins = bad.flatMap((b) => good.map((g): number => (b > g ? 1 : b === g ? 0.5 : 0)));
        const expected = wins.reduce((sum, win) => sum + win, 0) / wins.length;
        expect(areaUnderCurve(sorted(good), sorted(bad))).toBeCloseTo(expected, 12);
      }),
    );
  });
});

it('takes the smallest value that enough are not above', () => {
  const values = Float64Array.from({ length: 200 }, (_, index) => index + 1);
  expect(quantile(values, 0.99)).toBe(198);
  expect(quantile(values, 0.5)).toBe(100);
  expect(quantile(Float64Array.of(7), 0.5)).toBe(7);
  expect(quantile(new Float64Array(), 0.5)).toBeNull();
});

describe('classWeights', () => {
  const set = { inputs: new Uint8Array(0), labels: Uint16Array.of(0, 0, 0, 0, 0, 0, 1, 1) };
  const task = (weights: unknown) =>
    sampleTask({ objective: { kind: 'classification', classWeights: weights } });

  it('gives each class that occurs the same weight in all', () => {
    const weights = classWeights(task('balanced'), set)!;
    expect([...weights]).toEqual([8 / 12, 2, 0]);
    expect(6 * weights[0]!).toBe(2 * weights[1]!);
  });

  it('keeps the proportions of given ones, with a mean of one over the examples', () => {
    const weights = classWeights(task([1, 5, 3]), set)!;
    expect(weights[1]! / weights[0]!).toBeCloseTo(5, 12);
    expect((6 * weights[0]! + 2 * weights[1]!) / 8).toBeCloseTo(1, 12);
  });

  it('needs none where all count alike, and teaches nothing where only worthless ones are', () => {
    expect(classWeights(task('equal'), set)).toBeNull();
    expect([...classWeights(task([0, 0, 1]), set)!]).toEqual([0, 0, 0]);
  });
});
