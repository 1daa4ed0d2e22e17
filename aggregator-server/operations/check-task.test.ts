import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it } from 'vitest';
import { launch } from '../testing/command.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { demandsOf } from './check-task.ts';

const SAMPLE_TASK = join(import.meta.dirname, '..', 'tasks', 'mnist.json');

const TASK = {
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  input: { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'd' },
  classes: ['good', 'bad'],
  model: { template: 'mlp', hiddenUnits: [4], batchNormalisation: true },
  training: { batchSize: 10 },
};

describe('what a task asks for', () => {
  it('is what a hand counts', () => {
    // 3·4 + 4, four vectors of 4, 4·2 + 2; three copies, and 10 examples of 4 + 4 + 2 outputs with their gradients.
    expect(demandsOf(parseTask(TASK))).toMatchObject({
      layers: [
        { name: 'hidden1', kind: 'dense', outputs: [4], weights: 16 },
        { name: 'normalisation1', kind: 'batchNormalization', outputs: [4], weights: 16 },
        { name: 'logits', kind: 'dense', outputs: [2], weights: 10 },
      ],
      weights: 42,
      keptByPlants: 16,
      updateBytes: 168,
      replyBytes: 168,
      trainingBytes: 4 * (3 * 42 + 2 * 10 * 10),
    });
    const { trainingBytes } = demandsOf(parseTask({ ...TASK, training: { batchSize: 10, momentum: 0.9 } }));
    expect(trainingBytes).toBe(4 * (4 * 42 + 2 * 10 * 10));
  });
});

describe('genba-aggregator check-task', () => {
  it('tells it of a file, and prints the task whole where asked to', async () => {
    const said = await launch(['check-task', SAMPLE_TASK]).ended;
    expect(said.exitCode).toBe(0);
    expect(said.stdout).toMatch(/^Task mnist is valid: mlp, 50,890 weights\.\n/);
    expect(said.stdout).toContain('An update: 203.6 kB (float32). A reply: 203.6 kB.');
    const { stdout } = await launch(['check-task', SAMPLE_TASK, '--print']).ended;
    expect(JSON.parse(stdout)).toEqual(parseTask(JSON.parse(await readFile(SAMPLE_TASK, 'utf8'))));
  });

  it('names what is wrong, in both languages, with an exit code of its own', async () => {
    const path = join(await temporaryFolder(), '課題.json');
    await writeFile(path, JSON.stringify({ ...TASK, classes: ['good'] }));
    const { exitCode, stdout, stderr } = await launch(['check-task', path]).ended;
    expect(exitCode).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('classes: at least two');
  });
});
