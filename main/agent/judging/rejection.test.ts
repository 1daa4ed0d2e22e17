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
function predictions(parts: readonly (readonly [number, number])[]) {
  return {
    labels: Uint16Array.from(parts, ([label]) => label),
    values: Float32Array.from(parts.flatMap(([, bad]) => [1 - bad, bad])),
  };
}

describe('how many good parts may be rejected', () => {
  it('sets the threshold, which rejects no more of them', () => {
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
        const { goodPassed, goodRejected } = given.measured!;
        expect(goodPassed + goodRejected).toBe(good);
        expect(goodRejected).toBeLessThanOrEqual(rejectGood * good + 1e-9);
      }),
    );
  });

  it('finds as many bad ones as that allows', () => {
    const good = Array.from({ length: 100 }, (_, part): [number, number] => [0, part / 200]);
    const bad = Array.from({ length: 10 }, (_, part): [number, number] => [1, 0.475 + part / 100]);
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
    expect(five.measured).toEqual({ goodPassed: 95, goodRejected: 5, badFound: 10, badMissed: 0 });
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
