import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { weightLayout } from '@genba/shared/model/layout';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Agent } from '../agent.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { TEST_TASK } from '../testing/test-aggregator.ts';

const HOUR_MS = 3_600_000;
/** A month in `bench/` and in the end-to-end tests; hours and days are all alike, and each takes a second here. */
const DAYS = 7;
/** How far the clock goes before the network may answer, milliseconds: longer than the wait between two attempts. */
const STEP_MS = 60_000;

beforeEach(() => {
  const toFake = [
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'Date',
    'performance',
  ] as const;
  vi.useFakeTimers({ toFake: [...toFake], now: Date.parse('2026-11-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A port of this computer where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Gives a data folder a task, weights, and a round that waits to be sent. */
function keepRound(dataFolder: string): void {
  const database = openAgentDatabase(dataFolder);
  const client = new ClientStore(database);
  const { size } = weightLayout(TEST_TASK);
  client.saveTask(TEST_TASK);
  const first = { baseId: randomUUID(), globalVersion: 3, staleness: null, updateId: null };
  client.install({ ...first, weights: new Float32Array(size).fill(0.5) });
  client.commitRound({
    startWeights: client.weights()!,
    trainedWeights: new Float32Array(size).fill(0.7),
    examples: 10,
    ...{ loss: 1, validationAccuracy: 0.5, scores: null, durationMs: 1, backend: 'cpu' },
  });
  database.close();
}

it('is offline for a week and nothing else, and says little about it', async () => {
  const dataFolder = temporaryFolder().root;
  keepRound(dataFolder);
  const lines: string[] = [];
  let attempts = 0;
  const log = pino(
    { level: 'debug' },
    {
      write: (line: string) => {
        if (line.includes('ECONNREFUSED')) attempts += 1;
        // What is logged where nobody has asked for more.
        if ((JSON.parse(line) as { level: number }).level >= 30) lines.push(line);
      },
    },
  );
  const agent = new Agent({
    dataFolder,
    appVersion: '0.0.0',
    log,
    settings: {
      server: `ws://127.0.0.1:${await deadPort()}`,
      dataset: path.join(dataFolder, 'no data'),
      roundLimit: 1,
    },
  });
  const states = new Set<string>();
  const problems = new Set<string>();
  agent.start();
  try {
    for (let passedMs = 0; passedMs < DAYS * 24 * HOUR_MS; passedMs += STEP_MS) {
      vi.advanceTimersByTime(STEP_MS);
      // The sockets are real, and answer in the time of the computer.
      const before = attempts;
      for (let turn = 0; turn < 50 && attempts === before; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (passedMs % (10 * STEP_MS) !== 0) continue;
      const { network, problem } = agent.status();
      // The first attempt is under way for a moment.
      if (passedMs > 10 * STEP_MS) states.add(network.state);
      if (problem !== null) problems.add(problem.code);
    }
    expect(agent.status().queue).toMatchObject({ roundsWaiting: 1, updatesRefused: 0 });
  } finally {
    vi.useRealTimers();
    await agent.stop();
  }
  expect(attempts).toBeGreaterThan(DAYS * 24 * 20);
  expect([...states]).toEqual(['offline']);
  expect([...problems].filter((code) => !code.startsWith('dataset/'))).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(10);
}, 300_000);
