import { seededRandom } from '@genba/shared/model/random';
import { describe, expect, it } from 'vitest';
import { createScorer } from './create-scorer.ts';
import { sampleTask } from './fixtures.ts';
import type { ExampleSet } from './messages.ts';

const TASK = sampleTask({
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['good', 'bad'],
  objective: { kind: 'anomaly', falseAlarmShare: 0.01 },
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
    const { confusion, outcomes } = judge([1, 1, 1, 1, 9, 4, 25, 4], [0, 0, 0, 0, 0, 1, 1, 1]);
    // By the threshold of all, 9, nothing good would be rejected; without it the others choose 1.
    expect(outcomes!.judged![4]).toBe(1);
    expect(confusion![0]).toEqual([4, 1]);
  });

  it('are not said to raise fewer false alarms than new ones would', () => {
    const random = seededRandom(5);
    let [alarms, all] = [0, 0];
    for (let trial = 0; trial < 300; trial++) {
      const errors: number[] = Array.from({ length: 20 }, random);
      const { confusion } = judge(errors, new Array(20).fill(0));
      alarms += confusion![0]![1]!;
      all += 20;
    }
    // By the largest of all there are none. A new one is above the largest of eighteen with 1/19.
    expect(alarms / all).toBeGreaterThan(1 / 19 - 0.007);
    expect(alarms / all).toBeLessThan(1 / 19 + 0.007);
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
