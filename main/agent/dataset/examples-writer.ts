import { type FileHandle, open } from 'node:fs/promises';
import type { ExampleSet, Examples, ExamplesFile, StoredExampleSet } from '../../trainer/messages.ts';

/** Arrays begin at multiples of this, bytes. */
const ALIGNMENT = 8;

/** Most bytes written at a time: some systems take no more than two gigabytes. */
const WRITE_BYTES = 256 * 1024 * 1024;

/** Nobody but this account may look at a plant's data. */
const FILE_MODE = 0o600;

/**
 * Writes examples to a file for the trainer to read. On disk when it resolves: whoever names it may rely on it.
 * @throws Error of the file system
 */
export async function writeExamples(
  path: string,
  { training, validation, check }: Examples,
): Promise<ExamplesFile> {
  const file = await open(path, 'w', FILE_MODE);
  try {
    const writer = new SectionWriter(file);
    const sets = {
      training: await writer.writeSet(training),
      validation: await writer.writeSet(validation),
      check: check === null ? null : await writer.writeSet(check),
    };
    await file.sync();
    return { path, ...sets };
  } finally {
    await file.close();
  }
}

class SectionWriter {
  readonly #file: FileHandle;
  #offset = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async writeSet({ inputs, labels, targets }: ExampleSet): Promise<StoredExampleSet> {
    const kind = inputs instanceof Uint8Array ? ('uint8' as const) : ('float32' as const);
    return {
      inputs: { kind, offset: await this.#write(inputs), length: inputs.length },
      labels: { kind: 'uint16', offset: await this.#write(labels), length: labels.length },
      ...(targets === undefined
        ? {}
        : { targets: { kind: 'float32', offset: await this.#write(targets), length: targets.length } }),
    };
  }

  /** @returns where the array begins */
  async #write({ buffer, byteOffset, byteLength }: ArrayBufferView): Promise<number> {
    const offset = Math.ceil(this.#offset / ALIGNMENT) * ALIGNMENT;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    let done = 0;
    while (done < byteLength) {
      const part = Math.min(WRITE_BYTES, byteLength - done);
      done += (await this.#file.write(bytes, done, part, offset + done)).bytesWritten;
    }
    this.#offset = offset + byteLength;
    return offset;
  }
}
