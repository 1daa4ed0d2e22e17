import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { CountReporter } from './tools/count-reporter.ts';

// Tests start our programs hundreds of times, and half of a start is taking away types and compiling.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.tsbuild', 'compile-cache');

const EXCLUDED = [...configDefaults.exclude, '**/dist/**'];

/** Whole products again, but without windows, and mostly waiting for each other: they run beside the rooms' tests. */
const PROGRAMS = [
  'chaos',
  'check-set',
  'client-calibration',
  'encodings',
  'enrolment',
  'evicted-weights',
  'export',
  'gpu-bench',
  'kill',
  'lost-aggregator',
  'month-offline',
  'predict',
  'quarantine',
  'resume',
  'sync-hours',
  'take-over',
  'usb-stick',
  'watch',
].map((name) => `e2e/${name}.e2e.test.ts`);

/** The longest suite of all begins first: nothing is left to run beside it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith('demo.e2e.test.ts');
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new CountReporter()],
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['{shared,aggregator-server,main,renderer,demo,poc,tools}/**/*.test.{ts,tsx}'],
          exclude: EXCLUDED,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'programs',
          include: PROGRAMS,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: [...EXCLUDED, ...PROGRAMS],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Whole products with trainers, windows and servers: two at a time is what a small machine carries.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
