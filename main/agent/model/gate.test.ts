import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcomes } from '../../trainer/messages.ts';
import { judgeNewest, judgeOther } from './gate.ts';
import { pairedDifference } from './paired-difference.ts';

/** Outcomes of so many examples, of which these are judged wrong. */
function outcomes(
  count: number,
  wrong: readonly number[],
  { rule = 'mean', rareFrom = count }: { rule?: Outcomes['rule']; rareFrom?: number } = {},
): Outcomes {
  const labels = Uint16Array.from({ length: count }, (_, place) => Number(place >= rareFrom));
  const merits = Float64Array.from({ length: count }, (_, place) => Number(!wrong.includes(place)));
  return { rule, merits, labels, judged: null };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('pairedDifference', () => {
  it('is the difference of the scores, and its error that of McNemar', () => {
    // 6 examples only the second judges right, 2 only the first, of 100.
    const { difference, standardError } = pairedDifference(
      outcomes(100, range(0, 6)),
      outcomes(100, [98, 99]),
    );
    expect(difference).toBeCloseTo(-0.04, 12);
    // Var = (b + c − (b − c)² / n) / (n (n − 1)), b = 2, c = 6.
    expect(standardError).toBeCloseTo(Math.sqrt((8 - 16 / 100) / (100 * 99)), 12);
  });

  it('knows no doubt where both judge every example alike, however bad', () => {
    const same = outcomes(50, range(0, 40));
    expect(pairedDifference(same, same)).toEqual({ difference: 0, standardError: 0 });
  });

  it('gives each class the same weight where the score does', () => {
    // 90 common examples, 10 rare ones: one rare one more is worth nine common ones.
    const rare = { rule: 'mean-of-classes', rareFrom: 90 } as const;
    const { difference, standardError } = pairedDifference(
      outcomes(100, [90], rare),
      outcomes(100, [0], rare),
    );
    expect(difference).toBeCloseTo((1 / 90 - 1 / 10) / 2, 12);
    const variance = (n: number) => (1 / n) * (1 - 1 / n) * (n / (n - 1));
    expect(standardError).toBeCloseTo(Math.sqrt(variance(90) / 90 + variance(10) / 10) / 2, 12);
  });

  it('changes its sign with its sides', () => {
    const merits = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    const rules = fc.constantFrom<Outcomes['rule']>('mean', 'mean-of-classes', 'two-samples');
    fc.assert(
      fc.property(merits, merits, rules, (one, other, rule) => {
        const of = (values: readonly number[]): Outcomes => ({
          rule,
          merits: Float64Array.from(values),
          labels: Uint16Array.of(0, 1, 0, 1, 1, 0),
          judged: null,
        });
        const there = pairedDifference(of(one), of(other));
        const back = pairedDifference(of(other), of(one));
        expect(back.difference).toBeCloseTo(-there.difference, 12);
        expect(back.standardError).toBeCloseTo(there.standardError, 12);
      }),
    );
  });

  it('refuses to compare what was judged on other examples', () => {
    expect(() => pairedDifference(outcomes(3, []), outcomes(4, []))).toThrow(RangeError);
  });
});

describe('the gate', () => {
  const inUse = outcomes(400, range(0, 20));

  it('takes a newest model that is as good or better', () => {
    expect(judgeNewest(inUse, inUse, 0)).toEqual({ isTaken: true, reason: 'as-good', deficit: 0 });
    expect(judgeNewest(outcomes(400, range(0, 5)), inUse, 0)).toMatchObject({
      isTaken: true,
      reason: 'as-good',
    });
  });

  it('takes one that is worse by no more than chance, and holds back one that is clearly worse', () => {
    // 10 others wrong instead of 9 of these.
    const alike = outcomes(400, [...range(9, 20), ...range(30, 40)]);
    expect(judgeNewest(alike, inUse, 0)).toMatchObject({ isTaken: true, reason: 'within-chance' });
    const worse = outcomes(400, range(0, 60));
    expect(judgeNewest(worse, inUse, 0)).toEqual({ isTaken: false, reason: 'worse', deficit: 0 });
  });

  it('does not go down by many small steps', () => {
    let [used, deficit, steps] = [inUse, 0, 0];
    for (let step = 0; step < 100; step++) {
      // Each loses three examples and wins two: nobody could tell it from the one before.
      const candidate = outcomes(400, range(2 * step + 2, 3 * step + 23));
      const verdict = judgeNewest(candidate, used, deficit);
      if (!verdict.isTaken) break;
      ({ deficit } = verdict);
      used = candidate;
      steps += 1;
    }
    expect(steps).toBe(2);
    // And what is better than the best of before makes up for it.
    expect(judgeNewest(outcomes(400, []), used, deficit)).toMatchObject({ isTaken: true, deficit: 0 });
  });

  it('changes to another model than the newest only where that is clearly better', () => {
    expect(judgeOther(inUse, inUse, 0)).toMatchObject({ isTaken: false });
    expect(judgeOther(outcomes(400, [...range(9, 20), ...range(30, 38)]), inUse, 0)).toMatchObject({
      isTaken: false,
    });
    expect(judgeOther(outcomes(400, []), inUse, -0.01)).toEqual({
      isTaken: true,
      reason: 'better',
      deficit: 0,
    });
  });
});
