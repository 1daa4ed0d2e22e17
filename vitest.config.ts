import { configDefaults, defineConfig } from 'vitest/config';
import { CountReporter } from './tools/count-reporter.ts';

const EXCLUDED = [...configDefaults.exclude, '**/dist/**'];

export default defineConfig({
  test: {
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
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: EXCLUDED,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Whole products with trainers, windows and servers: one at a time is what a small machine carries.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
