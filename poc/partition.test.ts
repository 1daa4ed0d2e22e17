import { seededRandom } from '@genba/shared/model/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dirichletPartition } from './partition.ts';

const LABELS = Uint8Array.from({ length: 2000 }, (_, index) => index % 10);

/** How many of a plant's examples each class has. */
function histogram(positions: readonly number[]): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const position of positions) counts[LABELS[position]!]! += 1;
  return counts;
}

describe('dirichletPartition', () => {
  it('gives each plant its number of examples and none of them twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.nat(),
        (counts, alpha, seed) => {
          const plants = dirichletPartition(LABELS, counts, { alpha, random: seededRandom(seed) });
          expect(plants.map(({ length }) => length)).toEqual(counts);
          const all = plants.flat();
          expect(new Set(all).size).toBe(all.length);
          expect(all.every((position) => position >= 0 && position < LABELS.length)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves few classes to each plant with a small α, and all of them with a large one', () => {
    const largestShares = (alpha: number) =>
      Array.from({ length: 20 }, (_, seed) => {
        const [plant] = dirichletPartition(LABELS, [200], { alpha, random: seededRandom(seed) });
        return Math.max(...histogram(plant!)) / 200;
      });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(largestShares(0.05))).toBeGreaterThan(0.7);
    expect(mean(largestShares(100))).toBeLessThan(0.2);
  });

  it('has the variance that the distribution has', () => {
    // Var of one of k equal shares: (k − 1) / (k² (kα + 1)); with k = 10 and α = 1 that is 9 / 1100.
    const shares = Array.from({ length: 2000 }, (_, seed) => {
      const [plant] = dirichletPartition(LABELS, [150], { alpha: 1, random: seededRandom(seed) });
      return histogram(plant!)[3]! / 150;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    // 150 draws of each share add at most share (1 − share) / 150 = 0.0006.
    expect(mean).toBeCloseTo(0.1, 2);
    expect(variance).toBeGreaterThan(0.0068);
    expect(variance).toBeLessThan(0.0103);
  });

  it('gives the same to the same seed', () => {
    const deal = (seed: number) =>
      dirichletPartition(LABELS, [300, 300], { alpha: 0.3, random: seededRandom(seed) });
    expect(deal(5)).toEqual(deal(5));
    expect(deal(5)).not.toEqual(deal(6));
  });

  it('refuses to give more than there is', () => {
    expect(() => dirichletPartition(LABELS, [2001], { alpha: 1, random: seededRandom(1) })).toThrow(
      '2001 examples wanted of 2000',
    );
  });
});
