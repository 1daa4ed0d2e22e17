import { expect, it } from 'vitest';
import { inRound, REJECTED_SHARES, stepOf, USUAL_STEP } from './strictness.ts';

it('every share that can be chosen is a whole number of a hundred or a thousand parts', () => {
  for (const [step, share] of REJECTED_SHARES.entries()) {
    const { count, of } = inRound(share);
    expect(count / of).toBeCloseTo(share, 12);
    expect(stepOf(share)).toBe(step);
  }
  expect(REJECTED_SHARES[USUAL_STEP]).toBe(0.01);
});

it.each([
  [0.01, { count: 1, of: 100 }],
  [0.5, { count: 50, of: 100 }],
  [0.005, { count: 5, of: 1000 }],
  [0, { count: 0, of: 100 }],
])('%d is %j', (share, said) => {
  expect(inRound(share)).toEqual(said);
});

it('a share that cannot be chosen is shown by its nearest', () => {
  expect(REJECTED_SHARES[stepOf(0.04)]).toBe(0.03);
  expect(REJECTED_SHARES[stepOf(0.26)]).toBe(0.3);
});
