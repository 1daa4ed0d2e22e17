import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addRetentionOptions, type RetentionChoices, readSize, retentionOf } from './retention-options.ts';

function read(...line: string[]) {
  const command = addRetentionOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return retentionOf(command.parse(line, { from: 'user' }).opts<RetentionChoices>());
}

describe('the options of retention', () => {
  it('have defaults that keep twenty versions and limit nothing else', () => {
    expect(read()).toEqual({ keepVersions: 20, keepDays: null, maxWeightsBytes: null });
  });

  it('are taken with their units', () => {
    const line = ['--keep-versions', '7', '--keep-days', '0.5', '--max-weights', '200GB'];
    expect(read(...line)).toEqual({ keepVersions: 7, keepDays: 0.5, maxWeightsBytes: 200e9 });
  });

  it.each([
    ['500MB', 500e6],
    ['1.5 tb', 1.5e12],
    ['64kB', 64_000],
    ['2GiB', 2 * 1024 ** 3],
    [' 1MiB ', 1024 ** 2],
  ])('read %j as bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes);
  });

  it.each(['200', 'GB', '-1GB', '0GB', '1,5GB', '1e3GB', '10 XB', '99999999TB', ''])(
    'refuse the size %j',
    (text) => {
      expect(() => readSize(text)).toThrow('with its unit');
    },
  );

  it.each([
    ['--keep-versions', '0'],
    ['--keep-versions', '1.5'],
    ['--keep-days', '0'],
    ['--keep-days', '-3'],
    ['--keep-days', 'week'],
  ])('refuse %s %s', (...line) => {
    expect(() => read(...line)).toThrow('It must be');
  });
});
