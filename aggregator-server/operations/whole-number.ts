import { InvalidArgumentError } from 'commander';

/** Reads a count from the command line. @throws InvalidArgumentError */
export function readWholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('It must be a whole number from 0.');
  }
  return number;
}
