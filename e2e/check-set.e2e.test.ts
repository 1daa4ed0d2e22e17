import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a', 'b'], labelColumn: 'label' },
  classes: ['良品', '不良'],
  model: { template: 'mlp', hiddenUnits: [3] },
});
const ROWS = 60;

it('judges an agent’s updates on what genba-agent has exported', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'genba 確認用 '));
  const [taskFile, dataset] = [path.join(folder, 'task.json'), path.join(folder, '検査 結果.csv')];
  writeFileSync(taskFile, JSON.stringify(TASK));
  const rows = Array.from({ length: ROWS }, (_, row) => `${row},${row % 7},${row % 2 ? '良品' : '不良'}`);
  writeFileSync(dataset, `a,b,label\n${rows.join('\n')}\n`);
  const checkSet = path.join(folder, 'check set');
  const choices = ['--task-file', taskFile, '--dataset', dataset, '--to', checkSet];
  const said = execFileSync(process.execPath, [PROGRAMS.agent, 'export-check-set', ...choices], {
    encoding: 'utf8',
  });
  const examples = Number(/^(\d+) examples \(良品 \d+, 不良 \d+\)/.exec(said)?.[1]);
  expect(examples).toBeGreaterThan(5);
  expect(said).toContain(`--check-set "welds=${checkSet}"`);

  const aggregator = new Program(PROGRAMS.aggregator);
  const serve = ['--open-loopback', '--data', path.join(folder, 'server'), '--port', '0', '--task', taskFile];
  const line = await aggregator.start([...serve, '--check-set', `welds=${checkSet}`]);
  const plant = new SyncedPlant({
    dataFolder: path.join(folder, '大阪'),
    address: /http:\S+/.exec(line)![0],
    name: '大阪',
    taskId: TASK.id,
  });
  onTestFinished(async () => {
    plant.close();
    await aggregator.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await plant.ready();
  plant.train(1);
  plant.offer();
  await plant.installed(1);
  const applied = aggregator.log.find(({ msg }) => msg === 'update applied');
  const { before, after } = applied!.checkSet as { before: number; after: number };
  for (const accuracy of [before, after]) {
    expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(accuracy).toBeLessThanOrEqual(1);
    // A share of the examples that were exported.
    expect(Math.abs(accuracy * examples - Math.round(accuracy * examples))).toBeLessThan(1e-9);
  }
}, 90_000);
