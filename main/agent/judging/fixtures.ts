import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, type Task } from '@genba/shared/model/task';
import sharp from 'sharp';
import { readAndKeep } from '../dataset/read-and-keep.ts';
import { Judge, type JudgeContext } from './judge.ts';

/** For tests: tasks whose weights are set by hand, so that it is known what their models say. */

/** 8×8 grey pictures, bright on one side. A linear model: the side with more light has the larger logit. */
export const SIDES: Task = parseTask({
  id: 'sides',
  name: { en: 'Sides', ja: '左右' },
  input: { kind: 'image', width: 8, height: 8, channels: 1 },
  classes: ['左', '右'],
  model: { template: 'mlp', hiddenUnits: [] },
});

/** Kernel `[64, 2]`, then two biases: one class counts the left half, the other the right. */
export function sidesWeights(): Float32Array {
  const weights = new Float32Array(weightLayout(SIDES).size);
  for (let pixel = 0; pixel < 64; pixel++) weights[pixel * 2 + (pixel % 8 < 4 ? 0 : 1)] = 0.1;
  return weights;
}

/** A PNG of 8×8 pixels. @param share of the light that falls on the left half, 0 to 1 */
export function sidePicture(share: number): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: 64 }, (_, pixel) =>
    Math.round(255 * (pixel % 8 < 4 ? share : 1 - share)),
  );
  return sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
    .png()
    .toBuffer();
}

/** A model in use that a test changes as it likes. */
export class HeldModel {
  rounds = 3;
  vector: Float32Array | null;

  constructor(vector: Float32Array | null) {
    this.vector = vector;
  }

  describe() {
    if (this.vector === null) return null;
    return { model: 'own' as const, globalVersion: 7, rounds: this.rounds, version: `${this.rounds}` };
  }

  weights(): Float32Array {
    return this.vector!;
  }
}

/** A judge over a data folder, in plain JavaScript, which needs no native library. */
export function judgeOf(
  dataFolder: string,
  task: Task,
  modelInUse: HeldModel,
  options: Partial<JudgeContext> = {},
): Judge {
  const rejection = () => ({ rejectGood: null, goodClasses: null });
  return new Judge({ dataFolder, task: () => task, modelInUse, backend: () => 'cpu', rejection, ...options });
}

/** Reads training data as the agent does, so that a judge finds what was kept of them. */
export async function keepReading(dataFolder: string, dataset: string, task: Task): Promise<void> {
  const job = { dataFolder, dataset, checkSet: null, seed: 1, task, labelled: [] };
  await readAndKeep({ ...job, reading: 'test', fingerprint: dataset });
}

/** Rows with two columns. A linear model: a temperature above the plant's mean is NG. */
export const ROWS: Task = parseTask({
  id: 'rows',
  name: { en: 'Rows', ja: '行' },
  input: { kind: 'table', columns: ['温度', '圧力'], labelColumn: '判定' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [] },
});

/** Windows of four rows, every two rows. A linear model: a last temperature above the plant's mean is NG. */
export const WINDOWS: Task = parseTask({
  id: 'windows',
  name: { en: 'Windows', ja: '区間' },
  input: { kind: 'series', columns: ['温度'], windowRows: 4, strideRows: 2, labelColumn: '判定' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [] },
});

/** For {@link ROWS} and {@link WINDOWS}: the one value that counts pulls towards the second class. */
export function warmthWeights(task: Task): Float32Array {
  const weights = new Float32Array(weightLayout(task).size);
  const place = task.input.kind === 'series' ? task.input.windowRows - 1 : 0;
  weights[place * 2] = -1;
  weights[place * 2 + 1] = 1;
  return weights;
}

/** Training data of a plant whose temperatures have the mean 20 and the deviation 5. */
export const WARMTH_DATA = [
  '温度,圧力,判定',
  ...Array.from({ length: 40 }, (_, row) => `${row % 2 === 0 ? 15 : 25},1,${row % 2 === 0 ? 'OK' : 'NG'}`),
  '',
].join('\n');
