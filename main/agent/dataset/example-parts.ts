import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { writeDurably } from '../../durable-file/durable-file.ts';
import type { ExampleSet } from '../../trainer/messages.ts';
import type { ExamplePart, Split } from './split.ts';

/** First bytes of the file, and with them the form of all that follows: two counts, then the keys of both parts. */
const MAGIC = 0x67_70_61_31n;
const KEY_BYTES = 8;
const HEADER_KEYS = 3;

/**
 * Tells examples apart by what they hold, not by name or place: a renamed picture or a row that moved is the same. The
 * second of two equal ones has a key of its own, the third another.
 * @returns one key per example: the first 64 bits of sha256 over its values as they are held, and the count
 */
export function exampleKeys({ inputs, labels }: ExampleSet): BigUint64Array {
  const width = labels.length === 0 ? 0 : inputs.byteLength / labels.length;
  const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength);
  const seenCounts = new Map<bigint, number>();
  return BigUint64Array.from(labels, (_, place) => {
    const key = keyOf(bytes.subarray(place * width, (place + 1) * width));
    const seen = seenCounts.get(key) ?? 0;
    seenCounts.set(key, seen + 1);
    return seen === 0 ? key : keyOf(Buffer.from(`${key} ${seen}`));
  });
}

/**
 * Tells groups apart (a lot, a part, a folder) by their names.
 * @returns one key per example: that of its group
 */
export function groupKeys(groups: readonly string[]): BigUint64Array {
  const keys = new Map<string, bigint>();
  return BigUint64Array.from(groups, (name) => {
    const key = keys.get(name) ?? keyOf(Buffer.from(`group\n${name}`));
    keys.set(name, key);
    return key;
  });
}

function keyOf(bytes: Uint8Array): bigint {
  return hash('sha256', bytes, 'buffer').readBigUint64LE();
}

/**
 * Remembers which examples a plant holds out, for as long as the plant lives: an example never changes its part because
 * others were added, or because the agent was started again.
 */
export class ExampleParts {
  readonly #file: string;
  readonly #parts: Map<bigint, ExamplePart>;
  #isChanged = false;

  /** @param file holds it, or will; what it holds of another form is as nothing */
  constructor(file: string) {
    this.#file = file;
    this.#parts = readParts(file);
  }

  /** The part of a known example; null for a new one. */
  partOf(key: bigint): ExamplePart | null {
    return this.#parts.get(key) ?? null;
  }

  /** Takes up new examples. */
  add(keys: BigUint64Array, split: Split): void {
    for (const part of ['training', 'validation'] as const) {
      for (const place of split[part]) {
        if (this.#parts.get(keys[place]!) === part) continue;
        this.#parts.set(keys[place]!, part);
        this.#isChanged = true;
      }
    }
  }

  /** Keeps it on disk, if there is anything new. @throws Error of the file system */
  save(): void {
    if (!this.#isChanged) return;
    const keysOf = (wanted: ExamplePart) =>
      [...this.#parts].filter(([, part]) => part === wanted).map(([key]) => key);
    const [training, validation] = [keysOf('training'), keysOf('validation')];
    const counts = [MAGIC, BigInt(training.length), BigInt(validation.length)];
    const content = BigUint64Array.from([...counts, ...training, ...validation]);
    writeDurably(this.#file, new Uint8Array(content.buffer));
    this.#isChanged = false;
  }
}

function readParts(file: string): Map<bigint, ExamplePart> {
  const parts = new Map<bigint, ExamplePart>();
  const keys = readKeys(file);
  const [magic, training = 0n, validation = 0n] = keys;
  const isWhole = magic === MAGIC && BigInt(keys.length) === BigInt(HEADER_KEYS) + training + validation;
  if (!isWhole || endianness() !== 'LE') return parts;
  keys.subarray(HEADER_KEYS).forEach((key, index) => {
    parts.set(key, index < training ? 'training' : 'validation');
  });
  return parts;
}

function readKeys(file: string): BigUint64Array {
  try {
    const bytes = readFileSync(file);
    const whole = bytes.byteLength - (bytes.byteLength % KEY_BYTES);
    return new BigUint64Array(new Uint8Array(bytes).buffer, 0, whole / KEY_BYTES);
  } catch (error) {
    // Not there yet. What is there and cannot be read is not replaced: keeping it fails then.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EISDIR') throw error;
    return new BigUint64Array();
  }
}
