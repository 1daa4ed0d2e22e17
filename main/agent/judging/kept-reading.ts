import { statSync } from 'node:fs';
import type { ExamplesFile } from '../../trainer/messages.ts';
import { ExamplesFolder } from '../dataset/kept-examples.ts';
import type { ColumnStatistics } from '../dataset/standardise.ts';

/** What judging needs of the plant's training data, as they were last read. */
export interface KeptReading {
  /** Another for another reading. */
  readonly version: string;
  readonly statistics: ColumnStatistics | null;
  /** The validation part alone. */
  readonly validation: ExamplesFile;
  /** What of it belongs together, by a number for each example; null where each is by itself. */
  readonly validationUnits: readonly number[] | null;
}

/** The reading that lies in a data folder. Its index is parsed once, however often it is asked for. */
export class KeptReadingSource {
  readonly #dataFolder: string;
  /** Made when it is first needed: an agent without data has no folder for them. */
  #folder: ExamplesFolder | null = null;
  #last: { readonly state: string; readonly reading: KeptReading | null } | null = null;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  /** null where nothing was read yet. */
  read(): KeptReading | null {
    this.#folder ??= new ExamplesFolder(this.#dataFolder);
    const folder = this.#folder;
    const info = statSync(folder.indexPath, { throwIfNoEntry: false });
    const state = `${info?.mtimeMs}/${info?.size}/${info?.ino}`;
    if (this.#last?.state === state) return this.#last.reading;
    const kept = folder.read();
    const reading =
      kept === null
        ? null
        : {
            version: kept.file,
            statistics: kept.statistics,
            validation: withoutRest(folder.fileOf(kept)),
            validationUnits: kept.validationUnits,
          };
    this.#last = { state, reading };
    return reading;
  }
}

/** A judge does not train: what it would never look at need not fill its memory. */
function withoutRest(file: ExamplesFile): ExamplesFile {
  const { inputs, labels, targets } = file.training;
  const none = <Section extends object>(section: Section) => ({ ...section, length: 0 });
  const training = {
    inputs: none(inputs),
    labels: none(labels),
    ...(targets === undefined ? {} : { targets: none(targets) }),
  };
  return { ...file, training, check: null };
}
