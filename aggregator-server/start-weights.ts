import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { isMergeable, MAX_WEIGHT_MAGNITUDE } from '@genba/shared/federation/validate';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { z } from 'zod';
import { readJsonFile } from './json-file.ts';
import { errorCodeOf } from './store/storage-error.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** What is read of a model.json of TensorFlow.js. */
const modelSchema = z.object({
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string()).min(1),
        weights: z.array(
          z.object({
            name: z.string().min(1),
            shape: z.array(z.int().min(0)),
            dtype: z.string(),
            quantization: z.unknown().optional(),
          }),
        ),
      }),
    )
    .min(1),
});

type Group = z.output<typeof modelSchema>['weightsManifest'][number];

/**
 * The weights that a new task begins with, from a LayersModel of TensorFlow.js: its `model.json`, with the files of weights
 * beside it. They find their places by the names of layer and weight, whatever stands between the two.
 * Shapes: returns a vector in the task's layout, owned by the caller.
 * @param path of the `model.json`
 * @throws AppError `task/invalid`, its detail naming the file and what is wrong: it cannot be read, does not hold exactly
 *   the weights of the task's model, or holds values that no merge can take
 */
export async function readStartWeights(path: string, task: Task): Promise<Float32Array> {
  try {
    return await readWeights(path, task);
  } catch (thrown) {
    const { code, detail } = toAppError(thrown);
    const reason =
      code === 'task/invalid' ? detail : `cannot be read: ${errorCodeOf(thrown) ?? String(thrown)}`;
    throw new AppError('task/invalid', { detail: `--start-weights: ${path}: ${reason}`, cause: thrown });
  }
}

async function readWeights(path: string, task: Task): Promise<Float32Array> {
  const layout = weightLayout(task);
  const weights = new Float32Array(layout.size);
  const missing = new Map(layout.tensors.map((tensor) => [tensor.name, tensor]));
  for (const group of parseModel(await readJsonFile(path))) {
    const bytes = await readGroup(dirname(path), group, layout.size * FLOAT_BYTES);
    let offset = 0;
    for (const { name, shape, dtype, quantization } of group.weights) {
      const found = missing.get(placeOf(name));
      if (found === undefined)
        refuse(`"${name}" is not among the weights of the task's model, or is there twice`);
      if (found.shape.join('×') !== shape.join('×'))
        refuse(`"${name}" is ${shape.join('×')}, the task's model has ${found.shape.join('×')}`);
      if (dtype !== 'float32' || quantization !== undefined)
        refuse(`"${name}" is ${quantization === undefined ? dtype : 'quantised'}; save it as float32`);
      for (let i = 0; i < found.size; i++)
        weights[found.offset + i] = bytes.readFloatLE(offset + i * FLOAT_BYTES);
      offset += found.size * FLOAT_BYTES;
      missing.delete(found.name);
    }
  }
  const [first] = missing.keys();
  if (first !== undefined) refuse(`"${first}" is missing`);
  if (!isMergeable(weights))
    refuse(`it holds values that are not numbers, or beyond ±${MAX_WEIGHT_MAGNITUDE}`);
  return weights;
}

function parseModel(parsed: unknown): readonly Group[] {
  const model = modelSchema.safeParse(parsed);
  if (!model.success)
    refuse('not a model.json of TensorFlow.js with its weights (weightsManifest); from Keras, convert it');
  return model.data.weightsManifest;
}

/** `layer/weight` of a name that may say more in between, such as a cell, and a number behind. */
function placeOf(name: string): string {
  const parts = name.replace(/:\d+$/, '').split('/');
  return `${parts[0]}/${parts.at(-1)}`;
}

/** The bytes of a group, from files beside the model.json and from nowhere else: weights go to all plants. */
async function readGroup(folder: string, { paths, weights }: Group, mostBytes: number): Promise<Buffer> {
  const expected = weights.reduce(
    (total, { shape }) => total + shape.reduce((size, side) => size * side, FLOAT_BYTES),
    0,
  );
  if (expected > mostBytes) refuse("it holds more than the task's model has");
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for (const name of paths) {
    if (basename(name) !== name || name.includes('\\') || name === '..')
      refuse(`"${name}" is not a file beside it`);
    const file = await open(join(folder, name));
    try {
      sizeBytes += (await file.stat()).size;
      if (sizeBytes > expected) break;
      parts.push(await file.readFile());
    } finally {
      await file.close();
    }
  }
  if (sizeBytes !== expected) refuse(`${paths.join(', ')}: not the ${expected} bytes that it names`);
  return Buffer.concat(parts);
}

function refuse(detail: string): never {
  throw new AppError('task/invalid', { detail });
}
