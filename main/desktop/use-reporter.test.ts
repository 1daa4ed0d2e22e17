import type { LocalApiEndpoint, LocalCommand } from '@genba/shared/local-api/messages';
import { describe, expect, it } from 'vitest';
import { UseReporter } from './use-reporter.ts';

const ENDPOINT: LocalApiEndpoint = { pid: 1, address: 'http://127.0.0.1:1', token: 'ab'.repeat(32) };

function reporter(find: () => Promise<LocalApiEndpoint | null>, isRefused = false) {
  const asked: LocalCommand[] = [];
  const reporting = new UseReporter({
    find,
    ask: async (_, command) => {
      asked.push(command);
      if (isRefused) throw new Error('no');
    },
    idleSeconds: () => 42,
    isOnBattery: () => true,
  });
  return { reporting, asked };
}

describe('UseReporter', () => {
  it('tells the agent', async () => {
    const { reporting, asked } = reporter(async () => ENDPOINT);
    await reporting.report();
    expect(asked).toEqual([{ id: 1, command: 'report-use', idleSeconds: 42, isOnBattery: true }]);
  });

  it('tells nobody where no agent runs', async () => {
    const { reporting, asked } = reporter(async () => null);
    await reporting.report();
    expect(asked).toEqual([]);
  });

  it('lives on where the agent does not listen, or the data folder cannot be read', async () => {
    await reporter(async () => ENDPOINT, true).reporting.report();
    await reporter(() => Promise.reject(new Error('EACCES'))).reporting.report();
  });
});
