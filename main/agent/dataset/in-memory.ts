import type { Examples } from '../../trainer/messages.ts';
import type { Dataset } from './dataset.ts';
import type { KeptDataset } from './kept-examples.ts';

/** A reading that no file holds: its places are those of no file, and nothing of it is decoded from there. */
export function inMemory(
  about: Pick<KeptDataset, 'reading' | 'fingerprint' | 'readAt'>,
  { training, validation, summary, statistics }: Dataset,
  check: Examples['check'],
): KeptDataset {
  const section = (length: number) => ({ kind: 'uint8' as const, offset: 0, length });
  const set = (examples: Examples['training']) => ({
    inputs: section(examples.inputs.length),
    labels: section(examples.labels.length),
  });
  return {
    version: 3,
    ...about,
    file: '',
    training: set(training),
    validation: set(validation),
    validationUnits: validation.units === undefined ? null : [...validation.units],
    check: check === null ? null : set(check),
    summary: { ...summary, classes: [...summary.classes], skippedItems: [...summary.skippedItems] },
    statistics: statistics && { means: [...statistics.means], deviations: [...statistics.deviations] },
    images: null,
  };
}
