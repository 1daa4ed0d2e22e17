import { writeIdx } from '@genba/main/agent/dataset/idx-writer';
import { DIGIT_SIZE, pickDigits, readMnist } from '../demo/mnist.ts';

/**
 * The content of a task file: real handwritten digits, and a network that a test trains in moments.
 *
 * @param hiddenUnits of its one hidden layer; 16 make 12,730 weights
 * @param more of the task file's fields
 */
export function digitsTask(hiddenUnits = 16, more: object = {}) {
  return {
    id: 'digits',
    name: { en: 'Digits', ja: '数字' },
    input: { kind: 'image', width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 },
    classes: [...'0123456789'],
    model: { template: 'mlp', hiddenUnits: [hiddenUnits] },
    ...more,
  };
}

/** Writes a plant's dataset, as a pair of IDX files: `count` of MNIST's test digits, from the one at `first` on. */
export function writeDigits(folder: string, count: number, first = 0): Promise<void> {
  const positions = Array.from({ length: count }, (_, index) => first + index);
  const digits = pickDigits(readMnist('test'), positions);
  return writeIdx(folder, { ...digits, width: DIGIT_SIZE, height: DIGIT_SIZE });
}
