import { seededRandom } from '@genba/shared/model/random';
import { parseTask, type Task } from '@genba/shared/model/task';
import type { EvaluationResult, ExampleSet } from './messages.ts';

/** Sets and tasks for tests: small, made up, and learnable. */

export const CLASSES = ['left', 'right', 'top'];

interface TaskOverrides {
  readonly input?: object;
  readonly classes?: readonly string[];
  readonly objective?: object;
  readonly model?: object;
  readonly training?: object;
}

/** An MLP over 8×8 grey images with three classes, unless told otherwise. */
export function sampleTask(overrides: TaskOverrides = {}): Task {
  return parseTask({
    id: 'sample',
    name: { en: 'Sample', ja: '見本' },
    input: overrides.input ?? { kind: 'image', width: 8, height: 8, channels: 1 },
    classes: overrides.classes ?? CLASSES,
    ...(overrides.objective === undefined ? {} : { objective: overrides.objective }),
    model: overrides.model ?? { template: 'mlp', hiddenUnits: [16] },
    training: { epochs: 2, batchSize: 16, learningRate: 0.2, ...overrides.training },
  });
}

/** Branches of two kinds over pictures, normalised, for {@link CLASSES}: each sort of layer that templates lack. */
export const OWN_TOPOLOGY = {
  class_name: 'Functional',
  config: {
    layers: [
      called('InputLayer', 'photo'),
      called('Conv2D', 'edges', ['photo'], {
        filters: 6,
        kernel_size: 3,
        padding: 'same',
        activation: 'elu',
      }),
      called('Conv2D', 'tint', ['photo'], { filters: 3, kernel_size: 1, use_bias: false }),
      called('Concatenate', 'both', ['edges', 'tint']),
      called('BatchNormalization', 'even', ['both']),
      called('Activation', 'bent', ['even'], { activation: 'relu6' }),
      called('MaxPooling2D', 'smaller', ['bent'], { pool_size: 3 }),
      called('UpSampling2D', 'larger', ['smaller'], { size: [2, 2], interpolation: 'nearest' }),
      called('Flatten', 'flat', ['larger']),
      called('Dense', 'thought', ['flat'], { units: 8, activation: 'tanh' }),
      called('Dense', 'answer', ['thought'], { units: 3, activation: 'softmax' }),
    ],
    output_layers: [['answer', 0, 0]],
  },
};

/** Two memories over a series of any columns, one after the other, for as many classes. */
export const seriesTopology = (classCount: number) => ({
  class_name: 'Sequential',
  config: {
    layers: [
      called('LSTM', 'rows', [], { units: 4, recurrent_activation: 'sigmoid', return_sequences: true }),
      called('LSTM', 'whole', [], { units: 3, recurrent_activation: 'sigmoid', use_bias: false }),
      called('Dense', 'answer', [], { units: classCount, activation: 'softmax' }),
    ],
  },
});

function called(class_name: string, name: string, from: readonly string[] = [], config: object = {}) {
  const inbound_nodes = from.length === 0 ? [] : [from.map((each) => [each, 0, 0, {}])];
  return { class_name, config: { name, ...config }, inbound_nodes };
}

/** Square images with noise, bright in the half that the class names. */
export function brightHalves(count: number, seed: number, side = 8): ExampleSet {
  const random = seededRandom(seed);
  const inputs = new Uint8Array(count * side ** 2);
  const labels = new Uint16Array(count);
  for (let example = 0; example < count; example++) {
    const label = example % CLASSES.length;
    labels[example] = label;
    for (let pixel = 0; pixel < side ** 2; pixel++) {
      const isBright = label < 2 ? pixel % side < side / 2 === (label === 0) : pixel < side ** 2 / 2;
      inputs[example * side ** 2 + pixel] = Math.floor(random() * 120) + (isBright ? 100 : 0);
    }
  }
  return { inputs, labels };
}

/** Square grey pictures of a surface that shines more on one side, or, one in four, has a bright spot somewhere. */
export function spottedSurfaces(count: number, seed: number, side = 16): ExampleSet {
  const random = seededRandom(seed);
  const inputs = new Uint8Array(count * side ** 2);
  const labels = Uint16Array.from({ length: count }, (_, example) => (example % 4 === 3 ? 1 : 0));
  for (let example = 0; example < count; example++) {
    const picture = inputs.subarray(example * side ** 2, (example + 1) * side ** 2);
    const [slopeX, slopeY] = [random(), random()];
    picture.forEach((_, pixel) => {
      const shine = slopeX * (pixel % side) + slopeY * Math.floor(pixel / side);
      picture[pixel] = 40 + (100 * shine) / side / 2 + 8 * random();
    });
    const corner = Math.floor(random() * (side - 2)) * side + Math.floor(random() * (side - 2));
    if (labels[example] === 1) for (const next of [0, 1, side, side + 1]) picture[corner + next] = 230;
  }
  return { inputs, labels };
}

/** Square grey pictures of a rough surface with one scratch anywhere: lying, upright or slanting, as the class says. */
export function scratches(count: number, seed: number, side = 16): ExampleSet {
  const random = seededRandom(seed);
  const inputs = new Uint8Array(count * side ** 2);
  const labels = Uint16Array.from({ length: count }, (_, example) => example % CLASSES.length);
  for (let example = 0; example < count; example++) {
    const picture = inputs.subarray(example * side ** 2, (example + 1) * side ** 2);
    for (let pixel = 0; pixel < picture.length; pixel++) picture[pixel] = Math.floor(random() * 100);
    const place = Math.floor(random() * side);
    for (let step = 0; step < side; step++) {
      const slant = (place + step) % side;
      const [row, column] = [
        [place, step],
        [step, place],
        [step, slant],
      ][labels[example]!] as [number, number];
      picture[row * side + column] = 200 + Math.floor(random() * 55);
    }
  }
  return { inputs, labels };
}

/** Points in the plane, one cloud per class; columns as float32. */
export function clouds(count: number, seed: number): ExampleSet {
  const random = seededRandom(seed);
  const inputs = new Float32Array(count * 2);
  const labels = new Uint16Array(count);
  for (let example = 0; example < count; example++) {
    const label = example % CLASSES.length;
    labels[example] = label;
    inputs[example * 2] = Math.cos(label * 2) + (random() - 0.5) * 0.8;
    inputs[example * 2 + 1] = Math.sin(label * 2) + (random() - 0.5) * 0.8;
  }
  return { inputs, labels };
}

/** Two columns, and a number that depends on both; scaled as a task with the range −10 to 10 does. */
export function slopes(count: number, seed: number): ExampleSet {
  const random = seededRandom(seed);
  const inputs = Float32Array.from({ length: count * 2 }, () => 2 * random() - 1);
  const targets = Float32Array.from(
    { length: count },
    (_, row) => 0.5 * inputs[row * 2]! - 0.3 * inputs[row * 2 + 1]! + 0.02 * (random() - 0.5),
  );
  return { inputs, labels: new Uint16Array(count), targets };
}

/** Windows of 16 rows over two channels: waves that go together, or, one in five, that do not. */
export function waves(count: number, seed: number): ExampleSet {
  const random = seededRandom(seed);
  const inputs = new Float32Array(count * 32);
  const labels = Uint16Array.from({ length: count }, (_, example) => (example % 5 === 4 ? 1 : 0));
  for (let example = 0; example < count; example++) {
    const phase = random() * 2 * Math.PI;
    const lag = labels[example] === 1 ? 1.5 : 0;
    for (let row = 0; row < 16; row++) {
      const angle = phase + row / 2;
      inputs[example * 32 + row * 2] = Math.sin(angle) + 0.1 * (random() - 0.5);
      inputs[example * 32 + row * 2 + 1] = Math.sin(angle + lag) + 0.1 * (random() - 0.5);
    }
  }
  return { inputs, labels };
}

export const NO_EXAMPLES: ExampleSet = { inputs: new Uint8Array(0), labels: new Uint16Array(0) };

/** A judgement of so many examples, of two classes. */
export function judgement(accuracy: number, examples = 2): EvaluationResult {
  return {
    examples,
    loss: 0.5,
    score: accuracy,
    scoreKind: 'accuracy',
    accuracy,
    balancedAccuracy: accuracy,
    confusion: null,
    regression: null,
    outcomes: null,
  };
}
