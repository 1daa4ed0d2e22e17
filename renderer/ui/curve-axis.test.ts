import { describe, expect, it } from 'vitest';
import { axisTicks } from './curve-axis.ts';

describe('axisTicks', () => {
  it.each([
    ['nothing', [null], [0.6, 0.8, 1]],
    ['values near the top', [0.97, null, 0.99], [0.6, 0.8, 1]],
    ['a value on a tick', [0.6], [0.6, 0.8, 1]],
    ['a low share', [0.1, 0.9], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['a share of nothing', [0], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['worse than the mean of all', [-0.1, 0.4], [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['far worse', [-1.3], [-1.5, -1, -0.5, 0, 0.5, 1]],
    ['steps beyond 1', [-7, 0.9], [-8, -6, -4, -2, 0, 1]],
    ['hundreds', [-430], [-500, -400, -300, -200, -100, 0, 1]],
  ])('%s', (_, values, ticks) => {
    expect(axisTicks(values)).toEqual(ticks);
  });
});
