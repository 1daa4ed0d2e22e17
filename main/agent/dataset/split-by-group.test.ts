import { join } from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadDataset } from './dataset.ts';
import { ExampleParts } from './example-parts.ts';
import type { ExamplePart, Split } from './split.ts';
import { splitByGroup } from './split-by-group.ts';
import { splitByTime } from './split-by-time.ts';
import { temporaryFolder } from './temporary-folder.ts';

const partsOf = ({ training, validation }: Split) =>
  new Map<number, ExamplePart>([
    ...training.map((place) => [place, 'training'] as const),
    ...validation.map((place) => [place, 'validation'] as const),
  ]);

describe('splitByGroup', () => {
  const lists = fc.array(fc.constantFrom('lot 1', 'lot 2', 'lot 3', 'lot 4', 'lot 5', 'lot 6', 'lot 7'), {
    minLength: 1,
    maxLength: 60,
  });
  const shares = fc.double({ min: 0, max: 0.5, noNaN: true });

  it('never has a group on both sides, whatever arrives later, and moves nothing that was learnt from', () => {
    fc.assert(
      fc.property(lists, lists, shares, fc.nat(), (first, later, validationShare, seed) => {
        const old = partsOf(splitByGroup(first, { validationShare, seed }));
        const groups = [...first, ...later];
        const before = (place: number) => old.get(place) ?? null;
        const parts = partsOf(splitByGroup(groups, { validationShare, seed, before }));
        expect(parts.size).toBe(groups.length);
        for (const group of new Set(groups)) {
          const own = [...groups.keys()].filter((place) => groups[place] === group);
          expect(new Set(own.map((place) => parts.get(place))).size).toBe(1);
        }
        for (const [place, part] of old) expect(parts.get(place)).toBe(part);
        expect([...parts.values()]).toContain('training');
      }),
    );
  });

  it('holds out about the share of many small groups', () => {
    const groups = Array.from({ length: 1000 }, (_, place) => `lot ${Math.floor(place / 7)}`);
    const { validation } = splitByGroup(groups, { validationShare: 0.2, seed: 3 });
    expect(validation.length).toBeGreaterThanOrEqual(200);
    expect(validation.length).toBeLessThan(215);
  });
});

it('keeps a lot where it was, also when all its earlier rows are gone and its new ones look like those of others', async () => {
  const { root, write } = temporaryFolder();
  const task = parseTask({
    id: 'lots',
    name: { en: 'Lots', ja: 'ロット' },
    input: { kind: 'table', columns: ['x'], labelColumn: 'y' },
    classes: ['a', 'b'],
    model: { template: 'mlp', hiddenUnits: [2] },
    training: { validationShare: 0.3 },
    split: { by: 'column', column: 'lot' },
  });
  const deliveries = fc.array(
    fc.record({ lot: fc.integer({ min: 0, max: 7 }), x: fc.integer({ min: 0, max: 3 }) }),
    {
      minLength: 4,
      maxLength: 24,
    },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(deliveries, { minLength: 2, maxLength: 4 }), async (list) => {
      const file = join(root, `parts ${run++}`);
      const sideOf = new Map<number, ExamplePart>();
      for (const rows of list) {
        // Each delivery replaces the one before. The value tells the lot, so that the parts can be looked into.
        const lines = rows.map(({ lot, x }) => `${lot * 10 + x},a,L${lot}`);
        const path = write('表.csv', ['x,y,lot', ...lines].join('\n'));
        const parts = new ExampleParts(file);
        const dataset = await loadDataset(path, task, { seed: 1, parts }).catch(() => null);
        if (dataset === null) continue;
        parts.save();
        const { means, deviations } = dataset.statistics!;
        for (const part of ['training', 'validation'] as const) {
          for (const value of dataset[part].inputs) {
            const lot = Math.floor((value * deviations[0]! + means[0]!) / 10 + 0.001);
            expect(sideOf.get(lot) ?? part).toBe(part);
            sideOf.set(lot, part);
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

describe('splitByTime', () => {
  it('holds out the newest', () => {
    const moments = [5, 1, 9, 3, 7, 2, 8, 4, 6, 10];
    const { training, validation } = splitByTime(moments, { validationShare: 0.3 });
    expect(validation.map((place) => moments[place])).toEqual([9, 8, 10]);
    expect(training).toHaveLength(7);
  });

  it('keeps what was in a part there, and trains on one at least', () => {
    const before = (place: number): ExamplePart | null =>
      place === 3 ? 'training' : place === 0 ? 'validation' : null;
    expect(splitByTime([1, 2, 3, 4], { validationShare: 0.5, before })).toEqual({
      training: [1, 3],
      validation: [0, 2],
    });
    expect(splitByTime([1], { validationShare: 0.5 })).toEqual({ training: [0], validation: [] });
  });
});
