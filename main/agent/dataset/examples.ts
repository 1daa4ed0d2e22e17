import type { ExampleSet } from '../../trainer/messages.ts';
import type { Overlaps } from './leave-gap.ts';
import type { LabelledPicture, ReadImage } from './source-files.ts';

/** A file or row that could not be used, and why, in one English sentence. */
export interface SkippedItem {
  /** File path within the dataset, or `line N`. Never what the file says. */
  readonly item: string;
  readonly reason: string;
}

/** Most skipped items that are listed by name; all are counted. */
export const MAX_SKIPPED_LISTED = 100;

/** Counts what could not be used and lists the first of it. */
export class SkippedItems {
  readonly #listed: SkippedItem[] = [];
  #count = 0;

  add(item: string, reason: string): void {
    this.#count += 1;
    if (this.#listed.length < MAX_SKIPPED_LISTED) this.#listed.push({ item, reason });
  }

  get count(): number {
    return this.#count;
  }

  get listed(): readonly SkippedItem[] {
    return this.#listed;
  }
}

/** How a reading is watched and bounded; all of it may be left out. */
export interface ReadOptions {
  /** Is told a label that no class has, and its row is skipped; left out: that ends the reading. */
  readonly onUnknownClass?: ((name: string) => void) | undefined;
  /** Is told how far it has come: files of pictures, or bytes of tables. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Pictures beside those in the class folders. */
  readonly labelled?: readonly LabelledPicture[] | undefined;
  /** Most rows to read, of all files. */
  readonly maxRows?: number | undefined;
}

/** Everything a reader found, before it is split; columns are not yet standardised. */
export interface ReadExamples {
  readonly examples: ExampleSet;
  readonly skipped: SkippedItems;
  /** What must stay on one side of the split, by a name for each example; left out: each example by itself. */
  readonly groups?: readonly string[];
  /** What came when, larger is later; left out: in no order. */
  readonly moments?: readonly number[];
  /** Examples that share rows; left out: none do. */
  readonly overlaps?: Overlaps;
  /** Rows that were looked at, used or not; left out where there are none. */
  readonly rows?: number;
  /** The files of a folder of images; left out for others. */
  readonly images?: readonly ReadImage[];
}

/**
 * The examples at the given places, in that order.
 * Ownership: returns new arrays.
 */
export function pickExamples({ inputs, labels, targets }: ExampleSet, picked: readonly number[]): ExampleSet {
  const width = labels.length === 0 ? 0 : inputs.length / labels.length;
  const chosen =
    inputs instanceof Uint8Array
      ? new Uint8Array(picked.length * width)
      : new Float32Array(picked.length * width);
  const chosenLabels = new Uint16Array(picked.length);
  picked.forEach((place, row) => {
    chosen.set(inputs.subarray(place * width, (place + 1) * width), row * width);
    chosenLabels[row] = labels[place]!;
  });
  const chosenTargets =
    targets === undefined ? {} : { targets: Float32Array.from(picked, (place) => targets[place]!) };
  return { inputs: chosen, labels: chosenLabels, ...chosenTargets };
}
