import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addShift } from '@genba/shared/federation/shift';
import { parseTask } from '@genba/shared/model/task';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'label' },
  classes: ['良品', '不良'],
  model: { template: 'mlp', hiddenUnits: [5] },
});
/** Far beyond the start weights, which is all that counts while there is no history. */
const ABSURD = 1000;
const DEADLINE_MS = 30_000;

it('holds an agent’s update, lets it go on, and brings it back to an older version with its unsent progress', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba 隔離 '));
  const aggregator = new Program(PROGRAMS.aggregator);
  const data = path.join(folder, 'aggregator');
  const taskFile = path.join(folder, 'task.json');
  writeFileSync(taskFile, JSON.stringify(TASK));
  const line = await aggregator.start(['--open-loopback', '--data', data, '--port', '0', '--task', taskFile]);
  const address = /http:\S+/.exec(line)![0];
  const plant = new SyncedPlant({
    dataFolder: path.join(folder, '大阪'),
    address,
    name: '大阪',
    taskId: TASK.id,
  });
  onTestFinished(async () => {
    plant.close();
    await aggregator.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const operate = (...args: string[]) =>
    execFileSync(process.execPath, [PROGRAMS.aggregator, ...args, '--data', data], { encoding: 'utf8' });
  await plant.ready();
  plant.train(1);
  plant.offer();
  await plant.installed(1);

  plant.train(2, ABSURD);
  plant.offer();
  await expect.poll(() => plant.outbox.held()?.reason, { timeout: DEADLINE_MS }).toBe('norm');
  // It keeps training, over a restart, too, and its receipt.
  plant.close();
  plant.open();
  await plant.ready();
  expect(plant.outbox.held()).toMatchObject({ reason: 'norm' });
  const sent = plant.client.weights()!;
  plant.train(3);
  const trained = plant.client.weights()!;
  plant.offer();
  expect(plant.outbox.figures()).toMatchObject({ updatesWaiting: 1, updatesDelivered: 2 });

  // Dropped: only what it has learnt since stays, and is sent then.
  expect(operate('quarantine', 'drop', '--all')).toContain('大阪 dropped');
  await plant.installed(2);
  expect(plant.outbox.held()).toBeNull();
  const largest = Math.max(...plant.client.weights()!.map(Math.abs));
  expect(largest).toBeLessThan(10);
  expect(Math.max(...sent.map(Math.abs))).toBeGreaterThan(10);
  expect(trained).not.toEqual(sent);

  // Back to the first version, with a round that was never sent.
  const start = plant.client.weights()!;
  plant.train(4);
  const unsent = plant.client.weights()!;
  expect(operate('rollback', '--task', TASK.id, '--version', '0', '--yes')).toContain('Version 3');
  await expect
    .poll(() => plant.client.base()!.globalVersion, { timeout: DEADLINE_MS })
    .toBeGreaterThanOrEqual(3);
  const exported = path.join(folder, 'model');
  operate('export', '--task', TASK.id, '--version', '0', '--to', exported);
  const bytes = readFileSync(path.join(exported, 'weights.bin'));
  const oldGlobal = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
  expect(plant.client.weights()).toEqual(addShift(unsent, start, oldGlobal));
}, 90_000);
