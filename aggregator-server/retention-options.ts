import { parseByteSize } from '@genba/shared/byte-size';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_RESERVE_BYTES } from './store/part-files.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './store/retention-policy.ts';

/** What the options of {@link addRetentionOptions} give. */
export interface RetentionChoices {
  readonly keepVersions: number;
  readonly keepDays?: number;
  readonly maxWeights?: number;
  readonly reserve: number;
}

/** Adds the options that say how much of the past is kept and how much of the disk stays free. */
export function addRetentionOptions(command: Command): Command {
  return command
    .option(
      '--keep-versions <number>',
      'newest versions of each task to keep for export and rollback',
      readVersions,
      DEFAULT_RETENTION.keepVersions,
    )
    .option('--keep-days <days>', 'let go of a version so many days after the next one replaced it', readDays)
    .option(
      '--max-weights <size>',
      'most disk space for weights, like 200GB; old versions go first, then what absent plants would need',
      readSize,
    )
    .addOption(
      new Option('--reserve <size>', 'free disk space below which updates have to wait')
        .argParser(readSize)
        .default(DEFAULT_RESERVE_BYTES, '500MB'),
    );
}

export function retentionOf({ keepVersions, keepDays, maxWeights }: RetentionChoices): RetentionPolicy {
  return { keepVersions, keepDays: keepDays ?? null, maxWeightsBytes: maxWeights ?? null };
}

/** A size with its unit, such as 500MB, 1.5 TB or 200GiB, in bytes. @throws InvalidArgumentError */
export function readSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === null)
    throw new InvalidArgumentError('It must be a size with its unit, like 500MB, 1.5TB or 200GiB.');
  return bytes;
}

function readVersions(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw new InvalidArgumentError('It must be a whole number from 1: the current version is always kept.');
  return count;
}

function readDays(text: string): number {
  const days = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || days <= 0 || days > 36_500)
    throw new InvalidArgumentError('It must be a number of days above 0, at most 36500; 0.5 is half a day.');
  return days;
}
