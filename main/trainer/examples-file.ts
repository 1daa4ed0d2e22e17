import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { AppError } from '@genba/shared/errors/app-error';
import type { ExampleSet, Examples, ExamplesFile, FileSection, StoredExampleSet } from './messages.ts';

/** Typed arrays take the machine's own order of bytes, which all machines that we run on share with the file. */
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Most bytes read at a time: some systems take no more than two gigabytes. */
const READ_BYTES = 256 * 1024 * 1024;

/** Reads examples from the file that the agent wrote. @throws AppError `dataset/damaged` */
export async function readExamples({ path, training, validation, check }: ExamplesFile): Promise<Examples> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('dataset/damaged', { detail: `the kept examples: ${cause.code}`, cause });
  });
  try {
    return {
      training: await readSet(file, training),
      validation: await readSet(file, validation),
      check: check === null ? null : await readSet(file, check),
    };
  } finally {
    await file.close();
  }
}

async function readSet(
  file: FileHandle,
  { inputs, labels, targets, units }: StoredExampleSet,
): Promise<ExampleSet> {
  return {
    ...(units === undefined ? {} : { units }),
    ...(targets === undefined ? {} : { targets: await readFloats(file, targets) }),
    inputs: inputs.kind === 'uint8' ? await readBytes(file, inputs) : await readFloats(file, inputs),
    labels: new Uint16Array((await readBytes(file, labels)).buffer),
  };
}

async function readFloats(file: FileHandle, section: FileSection): Promise<Float32Array> {
  return new Float32Array((await readBytes(file, section)).buffer);
}

const ELEMENT_BYTES = { uint8: 1, uint16: 2, float32: 4 } as const;

async function readBytes(
  file: FileHandle,
  { kind, offset, length }: FileSection,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!IS_LITTLE_ENDIAN && kind !== 'uint8') throw new TypeError('this machine orders bytes otherwise');
  const bytes = new Uint8Array(length * ELEMENT_BYTES[kind]);
  let done = 0;
  while (done < bytes.length) {
    const part = Math.min(READ_BYTES, bytes.length - done);
    const { bytesRead } = await file.read(bytes, done, part, offset + done);
    if (bytesRead === 0) throw new AppError('dataset/damaged', { detail: 'the kept examples end too soon' });
    done += bytesRead;
  }
  return bytes;
}
