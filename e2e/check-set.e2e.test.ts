import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseTask, type Task } from '@genba/shared/model/task';
import { expect, it, onTestFinished } from 'vitest';
import { PROGRAMS, Program } from './program.ts';
import { SyncedPlant } from './synced-plant.ts';

const COMMON = {
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a', 'b'], labelColumn: 'label' },
  model: { template: 'mlp', hiddenUnits: [3] },
};
const CLASSES = parseTask({ ...COMMON, classes: ['良品', '不良'] });
const NUMBER = parseTask({ ...COMMON, objective: { kind: 'regression', range: [0, 60], unit: 'mm' } });
const ANOMALY = parseTask({
  ...COMMON,
  classes: ['良品', '不良'],
  objective: { kind: 'anomaly' },
  model: { template: 'autoencoder', hiddenUnits: [1] },
});
const ROWS = 60;

it.each<[metric: string, task: Task, label: (row: number) => string, counts: RegExp]>([
  ['accuracy', CLASSES, (row) => (row % 2 ? '良品' : '不良'), / \(良品 \d+, 不良 \d+\):/],
  ['r-squared', NUMBER, (row) => `${row / 2}`, /examples:/],
  ['separation', ANOMALY, (row) => (row % 5 ? '良品' : '不良'), / \(良品 \d+, 不良 \d+\):/],
])(
  'judges an agent’s updates by %s on what genba-agent has exported',
  async (metric, task, label, counts) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'genba 確認用 '));
    const [taskFile, dataset] = [path.join(folder, 'task.json'), path.join(folder, '検査 結果.csv')];
    writeFileSync(taskFile, JSON.stringify(task));
    const rows = Array.from({ length: ROWS }, (_, row) => `${row},${row % 7},${label(row)}`);
    writeFileSync(dataset, `a,b,label\n${rows.join('\n')}\n`);
    const checkSet = path.join(folder, 'check set');
    const choices = ['--task-file', taskFile, '--dataset', dataset, '--to', checkSet];
    const said = execFileSync(process.execPath, [PROGRAMS.agent, 'export-check-set', ...choices], {
      encoding: 'utf8',
    });
    const examples = Number(/^(\d+) examples/.exec(said)?.[1]);
    expect(examples).toBeGreaterThanOrEqual(5);
    expect(said).toMatch(counts);
    expect(said).toContain(`--check-set "welds=${checkSet}"`);

    const aggregator = new Program(PROGRAMS.aggregator);
    const serve = [
      '--open-loopback',
      '--data',
      path.join(folder, 'server'),
      '--port',
      '0',
      '--task',
      taskFile,
    ];
    const line = await aggregator.start([...serve, '--check-set', `welds=${checkSet}`]);
    const plant = new SyncedPlant({
      dataFolder: path.join(folder, '大阪'),
      address: /http:\S+/.exec(line)![0],
      name: '大阪',
      taskId: task.id,
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
    const change = applied!.checkSet as { metric: string; before: number; after: number };
    expect(change.metric).toBe(metric);
    for (const score of [change.before, change.after]) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      // A share of the examples that were exported.
      if (metric === 'accuracy')
        expect(Math.abs(score * examples - Math.round(score * examples))).toBeLessThan(1e-9);
    }
  },
  90_000,
);
