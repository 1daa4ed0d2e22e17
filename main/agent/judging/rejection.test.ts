import { seededRandom } from '@genba/shared/model/random';
import { parseTask } from '@genba/shared/model/task';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeRejection, limitOf, requireClasses } from './rejection.ts';
import { verdictOf } from './verdict.ts';

const task = (classes: readonly string[]) =>
  parseTask({
    id: 'parts',
    name: { en: 'Parts', ja: '部品' },
    input: { kind: 'image', width: 8, height: 8, channels: 1 },
    classes,
    model: { template: 'mlp', hiddenUnits: [] },
  });

/** Predictions of two classes, the second bad, by label and the share given to it. */
function predictions(parts: readonly (readonly [number, number])[], units: readonly number[] | null = null) {
  return {
    labels: Uint16Array.from(parts, ([label]) => label),
    values: Float32Array.from(parts.flatMap(([, bad]) => [1 - bad, bad])),
    units,
  };
}

describe('how many good parts may be rejected', () => {
  it('sets the threshold, which rejects no more of those that it is chosen by', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const parts = fc.array(fc.tuple(fc.constantFrom(0, 1), share), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(parts, fc.double({ min: 0, max: 0.5, noNaN: true }), (known, rejectGood) => {
        const given = describeRejection(
          task(['OK', 'NG']),
          { rejectGood, goodClasses: null },
          predictions(known),
        );
        const good = known.filter(([label]) => label === 0).length;
        if (good === 0) {
          expect(given.reason).toBe('no-good-examples');
          return;
        }
        const rejected = known.filter(([label, bad]) => label === 0 && Math.fround(bad) > given.threshold!);
        expect(rejected.length).toBeLessThanOrEqual(rejectGood * good + 1e-9);
        const { goodPassed, goodRejected, badFound, badMissed, isIndependent } = given.measured!;
        expect(goodPassed + goodRejected).toBe(good);
        expect(badFound + badMissed).toBe(known.length - good);
        expect(isIndependent).toBe(good > 1);
      }),
    );
  });

  it('finds as many bad ones as that allows', () => {
    const good = Array.from({ length: 100 }, (_, part): [number, number] => [0, part / 200]);
    const bad = Array.from({ length: 10 }, (_, part): [number, number] => [1, 0.48 + part / 100]);
    const given = (rejectGood: number | null) =>
      describeRejection(
        task(['良品', 'キズ']),
        { rejectGood, goodClasses: null },
        predictions([...good, ...bad]),
      );
    // The likeliest class: rejected from 0.5 on.
    expect(given(null)).toMatchObject({
      goodClasses: ['良品'],
      threshold: null,
      reason: 'not-asked',
      measured: { goodPassed: 100, goodRejected: 0, badFound: 7, badMissed: 3 },
    });
    // Five of a hundred may go: above 94/200, which is below all of the bad ones.
    const five = given(0.05);
    expect(five.threshold).toBeCloseTo(94 / 200, 6);
    expect(five.measured).toEqual({
      goodPassed: 95,
      goodRejected: 5,
      badFound: 10,
      badMissed: 0,
      isIndependent: true,
    });
  });

  it('is not measured by the parts that have set the threshold', () => {
    // None may be rejected: the threshold is that of the worst good part, above which there is none of them.
    const good = Array.from({ length: 20 }, (_, part): [number, number] => [0, part / 40]);
    const none = { rejectGood: 0, goodClasses: null };
    const given = describeRejection(task(['OK', 'NG']), none, predictions(good));
    expect(given.threshold).toBeCloseTo(19 / 40, 6);
    // But the worst one would have been rejected by all others: of 20 new parts one is to be expected.
    expect(given.measured).toEqual({
      goodPassed: 19,
      goodRejected: 1,
      badFound: 0,
      badMissed: 0,
      isIndependent: true,
    });
  });

  it('comes about right for new parts, however many may be rejected', () => {
    const random = seededRandom(7);
    const draw = () => Array.from({ length: 400 }, (): [number, number] => [0, random()]);
    for (const rejectGood of [0.01, 0.05, 0.2]) {
      const wish = { rejectGood, goodClasses: null };
      const { threshold, measured } = describeRejection(task(['OK', 'NG']), wish, predictions(draw()));
      const ofNew = draw().filter(([, bad]) => bad > threshold!).length / 400;
      expect(Math.abs(measured!.goodRejected / 400 - rejectGood)).toBeLessThan(0.03);
      expect(Math.abs(ofNew - rejectGood)).toBeLessThan(0.08);
    }
  });

  it('keeps a lot together, because its parts resemble each other', () => {
    // Four lots, each with scores of its own.
    const parts = Array.from({ length: 40 }, (_, part): [number, number] => [
      0,
      (part % 4) / 10 + part / 1000,
    ]);
    const lots = parts.map((_, part) => part % 4);
    const wish = { rejectGood: 0.1, goodClasses: null };
    const measuredBy = (units: readonly number[] | null) =>
      describeRejection(task(['OK', 'NG']), wish, predictions(parts, units)).measured!;
    // Part by part the other parts of a lot tell all about it.
    expect(measuredBy(null).goodRejected).toBeLessThanOrEqual(5);
    // As a whole the worst lot is rejected by what the others have set: 10 of 40 parts.
    expect(measuredBy(lots).goodRejected).toBeGreaterThanOrEqual(10);
    // All from one lot: there is nothing to try it on.
    expect(measuredBy(parts.map(() => 1))).toMatchObject({ isIndependent: false, goodRejected: 4 });
  });

  it('decides which class is told: the likeliest of those the threshold leaves', () => {
    const of = task(['OK', '色違い', 'キズ', 'へこみ']);
    const wish = { rejectGood: 0.1, goodClasses: ['OK', '色違い'] };
    const known = { labels: Uint16Array.of(0), values: Float32Array.of(0.6, 0.1, 0.2, 0.1) };
    const limit = limitOf(of, wish, known);
    // 0.2 and 0.1 are bad.
    expect(limit.threshold).toBeCloseTo(0.3, 6);
    const verdict = (...shares: number[]) => verdictOf(of, Float32Array.from(shares), limit);
    expect(verdict(0.5, 0.1, 0.1, 0.3)).toMatchObject({
      className: 'へこみ',
      isGood: false,
      certainty: expect.closeTo(0.3),
    });
    expect(verdict(0.3, 0.45, 0.15, 0.1)).toMatchObject({ className: '色違い', isGood: true });
    expect(verdict(0.4, Number.NaN, 0.3, 0.3)).toBeNull();
  });

  it('needs to know which classes are good', () => {
    const wish = { rejectGood: 0.01, goodClasses: null };
    expect(describeRejection(task(['A', 'B']), wish, predictions([[0, 0.1]]))).toMatchObject({
      goodClasses: null,
      threshold: null,
      reason: 'good-classes-unknown',
    });
    const named = (goodClasses: string[]) => () =>
      requireClasses(task(['A', 'B']), { rejectGood: 0.01, goodClasses });
    expect(named(['A'])).not.toThrow();
    for (const wrong of [['C'], ['A', 'B']]) {
      expect(named(wrong)).toThrow(expect.objectContaining({ code: 'judging/unknown-class' }));
    }
  });
});
