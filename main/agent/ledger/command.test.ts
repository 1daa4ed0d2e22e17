import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { LEDGER_PAGE_ENTRIES } from '@genba/shared/local-api/ledger';
import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { EXIT_CODES, EXIT_USAGE } from '../exit-codes.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { Ledger } from '../store/ledger.ts';
import { Outbox } from '../store/outbox.ts';
import { LEDGER_WORDS } from './words.ts';

const CLI = path.join(import.meta.dirname, '../cli.ts');
/** More than a page. */
const DELIVERIES = LEDGER_PAGE_ENTRIES + 3;

let root: string;
let data: string;

beforeEach(() => {
  root = temporaryFolder().root;
  data = path.join(root, '検査 ライン 2', 'data');
  const database = openAgentDatabase(data);
  const client = new ClientStore(database);
  const first = { baseId: 'b1', globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: Float32Array.of(0) });
  const figures = { loss: 1, validationAccuracy: null, scores: null, durationMs: 1, backend: 'cpu' };
  client.commitRound({
    startWeights: client.weights()!,
    trainedWeights: Float32Array.of(1),
    examples: 10,
    ...figures,
  });
  const { updateId } = new Outbox(database).next()!;
  // One delivery a day from 1 January 2026 on.
  for (let day = 1; day <= DELIVERIES; day++) {
    const ledger = new Ledger(database, () => new Date(2026, 0, day, 12));
    const to = { channel: 'network', peer: 'wss://集約.example:8600', taskId: 'welds' } as const;
    ledger.record({ ...to, updateId, plannedBytes: 1000 });
  }
  database.close();
});

function launch(...args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function ledger(...args: readonly string[]) {
  const child = launch('ledger', '--data', data, ...args);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text) => {
      output[stream] += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...output };
}

async function agentRuns(): Promise<void> {
  const child = launch('--data', data, '--log-level', 'silent');
  await once(createInterface({ input: child.stdout }), 'line');
}

describe('genba-agent ledger', () => {
  it.each([
    ['while the agent runs', agentRuns],
    ['while it does not', () => Promise.resolve()],
  ])('shows everything that left, %s', async (_, prepare) => {
    await prepare();
    const { exitCode, stdout, stderr } = await ledger('--lang', 'ja');
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout.match(/ネットワーク → wss:\/\/集約/g)).toHaveLength(DELIVERIES);
    expect(stdout).toContain(`合計 ${DELIVERIES} 件、${DELIVERIES},000 バイト。`);
  });

  it('shows some days only, the last one whole', async () => {
    const { stdout } = await ledger('--lang', 'en', '--since', '2026-01-03', '--until', '2026-01-04');
    expect(stdout).toContain('2026-01-03 12:00:00');
    expect(stdout).toContain('2026-01-04 12:00:00');
    expect(stdout).toContain('2 deliveries, 2,000 bytes in all.');
  });

  it('writes a table for spreadsheets into a folder with spaces and Japanese', async () => {
    const file = path.join(root, '検査 ライン 2', '送信 記録.csv');
    expect(await ledger('--csv', file, '--lang', 'ja')).toMatchObject({
      exitCode: 0,
      stdout: `${LEDGER_WORDS.ja.exported(DELIVERIES, file)}\n`,
    });
    expect(parse(readFileSync(file, 'utf8'), { bom: true })).toHaveLength(DELIVERIES + 1);
  });

  it('names a table that cannot be written', async () => {
    const { exitCode, stderr } = await ledger('--csv', path.join(root, 'missing', 'ledger.csv'));
    expect(exitCode).toBe(EXIT_CODES['ledger/file-not-writable']);
    expect(stderr).toContain(ERROR_CATALOGUE['ledger/file-not-writable'].ja);
  });

  it('refuses what is no day', async () => {
    const { exitCode, stderr } = await ledger('--since', '2026-02-30');
    expect(exitCode).toBe(EXIT_USAGE);
    expect(stderr).toContain('a day such as 2026-11-26');
  });
});
