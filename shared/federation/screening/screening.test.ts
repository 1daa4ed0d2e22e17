import { describe, expect, it } from 'vitest';
import { weightLayout } from '../../model/layout.ts';
import { seededRandom } from '../../model/random.ts';
import { parseTask, screeningOf } from '../../model/task.ts';
import { plainKernels } from '../kernels/plain-kernels.ts';
import { SimdKernels } from '../kernels/simd-kernels.ts';
import { findingSchema } from './finding.ts';
import { judgeCheckSet } from './judge-check-set.ts';
import { harmlessShare, judgeFirst, judgeNorms, lacksHistory, type NormRecord } from './judge-norms.ts';
import { deltaNorms, normGroups, WHOLE_MODEL, weightNorms } from './norms.ts';
import { placeIn } from './robust-score.ts';
import { screeningSchema } from './settings.ts';

const SETTINGS = screeningSchema.parse({});

const TASK = parseTask({
  id: 'small',
  name: { en: 'Small', ja: '小' },
  input: { kind: 'table', columns: ['a', 'b'], labelColumn: 'label' },
  classes: ['ok', 'ng'],
  model: { template: 'mlp', hiddenUnits: [2], batchNormalisation: true },
});
const LAYOUT = weightLayout(TASK);

function records(norms: readonly number[], rounds = 1): NormRecord[] {
  return norms.map((norm) => ({ rounds, norms: { model: norm, logits: norm } }));
}

/** Norms around 1, as a plant reports them. */
const ORDINARY = [0.6, 1.4, 1, 0.8, 1.1, 0.7, 1.3, 0.9, 1.2, 1];
const HISTORY = { own: records(ORDINARY), task: records(ORDINARY) };

describe('placeIn', () => {
  it('counts robust deviations from the median', () => {
    // Median 3, absolute deviations 2 1 0 1 97, MAD 1: z = 0.6745 (x - 3) / max(1, 0.6745 * 3).
    expect(placeIn([1, 2, 3, 4, 100], 7).score).toBeCloseTo(4 / 3, 12);
    expect(placeIn([1, 2, 3, 4, 100], 1).score).toBeCloseTo(-2 / 3, 12);
    // Median 3, absolute deviations 3 3 0 5 97, MAD 3: wide enough to be believed.
    expect(placeIn([0, 0, 3, 8, 100], 7)).toEqual({ usual: 3, score: (0.6745 * 4) / 3 });
    // Of an even number: median 2, deviations 2 2 2 2.
    expect(placeIn([0, 0, 4, 4], 5)).toEqual({ usual: 2, score: (0.6745 * 3) / 2 });
  });

  it('takes no robust deviation for less than the median', () => {
    // What made an honest plant of a real run look wild: four times what had always been alike.
    expect(placeIn([2, 2, 2, 2], 8).score).toBeCloseTo(3, 12);
    expect(placeIn([2, 2, 2, 2], 14).score).toBeCloseTo(6, 12);
    expect(placeIn([2, 2, 2, 2], 2)).toEqual({ usual: 2, score: 0 });
  });

  it('gives figures that can be written down, also in a history of nothing but zeros', () => {
    expect(placeIn([0, 0, 0], 0)).toEqual({ usual: 0, score: 0 });
    expect(placeIn([0, 0, 0], 1e-9).score).toBe(Number.MAX_VALUE);
    expect(() => placeIn([], 1)).toThrow(RangeError);
  });

  it('is not moved by wild values as long as they are fewer than half', () => {
    const wild = [1, 1.1, 0.9, 1.2, 0.8, 1e9, 1e9, 1e9, 1e9];
    expect(placeIn(wild, 1.2).score).toBeLessThan(1);
    expect(placeIn(wild, 1e9).score).toBeGreaterThan(1e8);
  });
});

describe('deltaNorms', () => {
  it('measures each layer and the whole model', () => {
    const groups = normGroups(LAYOUT);
    expect(groups.map(({ name, isTrained }) => [name, isTrained])).toEqual([
      ['hidden1', true],
      ['normalisation1', false],
      ['logits', true],
    ]);
    const startWeights = new Float32Array(LAYOUT.size).fill(1);
    const clientWeights = startWeights.slice();
    clientWeights[0]! += 3;
    clientWeights[LAYOUT.size - 1]! -= 4;
    const expected = { hidden1: 3, normalisation1: 0, logits: 4, [WHOLE_MODEL]: 5 };
    expect(deltaNorms({ clientWeights, startWeights }, groups, plainKernels)).toEqual(expected);
  });

  it('gives the same bits with all kernels', () => {
    const random = seededRandom(11);
    const vector = () =>
      Float32Array.from({ length: LAYOUT.size }, () => (random() - 0.5) * 10 ** (8 * random()));
    const simd = SimdKernels.create()!;
    for (let count = 0; count < 50; count++) {
      const input = { clientWeights: vector(), startWeights: vector() };
      const groups = normGroups(LAYOUT);
      expect(deltaNorms(input, groups, simd)).toEqual(deltaNorms(input, groups, plainKernels));
    }
  });

  it('refuses vectors of different lengths', () => {
    const input = { clientWeights: new Float32Array(3), startWeights: new Float32Array(2) };
    expect(() => deltaNorms(input, [], plainKernels)).toThrow(RangeError);
  });
});

describe('judgeNorms', () => {
  /** Start weights of norm 10 in each group. */
  const JUDGING = { settings: SETTINGS, startNormsOf: () => ({ model: 10, logits: 10 }) };
  const judge = (
    norm: number,
    { rounds = 1, history = HISTORY }: { rounds?: number; history?: typeof HISTORY } = {},
  ) => judgeNorms({ rounds, norms: { model: norm, logits: norm } }, history, JUDGING);

  it('lets ordinary updates pass, and small ones', () => {
    for (const norm of [...ORDINARY, 2, 2.5, 0.001, 0]) expect(judge(norm), `${norm}`).toBeNull();
  });

  it.each([10, 1000])('finds a norm %s times the usual', (norm) => {
    const finding = judge(norm);
    expect(finding).toMatchObject({ kind: 'history', norm, usual: 1, limit: SETTINGS.scoreLimit });
    expect(finding!.taskScore).toBeGreaterThan(SETTINGS.scoreLimit);
    expect(findingSchema.parse(JSON.parse(JSON.stringify(finding)))).toEqual(finding);
  });

  it('finds one wild layer in a model that is ordinary as a whole', () => {
    const large = ORDINARY.map((norm) => ({ rounds: 1, norms: { model: 100 * norm, logits: norm } }));
    const update = { rounds: 1, norms: { model: 110, logits: 40 } };
    expect(judgeNorms(update, { own: large, task: large }, JUDGING)).toMatchObject({
      group: 'logits',
      norm: 40,
    });
  });

  it('asks both histories: a plant with more data than the others is not out of its own', () => {
    const big = records(ORDINARY.map((norm) => 8 * norm));
    expect(judge(9, { history: { own: big, task: HISTORY.task } })).toBeNull();
    expect(judge(9)).not.toBeNull();
    // A quiet plant among lively ones may become as lively as they are.
    const quiet = records(ORDINARY.map((norm) => norm / 100));
    expect(judge(1, { history: { own: quiet, task: HISTORY.task } })).toBeNull();
  });

  it('lets nobody creep away from the others, whatever its own history says', () => {
    const crept = records(ORDINARY.map((norm) => 25 * norm));
    expect(judge(25, { history: { own: crept, task: HISTORY.task } })).toMatchObject({ kind: 'history' });
  });

  it('is lenient with a newcomer, up to twenty times the usual', () => {
    const history = { own: [], task: HISTORY.task };
    expect(judge(15, { history })).toBeNull();
    expect(judge(25, { history })).toMatchObject({ ownScore: null });
  });

  it('expects more of more rounds, growing as their square root', () => {
    expect(judge(8, { rounds: 64 })).toBeNull();
    expect(judge(8)).not.toBeNull();
    // However many rounds a client claims.
    expect(judge(1000, { rounds: 1_000_000_000 })).not.toBeNull();
  });

  it('does not hold it against a client that it was offline before', () => {
    const away = { own: records(ORDINARY, 60), task: records(ORDINARY, 60) };
    expect(judge(1, { history: away })).toBeNull();
  });

  it('finds nothing that moved next to nothing of the model, however quiet it has become', () => {
    const converged = records(ORDINARY.map((norm) => norm / 1000));
    const history = { own: converged, task: converged };
    expect(judge(1, { history })).toBeNull();
    expect(judge(1.01, { history })).toMatchObject({ kind: 'history' });
  });

  it('lets a plant come back from a long outage when the others have converged meanwhile', () => {
    // Figures of a run in which agents and aggregator were killed: the second update of a plant, 175 rounds, was held.
    const task = records(Array<number>(40).fill(0.0084));
    const norms = { model: 4.9, logits: 4.375 };
    const judging = { settings: SETTINGS, startNormsOf: () => ({ model: 8.7, logits: 7.9 }) };
    const back = (rounds: number, own: NormRecord[]) => judgeNorms({ rounds, norms }, { own, task }, judging);
    for (const own of [[], records(ORDINARY.map((norm) => norm / 2))]) expect(back(175, own)).toBeNull();
    // In one round nobody gets so far, and what is larger than all weights is no training, however long.
    expect(back(1, [])).toMatchObject({ kind: 'history', ownScore: null });
    const far = { rounds: 1_000_000, norms: { model: 14, logits: 12 } };
    expect(judgeNorms(far, { own: [], task }, judging)).not.toBeNull();
  });

  it('says nothing without a history', () => {
    const short = records(ORDINARY.slice(0, SETTINGS.minimumHistory - 1));
    const history = { own: short, task: short };
    expect(judge(1e6, { history })).toBeNull();
    expect(lacksHistory(history, SETTINGS)).toBe(true);
    expect(lacksHistory(HISTORY, SETTINGS)).toBe(false);
  });
});

describe('harmlessShare', () => {
  it('grows as the square root of the rounds, and not beyond one and a half', () => {
    expect(harmlessShare(1)).toBe(0.1);
    expect(harmlessShare(4)).toBeCloseTo(0.2, 12);
    expect(harmlessShare(100)).toBeCloseTo(1, 12);
    expect(harmlessShare(225)).toBeCloseTo(1.5, 12);
    expect(harmlessShare(Number.MAX_SAFE_INTEGER)).toBe(1.5);
  });
});

describe('judgeFirst', () => {
  const groups = normGroups(LAYOUT);
  const startWeights = new Float32Array(LAYOUT.size).fill(0.5);
  const judge = (factor: number) => {
    const clientWeights = startWeights.map((weight) => weight * (1 + factor));
    const norms = deltaNorms({ clientWeights, startWeights }, groups, plainKernels);
    return judgeFirst(norms, weightNorms(startWeights, groups), groups);
  };

  it('refuses only what is absurd', () => {
    expect(judge(1)).toBeNull();
    expect(judge(29)).toBeNull();
    expect(judge(31)).toMatchObject({ kind: 'absolute', group: WHOLE_MODEL, limit: 30 });
    expect(findingSchema.safeParse(judge(31)).success).toBe(true);
  });

  it('judges no running statistics and no layer of zeros by their size', () => {
    const norms = { model: 1, hidden1: 1, normalisation1: 1000, logits: 50 };
    expect(judgeFirst(norms, { model: 1, hidden1: 1, normalisation1: 1, logits: 0 }, groups)).toBeNull();
    expect(judgeFirst(norms, { model: 1, hidden1: 1, normalisation1: 1, logits: 1 }, groups)).toMatchObject({
      group: 'logits',
    });
  });
});

describe('judgeCheckSet', () => {
  it('counts the loss by the metric', () => {
    const half = { ...SETTINGS, accuracyLoss: 0.5 };
    expect(judgeCheckSet({ metric: 'r-squared', before: 0.75, after: 0.25 }, half)).toBeNull();
    expect(judgeCheckSet({ metric: 'r-squared', before: 0.75, after: 0.24 }, half)).toEqual({
      kind: 'check-set',
      metric: 'r-squared',
      before: 0.75,
      after: 0.24,
      limit: 0.5,
    });
    expect(judgeCheckSet({ metric: 'r-squared', before: 0.2, after: 0.9 }, SETTINGS)).toBeNull();
  });
});

describe('a task', () => {
  it('is screened unless it says otherwise', () => {
    expect(screeningOf(TASK)).toEqual(SETTINGS);
    expect(screeningOf({ ...TASK, screening: { ...SETTINGS, enabled: false } })).toBeNull();
    const strict = parseTask({ ...TASK, screening: { accuracyLoss: 0.1 } });
    expect(screeningOf(strict)).toEqual({ ...SETTINGS, accuracyLoss: 0.1 });
  });
});
