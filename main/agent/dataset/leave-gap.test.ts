import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leaveGap } from './leave-gap.ts';
import type { ExamplePart } from './split.ts';
import { splitByTime } from './split-by-time.ts';

it('leaves no row in both parts, whatever arrives later, and moves nothing that was in a part', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: 0, max: 4 }),
      fc.double({ min: 0.05, max: 0.5, noNaN: true }),
      fc.nat(20),
      (counts, reach, validationShare, more) => {
        const known = new Map<string, ExamplePart>();
        for (const added of [0, more]) {
          const names: string[] = [];
          const series = counts.map((count, own) => {
            const windows: number[] = [];
            for (let index = 0; index < count + added; index++)
              windows.push(names.push(`${own}/${index}`) - 1);
            return windows;
          });
          const moments = names.map((name) => Number(name.split('/')[1]));
          const before = (place: number) => known.get(names[place]!) ?? null;
          const split = leaveGap(
            splitByTime(moments, { validationShare, before }),
            { series, reach },
            before,
          );
          for (const windows of series) {
            const [learnt, held] = [split.training, split.validation].map((part) =>
              windows.flatMap((place, index) => (part.includes(place) ? [index] : [])),
            );
            for (const one of learnt!)
              for (const other of held!) expect(Math.abs(one - other)).toBeGreaterThan(reach);
          }
          for (const part of ['training', 'validation'] as const) {
            for (const place of split[part]) {
              expect(before(place) ?? part).toBe(part);
              known.set(names[place]!, part);
            }
          }
        }
      },
    ),
  );
});

it('leaves out as little as it must', () => {
  const series = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]];
  const split = { training: [0, 1, 2, 3, 4, 5, 6], validation: [7, 8, 9] };
  expect(leaveGap(split, { series, reach: 1 }, () => null)).toEqual({
    training: [0, 1, 2, 3, 4, 5],
    validation: [7, 8, 9],
  });
  const before = (place: number): ExamplePart | null => (place < 7 ? 'training' : null);
  expect(leaveGap(split, { series, reach: 1 }, before)).toEqual({
    training: split.training,
    validation: [8, 9],
  });
});
