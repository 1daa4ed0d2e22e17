import { seededRandom } from '@genba/shared/model/random';
import { parseTask, type Task } from '@genba/shared/model/task';
import { describe, expect, it } from 'vitest';
import type { ExampleSet } from '../../../trainer/messages.ts';
import { ExamplesFolder } from '../kept-examples.ts';
import { readAndKeep } from '../read-and-keep.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { compareSamples } from './compare.ts';
import { DriftRecord } from './drift-record.ts';
import { addExample, emptySample, independentShare } from './feature-sample.ts';
import { featuresOf } from './features.ts';
import { chance, distance } from './kolmogorov-smirnov.ts';

const table = (columns: readonly string[], more: object = {}) =>
  parseTask({
    id: 'a',
    name: { en: 'a', ja: 'あ' },
    input: { kind: 'table', columns, labelColumn: 'y' },
    classes: ['0', '1'],
    model: { template: 'mlp', hiddenUnits: [2] },
    ...more,
  });

describe('the test of Kolmogorov and Smirnov', () => {
  it('finds the largest distance, equal values together', () => {
    expect(distance(Float64Array.of(1, 2, 3, 4), Float64Array.of(3, 4, 5, 6))).toBe(0.5);
    expect(distance(Float64Array.of(1, 1, 1), Float64Array.of(1, 1))).toBe(0);
    expect(distance(Float64Array.of(1), Float64Array.of(2))).toBe(1);
  });

  it('knows the chance of it', () => {
    // Tables of the Kolmogorov distribution: Q(1.3581) = 0.05, Q(1.9495) = 0.001.
    const large = 1e8;
    for (const [lambda, expected] of [
      [1.3581, 0.05],
      [1.9495, 0.001],
      [0.8276, 0.5],
    ] as const) {
      expect(chance(lambda / Math.sqrt(large / 2), [large, large])).toBeCloseTo(expected, 3);
    }
    expect(chance(0, [10, 10])).toBe(1);
    expect(chance(1, [1000, 1000])).toBe(0);
  });
});

it('counts examples that resemble the one before for less', () => {
  const random = seededRandom(1);
  const [independent, walk, constant] = [emptySample(1), emptySample(1), emptySample(1)];
  let at = 300;
  for (let row = 0; row < 5000; row++) {
    at = 0.9 * at + 30 + random() - 0.5;
    addExample(independent, Float32Array.of(300 + random()), 0);
    addExample(walk, Float32Array.of(at), 0);
    addExample(constant, Float32Array.of(7), 0);
  }
  expect(independentShare(independent, 0)).toBeGreaterThan(0.9);
  // (1 − 0.9) / (1 + 0.9).
  expect(independentShare(walk, 0)).toBeGreaterThan(0.035);
  expect(independentShare(walk, 0)).toBeLessThan(0.08);
  expect(independentShare(constant, 0)).toBe(1);
});

const sampleOf = (examples: ExampleSet, task: Task, places: readonly number[]) => {
  const sample = emptySample(task.classes.length);
  for (const place of places) addExample(sample, featuresOf(examples, task, place), examples.labels[place]!);
  return sample;
};

/** Cycles of a machine tool: speed leans to one side, torque is normal, wear is even, and 3 % fail (as in AI4I 2020). */
const tool = table(['speed', 'torque', 'wear']);
function cycles(count: number, seed: number, moreTorque = 0): ExampleSet {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows = Array.from({ length: count }, () => [
    Math.round(1400 * Math.exp(0.1 * Math.abs(normal()))),
    40 + 10 * normal() + moreTorque,
    Math.floor(random() * 250),
  ]);
  return {
    inputs: Float32Array.from(rows.flat()),
    labels: Uint16Array.from({ length: count }, () => (random() < 0.034 ? 1 : 0)),
  };
}
const whole = (examples: ExampleSet) => sampleOf(examples, tool, [...examples.labels.keys()]);

it('raises no false alarm over many looks, however few the newer examples are', () => {
  let alarms = 0;
  for (let seed = 0; seed < 150; seed++) {
    const before = whole(cycles(1500, seed));
    alarms += compareSamples(before, whole(cycles([30, 100, 700][seed % 3]!, seed + 1000)), tool).length;
  }
  expect(alarms).toBe(0);
});

it('raises one where the torque runs higher', () => {
  expect(compareSamples(whole(cycles(1500, 1)), whole(cycles(200, 2, 8)), tool)).toEqual([
    { kind: 'column', column: 'torque', change: 'higher', distance: expect.any(Number) },
  ]);
});

describe('a record of what examples are like', () => {
  const task = table(['トルク']);
  const examplesOf = (count: number, level: number, badShare = 0.1) => {
    const random = seededRandom(count + level);
    return {
      inputs: Float32Array.from({ length: count }, () => level + random() + random()),
      labels: Uint16Array.from({ length: count }, () => (random() < badShare ? 1 : 0)),
    };
  };
  const all = (examples: ExampleSet) => [...examples.labels.keys()];
  const observe = (record: DriftRecord, examples: ExampleSet, at = '2026-11-24T00:00:00Z') =>
    record.observe(examples, { task, fresh: all(examples), at });

  it('tells of newer examples that are unlike, until a person knows, and then takes them for granted', () => {
    const record = new DriftRecord(temporaryFolder().root);
    observe(record, examplesOf(500, 40));
    expect(record.notice()).toBeNull();
    // Too few to say anything, then enough: since the first of them.
    observe(record, examplesOf(20, 41), '2026-11-24T08:00:00Z');
    expect(record.notice()).toBeNull();
    observe(record, examplesOf(40, 41), '2026-11-25T08:00:00Z');
    expect(record.notice()).toMatchObject({
      since: '2026-11-24T08:00:00Z',
      before: 500,
      now: 60,
      findings: [{ kind: 'column', column: 'トルク', change: 'higher' }],
    });
    record.acknowledge('2026-11-25T09:00:00Z');
    expect(record.notice()).toBeNull();
    // Nobody said so twice.
    record.acknowledge('2026-11-25T10:00:00Z');
    expect(record.known()).toEqual([
      expect.objectContaining({ since: '2026-11-24T08:00:00Z', now: 60, knownAt: '2026-11-25T09:00:00Z' }),
    ]);
    observe(record, examplesOf(5, 41), '2026-11-26T08:00:00Z');
    expect(record.notice()).toBeNull();
    // Something new again.
    observe(record, examplesOf(60, 20), '2026-11-27T08:00:00Z');
    expect(record.notice()).toMatchObject({ findings: [{ change: 'lower' }] });
    record.acknowledge('2026-11-27T09:00:00Z');
    expect(record.known().map(({ knownAt }) => knownAt)).toEqual([
      '2026-11-25T09:00:00Z',
      '2026-11-27T09:00:00Z',
    ]);
  });

  it('tells of a class that became frequent, and is silent about more of the same', () => {
    const record = new DriftRecord(temporaryFolder().root);
    observe(record, examplesOf(500, 40));
    for (let day = 0; day < 10; day++) observe(record, examplesOf(100 + day, 40));
    expect(record.notice()).toBeNull();
    observe(record, examplesOf(150, 40, 0.5));
    expect(record.notice()?.findings).toContainEqual(
      expect.objectContaining({ kind: 'class', className: '1' }),
    );
  });

  it('begins anew with another task', () => {
    const record = new DriftRecord(temporaryFolder().root);
    observe(record, examplesOf(500, 40));
    const other = examplesOf(500, 90);
    record.observe(other, { task: table(['圧力']), fresh: all(other), at: '2026-11-24T00:00:00Z' });
    expect(record.notice()).toBeNull();
  });
});

it('is kept from reading to reading: what is appended to a file counts as newer, what was there does not', async () => {
  const { root, write } = temporaryFolder();
  const task = table(['トルク']);
  const random = seededRandom(5);
  const rows = (count: number, level: number) =>
    Array.from({ length: count }, (_, row) => `${level + random()},${row % 2}\n`).join('');
  let content = `トルク,y\n${rows(300, 40)}`;
  const read = async () => {
    const dataset = write('記録.csv', content);
    const more = { checkSet: null, seed: 1, reading: '[]', fingerprint: '' };
    await readAndKeep({ dataFolder: root, dataset, task, ...more });
    return new DriftRecord(new ExamplesFolder(root).path).notice();
  };
  expect(await read()).toBeNull();
  content += rows(60, 40);
  expect(await read()).toBeNull();
  content += rows(80, 43);
  expect(await read()).toMatchObject({
    before: 300,
    now: 140,
    findings: [{ column: 'トルク', change: 'higher' }],
  });
  // Nothing new: it still stands.
  expect(await read()).toMatchObject({ now: 140 });
});

it('compares pictures by how bright and how sharp they are', () => {
  const input = { kind: 'image', width: 8, height: 8, channels: 1 };
  const task = table([], { input, model: { template: 'mlp', hiddenUnits: [2] } });
  const random = seededRandom(3);
  const pictures = (count: number, light: number, from: number) => ({
    inputs: Uint8Array.from({ length: count * 64 }, () => from + light * random()),
    labels: new Uint16Array(count),
  });
  const sample = (examples: ExampleSet) => sampleOf(examples, task, [...examples.labels.keys()]);
  const before = sample(pictures(200, 100, 50));
  expect(compareSamples(before, sample(pictures(60, 100, 50)), task)).toEqual([]);
  const found = compareSamples(before, sample(pictures(60, 40, 150)), task);
  expect(found.map((finding) => finding.kind === 'picture' && [finding.aspect, finding.change])).toEqual([
    ['brightness', 'higher'],
    ['contrast', 'lower'],
    ['sharpness', 'lower'],
  ]);
});
