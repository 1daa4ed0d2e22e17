import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { REFUSED_PAGE } from '@genba/shared/local-api/refused-updates';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './dataset/temporary-folder.ts';
import { ClientStore } from './store/client-store.ts';
import { openAgentDatabase } from './store/database.ts';
import { Outbox } from './store/outbox.ts';

const CLI = path.join(import.meta.dirname, 'cli.ts');
/** More than a page. */
const REFUSED = REFUSED_PAGE + 1;

function dataFolder(): string {
  const data = path.join(temporaryFolder().root, '検査 ライン 2', 'data');
  const database = openAgentDatabase(data);
  database.pragma('synchronous = OFF');
  const client = new ClientStore(database);
  const outbox = new Outbox(database);
  const first = { baseId: 'b1', globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: Float32Array.of(0) });
  const figures = { loss: 1, validationAccuracy: null, scores: null, durationMs: 1, backend: 'cpu' };
  for (let update = 0; update <= REFUSED; update++) {
    const startWeights = client.weights()!;
    client.commitRound({
      startWeights,
      trainedWeights: startWeights.map((w) => w + 1),
      examples: 1,
      ...figures,
    });
    if (update < REFUSED) outbox.markRefused(outbox.next()!.updateId, 'update/not-finite');
  }
  database.close();
  return data;
}

function launch(...args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

it.each([true, false])(
  'genba-agent outbox tells what was refused and why, agent running: %s',
  async (runs) => {
    const data = dataFolder();
    if (runs)
      await once(createInterface({ input: launch('--data', data, '--log-level', 'silent').stdout }), 'line');
    const child = launch('outbox', '--data', data);
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    // What was learnt in refused updates is in the weights and goes with the next one.
    expect(stdout).toContain(`Rounds waiting / 送信待ちの学習: ${REFUSED + 1}\n`);
    expect(stdout).toContain(`Updates refused / 受け付けられなかった更新: ${REFUSED}\n`);
    for (const language of ['en', 'ja'] as const) {
      expect(stdout.split(ERROR_CATALOGUE['update/not-finite'][language])).toHaveLength(REFUSED + 1);
    }
  },
);
