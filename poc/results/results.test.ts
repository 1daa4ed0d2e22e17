import { parseTask } from '@genba/shared/model/task';
import { expect, it } from 'vitest';
import { clouds } from '../../main/trainer/fixtures.ts';
import { comparePlants, WAYS } from './compare.ts';
import { joinExamples, type Problem } from './problem.ts';
import { problemSection } from './table.ts';

/** Two plants that each know one class of a table that both could tell apart. */
function problem(): Problem {
  const training = clouds(120, 1);
  const only = (labels: readonly number[]) => {
    const places = [...training.labels.keys()].filter((place) => labels.includes(training.labels[place]!));
    return {
      inputs: Float32Array.from(
        places.flatMap((place) => [...training.inputs.slice(2 * place, 2 * place + 2)]),
      ),
      labels: Uint16Array.from(places, (place) => training.labels[place]!),
    };
  };
  const plants = [
    { name: 'Sendai', training: only([0]), test: only([0]) },
    { name: 'Nagoya', training: only([1, 2]), test: only([1, 2]) },
  ];
  return {
    id: 'clouds',
    title: 'Clouds',
    plantsAre: 'Two plants',
    task: parseTask({
      id: 'clouds',
      name: { en: 'Clouds', ja: '雲' },
      input: { kind: 'table', columns: ['x', 'y'], labelColumn: 'class' },
      classes: ['a', 'b', 'c'],
      model: { template: 'mlp', hiddenUnits: [8] },
      training: { learningRate: 0.2 },
      federation: { mixingWeight: 0.2, stalenessExponent: 0 },
    }),
    plants,
    commonTest: clouds(90, 2),
    commonTestIs: 'all of them',
    horizonSeconds: 20_000,
  };
}

it('trains all ways on the same data, and only together knows what the other plant knows', async () => {
  const plants = await comparePlants(problem(), { seed: 1, backend: 'cpu' });
  expect(plants.map(({ trainingExamples }) => trainingExamples)).toEqual([40, 80]);
  for (const { rounds, commonTest } of plants) {
    expect(rounds).toBeGreaterThan(5);
    expect(commonTest.alone.balancedAccuracy).toBeLessThan(0.7);
    expect(commonTest.shared.balancedAccuracy).toBeGreaterThan(0.9);
    expect(commonTest.together.balancedAccuracy).toBeGreaterThan(0.9);
  }
  // Who judges the shared model does not matter.
  expect(plants[0]!.commonTest.shared).toEqual(plants[1]!.commonTest.shared);
  const section = problemSection({ problem: problem(), bySeed: [plants] });
  const mean = plants.reduce((sum, { commonTest }) => sum + commonTest.shared.balancedAccuracy!, 0) / 2;
  expect(section).toContain(`${(mean * 100).toFixed(1)} ± 0.0`);
  expect(section.match(/\*\*mean of the plants\*\*/g)).toHaveLength(2);
  for (const way of WAYS) expect(plants[0]!.ownTest[way].examples).toBe(40);
});

it('joins sets example by example', () => {
  const joined = joinExamples([clouds(3, 1), clouds(2, 2)]);
  expect([...joined.labels]).toEqual([0, 1, 2, 0, 1]);
  expect(joined.inputs.slice(6)).toEqual(clouds(2, 2).inputs);
});
