import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../durable-file/durable-file.ts';
import type { Examples, ExamplesFile } from '../../trainer/messages.ts';
import type { Dataset, PlacedImage } from './dataset.ts';
import { writeExamples } from './examples-writer.ts';
import type { DecodedImages } from './image-folder.ts';

const INDEX_FILE = 'index.json';
const EXAMPLES_SUFFIX = '.examples';

const section = z.strictObject({
  kind: z.enum(['uint8', 'uint16', 'float32']),
  offset: z.int().min(0),
  length: z.int().min(0),
});
const storedSet = z.strictObject({ inputs: section, labels: section, targets: section.optional() });
const skippedItem = z.strictObject({ item: z.string(), reason: z.string() });

const keptSchema = z.strictObject({
  /** Of this very form. */
  version: z.literal(3),
  /** What the examples depend on beside the files: another reading, and nothing of it can be used. */
  reading: z.string(),
  /** Of the files as they were read. */
  fingerprint: z.string(),
  readAt: z.iso.datetime(),
  file: z.string(),
  training: storedSet,
  validation: storedSet,
  /** `ExampleSet.units`; null where each is by itself. */
  validationUnits: z.array(z.int().min(0)).nullable(),
  check: storedSet.nullable(),
  summary: z.strictObject({
    path: z.string(),
    kind: z.enum(['images', 'idx', 'csv']),
    training: z.int(),
    validation: z.int(),
    classes: z.array(z.strictObject({ name: z.string(), count: z.int() })),
    skipped: z.int(),
    skippedItems: z.array(skippedItem),
  }),
  /** By which rows were standardised; null for pictures. New rows are judged by the same. */
  statistics: z
    .strictObject({ means: z.array(z.number()), deviations: z.array(z.number().positive()) })
    .nullable(),
  images: z
    .array(
      z.strictObject({
        path: z.string(),
        sizeBytes: z.number(),
        mtimeMs: z.number(),
        place: z.int().nullable(),
        part: z.enum(['training', 'validation']).nullable(),
        reason: z.string().nullable(),
        isLocked: z.boolean(),
      }),
    )
    .nullable(),
});

/** A dataset that was read, and where its examples lie. */
export type KeptDataset = z.output<typeof keptSchema>;

/** What is kept of one reading of a dataset. */
export interface Reading {
  readonly reading: string;
  readonly fingerprint: string;
  readonly readAt: string;
  readonly dataset: Dataset;
  readonly check: Examples['check'];
}

/**
 * The examples as they were last read, in the agent's data folder: so the trainer reads one file instead of the agent
 * holding all of it too, a new start trains at once, a picture is decoded once, and training goes on while a drive is gone.
 */
export class ExamplesFolder {
  readonly path: string;

  constructor(dataFolder: string) {
    this.path = join(dataFolder, 'dataset');
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** The file that says what is kept; replaced as a whole with every reading. */
  get indexPath(): string {
    return join(this.path, INDEX_FILE);
  }

  /** What was kept last; null where nothing was, or it is not whole. */
  read(): KeptDataset | null {
    try {
      const kept = keptSchema.parse(JSON.parse(readFileSync(this.indexPath, 'utf8')));
      const end = endOf(kept);
      return statSync(join(this.path, kept.file)).size >= end ? kept : null;
    } catch {
      // Never written, of another version, damaged: the plant's own files are read again.
      return null;
    }
  }

  /** Keeps a reading in place of the one before. @throws Error of the file system */
  async keep({ dataset, check, ...about }: Reading): Promise<KeptDataset> {
    const file = `${randomUUID()}${EXAMPLES_SUFFIX}`;
    const { training, validation } = dataset;
    let kept: KeptDataset;
    try {
      const stored = await writeExamples(join(this.path, file), { training, validation, check });
      const { path: _, ...sections } = stored;
      const { images, summary, statistics } = dataset;
      kept = {
        version: 3,
        ...about,
        file,
        ...sections,
        validationUnits: validation.units === undefined ? null : [...validation.units],
        summary: { ...summary, classes: [...summary.classes], skippedItems: [...summary.skippedItems] },
        statistics: statistics && { means: [...statistics.means], deviations: [...statistics.deviations] },
        images: images === null ? null : [...images],
      };
      writeDurably(join(this.path, INDEX_FILE), JSON.stringify(kept));
    } catch (error) {
      rmSync(join(this.path, file), { force: true });
      throw error;
    }
    this.#removeOthers(file);
    return kept;
  }

  /** For the trainer. */
  fileOf({ file, training, validation, validationUnits, check }: KeptDataset): ExamplesFile {
    const units = validationUnits === null ? {} : { units: validationUnits };
    return { path: join(this.path, file), training, validation: { ...validation, ...units }, check };
  }

  /** What was kept is of no use: the next start reads anew. */
  discard(): void {
    rmSync(join(this.path, INDEX_FILE), { force: true });
  }

  /** Pixels of pictures that were decoded before; the caller closes it. Null where there are none. */
  async openDecoded(kept: KeptDataset): Promise<(DecodedImages & { close(): Promise<void> }) | null> {
    if (kept.images === null) return null;
    const file = await open(join(this.path, kept.file), 'r').catch(() => null);
    if (file === null) return null;
    const images = new Map(kept.images.map((image) => [image.path, image]));
    return {
      take: async (source, into, offset) => {
        const image = images.get(source.path);
        const isSame = image?.sizeBytes === source.sizeBytes && image.mtimeMs === source.mtimeMs;
        return isSame && image !== undefined && (await readPixels(file, kept, image, { into, offset }));
      },
      close: () => file.close(),
    };
  }

  /** A trainer that is just reading an old file keeps it open; on Windows it is removed the next time then. */
  #removeOthers(file: string): void {
    for (const name of readdirSync(this.path)) {
      if (!name.endsWith(EXAMPLES_SUFFIX) || name === file) continue;
      try {
        rmSync(join(this.path, name), { force: true });
      } catch {
        // See above.
      }
    }
  }
}

async function readPixels(
  file: FileHandle,
  kept: KeptDataset,
  { part, place }: PlacedImage,
  { into, offset }: { into: Uint8Array; offset: number },
): Promise<boolean> {
  if (part === null || place === null) return false;
  const { inputs, labels } = kept[part];
  const size = inputs.length / labels.length;
  const { bytesRead } = await file.read(into, offset, size, inputs.offset + place * size);
  return bytesRead === size;
}

const ELEMENT_BYTES = { uint8: 1, uint16: 2, float32: 4 } as const;

function endOf({ training, validation, check }: KeptDataset): number {
  const sets = check === null ? [training, validation] : [training, validation, check];
  const sections = sets.flatMap(({ inputs, labels }) => [inputs, labels]);
  return Math.max(...sections.map(({ kind, offset, length }) => offset + length * ELEMENT_BYTES[kind]));
}
