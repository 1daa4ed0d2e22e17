import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.ts';

/** A clock that only moves when work or sleep moves it; sleeps take `late` milliseconds longer than asked for. */
function fakeClock(late = 0) {
  let nowMs = 1_000;
  let sleptMs = 0;
  return {
    now: () => nowMs,
    sleep: async (milliseconds: number) => {
      nowMs += milliseconds + late;
      sleptMs += milliseconds + late;
    },
    work: (milliseconds: number) => {
      nowMs += milliseconds;
    },
    slept: () => sleptMs,
  };
}

describe('Pacer', () => {
  it.each([
    [50, 0],
    [20, 0],
    [80, 7],
  ])('keeps work to %i %% of the time, with timers %i ms late', async (share, late) => {
    const clock = fakeClock(late);
    const pacer = new Pacer(share, clock);
    for (let batch = 0; batch < 200; batch++) {
      clock.work(11);
      await pacer.rest();
    }
    const worked = 200 * 11;
    expect((100 * worked) / (worked + clock.slept())).toBeCloseTo(share, -0.5);
  });

  it('does not rest at all of the time', async () => {
    const clock = fakeClock();
    const pacer = new Pacer(100, clock);
    clock.work(5_000);
    await pacer.rest();
    expect(clock.slept()).toBe(0);
  });

  it('ends a rest when asked, and gives signs of life in a long one', async () => {
    const clock = fakeClock();
    const pacer = new Pacer(10, clock);
    clock.work(10_000);
    let signs = 0;
    // 90 seconds are owed; it is over after 30.
    await pacer.rest(
      () => clock.slept() >= 30_000,
      () => {
        signs += 1;
      },
    );
    expect(clock.slept()).toBe(30_000);
    expect(signs).toBe(6);
  });

  it.each([0, -1, 101, Number.NaN])('refuses a share of %d %%', (share) => {
    expect(() => new Pacer(share)).toThrow(RangeError);
  });
});
