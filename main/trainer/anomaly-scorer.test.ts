import { seededRandom } from '@genba/shared/model/random';
import { describe, expect, it } from 'vitest';
import { createScorer } from './create-scorer.ts';
import { sampleTask } from './fixtures.ts';
import type { ExampleSet } from './messages.ts';

const TASK = sampleTask({
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['good', 'bad'],
  objective: { kind: 'anomaly', falseAlarmShare: 0.1 },
  model: { template: 'autoencoder', hiddenUnits: [1] },
});

/** A judgement of examples whose reconstruction is off by as much as told, squared. */
function judge(errors: readonly number[], labels: readonly number[], units?: ExampleSet['units']) {
  const set = {
    inputs: Float32Array.from(errors, Math.sqrt),
    labels: Uint16Array.from(labels),
    ...(units === undefined ? {} : { units }),
  };
  const scorer = createScorer(TASK, set);
  for (const place of errors.keys()) scorer.add(place, [0]);
  return scorer.result();
}

describe('anomalies', () => {
  it('are told by a threshold that other examples have chosen', () => {
    const { confusion, threshold, outcomes } = judge([1, 1, 1, 1, 9, 4, 25, 4], [0, 0, 0, 0, 0, 1, 1, 1]);
    expect(threshold).toBeCloseTo(9, 4);
    // By the threshold of all, 9, nothing good would be rejected; without it the others choose 1.
    expect(outcomes!.judged![4]).toBe(1);
    expect(confusion![0]).toEqual([4, 1]);
  });

  it('raise as many false alarms as were asked for, also where few examples are held out', () => {
    const random = seededRandom(5);
    let [alarms, own, all] = [0, 0, 0];
    for (let trial = 0; trial < 300; trial++) {
      const errors: number[] = Array.from({ length: 20 }, random);
      const { confusion, threshold } = judge(errors, new Array(20).fill(0));
      alarms += confusion![0]![1]!;
      own += errors.filter((error) => error > threshold! + 1e-6).length;
      all += 20;
    }
    // 18 of 19 others are at or below what they choose: the next one is above it with 1 − 18/20.
    expect(alarms / all).toBeGreaterThan(0.09);
    expect(alarms / all).toBeLessThan(0.16);
    expect(alarms).toBeGreaterThan(own);
  });

  it('are never told by what belongs to the same lot', () => {
    // Two lots, the second one far off: by its own lot it would be as it should.
    const errors = [1, 1, 1, 1, 9, 9, 9, 9];
    const labels = new Array(8).fill(0);
    const apart = judge(errors, labels, [0, 0, 0, 0, 1, 1, 1, 1]);
    expect(apart.outcomes!.judged).toEqual(Uint16Array.of(0, 0, 0, 0, 1, 1, 1, 1));
    expect(judge(errors, labels).confusion![0]).toEqual([8, 0]);
  });

  it('are not told where there are no other good ones to choose by', () => {
    for (const result of [judge([1, 4], [0, 1]), judge([1, 1], [0, 0], [3, 3]), judge([4], [1])]) {
      expect(result).toMatchObject({ confusion: null, accuracy: null, balancedAccuracy: null });
      expect(result.outcomes!.judged).toBeNull();
    }
    expect(judge([1, 4], [0, 1]).score).toBe(1);
  });
});
