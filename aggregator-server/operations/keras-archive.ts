import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { AppError } from '@genba/shared/errors/app-error';
import type { KerasVariables } from './keras-model.ts';

/** Names inside a `.keras` file. */
const METADATA_NAME = 'metadata.json';
const CONFIG_NAME = 'config.json';
const WEIGHTS_NAME = 'model.weights.h5';

/** What goes into a `.keras` file. */
export interface KerasContent {
  readonly metadata: object;
  readonly config: object;
  readonly layers: readonly KerasVariables[];
  /** The whole model, in the order of the layout. */
  readonly weights: Float32Array;
  /** ISO 8601; the time of the entries. */
  readonly createdAt: string;
}

/**
 * Writes a `.keras` file, synced: a zip archive of metadata, configuration and weights, stored uncompressed as Keras
 * itself does. The weights lie in a file beside it for a while, so there must be space for them twice.
 * @throws AppError `server/storage`; system errors
 */
export async function writeKerasArchive(path: string, content: KerasContent): Promise<void> {
  const weightsPath = join(dirname(path), WEIGHTS_NAME);
  await writeWeights(weightsPath, content);
  // Loaded by the one command that needs it.
  const { TextReader, ZipWriter } = await import('@zip.js/zip.js');
  const file = await open(path, 'wx');
  try {
    const target = new WritableStream<Uint8Array>({ write: (piece) => file.writeFile(piece) });
    const lastModDate = new Date(content.createdAt);
    const archive = new ZipWriter(target, { level: 0, useWebWorkers: false, lastModDate });
    await archive.add(METADATA_NAME, new TextReader(JSON.stringify(content.metadata)));
    await archive.add(CONFIG_NAME, new TextReader(JSON.stringify(content.config)));
    await archive.add(
      WEIGHTS_NAME,
      Readable.toWeb(createReadStream(weightsPath)) as ReadableStream<Uint8Array>,
    );
    await archive.close();
    await file.sync();
  } finally {
    await file.close();
  }
  await rm(weightsPath);
}

/**
 * Writes model.weights.h5 where Keras looks for each variable, and reads it back: the library says little of what
 * fails, a full disk for example.
 */
async function writeWeights(path: string, { layers, weights }: KerasContent): Promise<void> {
  const { File, ready } = await import('h5wasm/node');
  await ready;
  // The usual errors, with their codes, before the library's.
  await (await open(path, 'wx')).close();
  const written = new File(path, 'w');
  try {
    // The model's own variables: it has none.
    written.create_group('vars');
    const parent = written.create_group('layers');
    for (const { group, name, part, tensors } of layers) {
      const layer = parent.create_group(group);
      const variables = (part === null ? layer : layer.create_group(part)).create_group('vars');
      variables.create_attribute('name', name);
      tensors.forEach(({ offset, size, shape }, index) => {
        const data = weights.subarray(offset, offset + size);
        variables.create_dataset({ name: String(index), data, shape: [...shape] });
      });
    }
  } finally {
    written.close();
  }
  const read = new File(path, 'r');
  try {
    for (const { group, part, tensors } of layers) {
      const place = [group, ...(part === null ? [] : [part]), 'vars'].join('/');
      tensors.forEach(({ offset, size }, index) => {
        const found = read.get(`layers/${place}/${index}`);
        const values = found !== null && 'value' in found ? found.value : null;
        const expected = weights.subarray(offset, offset + size);
        if (values instanceof Float32Array && hasSameBytes(values, expected)) return;
        throw new AppError('server/storage', { detail: `${WEIGHTS_NAME} was not written whole` });
      });
    }
  } finally {
    read.close();
  }
}

function hasSameBytes(a: Float32Array, b: Float32Array): boolean {
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return bytesOf(a).equals(bytesOf(b));
}
