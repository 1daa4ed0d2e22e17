import { initialWeights } from '@genba/shared/model/initial-weights';
import { inputWidth } from '@genba/shared/model/layers';
import { weightLayout } from '@genba/shared/model/layout';
import {
  add,
  memory,
  mul,
  type Scalar,
  scalar,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tidy,
  variable,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { describeIfAvailable } from '../../../tools/requirements.ts';
import { chooseBackend } from '../backends.ts';
import { Descent } from '../descent.ts';
import { evaluateModel } from '../evaluation.ts';
import { sampleTask } from '../fixtures.ts';
import { buildModel } from '../model.ts';
import { predict } from '../prediction.ts';
import { ProximalPull } from '../proximal.ts';
import { EVERY_MODEL, TEMPLATES, type Template } from '../template-fixtures.ts';
import { installWeights, readWeights } from '../weights.ts';
import { nativeBackend } from './native-backend.ts';
import { OPERATION_BY_OPERATION, type StepTaker } from './step.ts';
import { StepPrograms } from './step-programs.ts';

/** One is taken operation by operation, one recorded, one proven: the others are the program's. */
const STEPS = 8;
/** Largest difference of one weight, as a share of the largest change; of a loss, relative. */
const TOLERANCE = 1e-4;

const refusals: string[] = [];
const programs = () => new StepPrograms((reason) => refusals.push(reason));

/** What TensorFlow and TensorFlow.js hold. */
function held() {
  const { binding } = nativeBackend() as unknown as {
    binding: { getNumOfSavedModels(): number; getNumOfTensors(): number };
  };
  return {
    tensors: memory().numTensors,
    nativeTensors: binding.getNumOfTensors(),
    savedModels: binding.getNumOfSavedModels(),
  };
}

/** Losses and weights of some steps on batches that differ. */
async function descend(
  { set, ...overrides }: Template,
  steps: StepTaker,
  { momentum = 0, coefficient = 0 } = {},
) {
  const training = { epochs: 1, batchSize: 4, learningRate: 0.05, momentum };
  const task = sampleTask({ ...overrides, training });
  const layout = weightLayout(task);
  const model = buildModel(task);
  const start = initialWeights(layout, 3);
  const startWeights = initialWeights(layout, 4);
  const pull = coefficient === 0 ? null : ProximalPull.towards({ coefficient, startWeights }, model, layout);
  installWeights(model, layout, start);
  const options = { model, task, set, training: task.training, pull, augment: null, steps };
  const descent = await Descent.begin(options);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    losses.push(await descent.step(Uint32Array.from({ length: 4 }, (_, row) => (step + row) % 6)));
  }
  const { isSettled } = descent;
  const weights = await readWeights(model, layout);
  descent.dispose();
  pull?.dispose();
  model.dispose();
  return { losses, isSettled, change: weights.map((weight, i) => weight - start[i]!) };
}

type Run = Awaited<ReturnType<typeof descend>>;

function expectAlike(run: Run, other: Run): void {
  const most = (values: Float32Array) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(most(other.change)).toBeGreaterThan(0);
  expect(most(run.change.map((value, i) => value - other.change[i]!)) / most(other.change)).toBeLessThan(
    TOLERANCE,
  );
  run.losses.forEach((loss, step) => {
    expect(Math.abs(loss / other.losses[step]! - 1), `step ${step}`).toBeLessThan(TOLERANCE);
  });
}

describeIfAvailable('native-tensorflow', 'steps as programs of native TensorFlow', () => {
  beforeAll(async () => {
    await chooseBackend(sampleTask(), 'tensorflow');
  });

  afterEach(() => {
    refusals.length = 0;
  });

  it.each(Object.entries(EVERY_MODEL))(
    'train a %s as the operations one by one do',
    async (_name, template) => {
      const steps = programs();
      const run = await descend(template, steps);
      steps.dispose();
      expect(refusals).toEqual([]);
      expect(run.isSettled).toBe(true);
      expectAlike(run, await descend(template, OPERATION_BY_OPERATION));
    },
    60_000,
  );

  it('gather momentum, and pull towards the start weights, that change from round to round', async () => {
    const options = { momentum: 0.9, coefficient: 0.5 };
    const steps = programs();
    const rounds = [
      await descend(TEMPLATES.mlp, steps, options),
      await descend(TEMPLATES.mlp, steps, options),
    ];
    steps.dispose();
    expect(refusals).toEqual([]);
    const expected = await descend(TEMPLATES.mlp, OPERATION_BY_OPERATION, options);
    for (const round of rounds) expectAlike(round, expected);
    // The two do matter.
    const plain = await descend(TEMPLATES.mlp, OPERATION_BY_OPERATION);
    expect(expected.losses.at(-1)).not.toBeCloseTo(plain.losses.at(-1)!, 3);
  });

  it.each(Object.entries(EVERY_MODEL))(
    'judge by a %s as the operations one by one do, whatever its weights',
    async (_name, { set, ...overrides }) => {
      const task = sampleTask(overrides);
      const layout = weightLayout(task);
      const model = buildModel(task);
      const steps = programs();
      const before = memory().numTensors;
      for (let turn = 1; turn <= 4; turn++) {
        installWeights(model, layout, initialWeights(layout, turn));
        const judged = await evaluateModel(model, task, set, { steps });
        const expected = await evaluateModel(model, task, set);
        expect(Math.abs(judged.loss! / expected.loss! - 1), `turn ${turn}`).toBeLessThan(TOLERANCE);
        expect(judged.examples).toBe(expected.examples);
        // Single parts, as a line has them judged.
        const part = set.inputs.slice(0, inputWidth(task.input));
        const [said, expectedOfPart] = [
          await predict(model, task, part, steps),
          await predict(model, task, part),
        ];
        for (const [index, value] of expectedOfPart.entries())
          expect(Math.abs(said[index]! / value - 1), `turn ${turn}`).toBeLessThan(TOLERANCE);
      }
      expect(refusals).toEqual([]);
      expect(held().savedModels).toBe(2);
      expect(memory().numTensors).toBe(before);
      steps.dispose();
      model.dispose();
    },
  );

  it('leave nothing behind', async () => {
    const before = held();
    for (const momentum of [0, 0.9]) {
      const steps = programs();
      await descend(TEMPLATES['small-cnn'], steps, { momentum });
      expect(held().savedModels).toBe(1);
      // Another setting: the program of the first is let go.
      await descend(TEMPLATES['small-cnn'], steps, { momentum: 0.5 });
      expect(held().savedModels).toBe(1);
      steps.dispose();
    }
    expect(held()).toEqual(before);
  });

  /** What becomes of w by some steps of w ← w − f x. */
  function walk(steps: StepTaker, makeFactor: () => (x: Tensor1D) => Tensor): number[] {
    const w = variable(tensor1d([1, -2]));
    tidy(() => {
      const factorOf = makeFactor();
      for (let step = 0; step < STEPS; step++) {
        const x = tensor1d([0.5 + step, 0.25]);
        const take = () => {
          const loss = sum(mul(w, x)) as Scalar;
          w.assign(sub(w, mul(x, factorOf(x))) as Tensor1D);
          return loss;
        };
        steps.take({ inputs: [x], state: [w], take }, '');
      }
    });
    const values = w.arraySync();
    w.dispose();
    steps.dispose();
    return values;
  }

  it.each<[string, string, () => (x: Tensor1D) => Tensor]>([
    [
      'looks at what it calculates',
      'it looks at what it calculates',
      () => (x) => scalar(mul(x, 2).dataSync()[0]! > 3 ? 0.5 : 0.25),
    ],
    [
      'takes in what nobody named',
      'Add uses a tensor of 2 values that nobody named',
      () => {
        const hidden = tensor1d([0.5, 0.25]);
        hidden.dataSync();
        return () => add(hidden, 0);
      },
    ],
    [
      'depends on something else',
      'a step came out otherwise as a program',
      () => {
        let step = 0;
        return () => scalar(1 / ++step);
      },
    ],
  ])('are not used where a step %s', (_what, reason, makeFactor) => {
    const walked = walk(programs(), makeFactor);
    expect(refusals).toEqual([reason]);
    expect(walked).toEqual(walk(OPERATION_BY_OPERATION, makeFactor));
  });

  it('give way to the operations where one fails, and lose no step', () => {
    const native = nativeBackend();
    const real = native.binding;
    let runs = 0;
    const runSavedModel = (...given: Parameters<typeof real.runSavedModel>) => {
      runs += 1;
      if (runs === 4) throw new Error('OOM when allocating tensor');
      return real.runSavedModel(...given);
    };
    const makeFactor = () => () => scalar(0.5);
    native.binding = Object.create(real, { runSavedModel: { value: runSavedModel } }) as typeof real;
    let walked: number[];
    try {
      walked = walk(programs(), makeFactor);
    } finally {
      native.binding = real;
    }
    expect(runs).toBe(4);
    expect(refusals).toEqual(['Error: OOM when allocating tensor']);
    expect(walked).toEqual(walk(OPERATION_BY_OPERATION, makeFactor));
  });
});
