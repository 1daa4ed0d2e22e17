import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { describe, expect, it } from 'vitest';
import { launch, listen, openLoopback } from '../testing/command.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const SAMPLE_TASK = join(import.meta.dirname, '..', 'tasks', 'mnist.json');

function run(...args: string[]) {
  return launch(args).ended;
}

describe('genba-aggregator', () => {
  it('reports, lists and exports from a folder while a server has it', async () => {
    const data = await temporaryFolder();
    await listen(['serve', ...openLoopback(data, SAMPLE_TASK)]);
    const verified = await run('verify', '--data', data);
    expect(verified.exitCode).toBe(0);
    const [head] = (await run('audit', '--data', data, '--head')).stdout.split('\n');
    const lines = [
      'Task mnist: version 0',
      '1 weight file sound, 203.6 kB',
      `Audit record: head ${head}`,
      'Sound.',
    ];
    expect(verified.stdout).toBe(`${lines.join('\n')}\n`);
    const listed = await run('versions', '--data', data, '--task', 'mnist');
    expect(listed.stdout).toMatch(/│ +0 │ \d{4}-\d\d-\d\dT[\d:.]+Z │ +0 │ – +│ [0-9a-f]{64} │/);
    const to = join(await temporaryFolder(), 'モデル');
    const exported = await run('export', '--data', data, '--task', 'mnist', '--version', '0', '--to', to);
    expect(exported).toMatchObject({ exitCode: 0, stdout: `Version 0 of mnist written: ${to}\n` });
    expect((await readdir(to)).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('ends with the exit code of damage, and names it', async () => {
    const data = await mergedFolder();
    await rm(join(data, 'weights'), { recursive: true });
    const { exitCode, stdout, stderr } = await run('verify', '--data', data);
    expect(exitCode).toBe(17);
    expect(stdout.match(/^DAMAGED: weights [0-9a-f]{64} \(task small\): missing$/gm)).toHaveLength(5);
    expect(stdout).toMatch(/\n5 problems\.\n$/);
    for (const language of ['en', 'ja'] as const) {
      expect(stderr).toContain(ERROR_CATALOGUE['store/damaged'][language]);
    }
  });

  it('compacts', async () => {
    const data = await mergedFolder();
    const { exitCode, stdout } = await run('compact', '--data', data);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^0 weight files removed, 0 bytes\nCatalogue: [\d.]+ kB before, [\d.]+ kB now\n$/);
  });

  it.each([
    ['restore', '--data', 'x'],
    ['export', '--data', 'x', '--task', 'y', '--to', 'z', '--version', '-1'],
    ['export', '--data', 'x', '--task', 'y', '--to', 'z', '--format', 'onnx'],
    ['erase', '--data', 'x'],
  ])('refuses a wrong command line: %s', async (...args) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });

  it('names each error by its exit code', async () => {
    const data = await mergedFolder();
    const full = await temporaryFolder();
    await writeFile(join(full, 'file'), '');
    const codes: [number, string[]][] = [
      [19, ['verify', '--data', full]],
      [20, ['versions', '--data', data, '--task', 'nobody']],
      [21, ['export', '--data', data, '--task', 'small', '--version', '9', '--to', join(full, 'x')]],
      [23, ['backup', '--data', data, '--to', full]],
      [24, ['backup', '--data', data, '--to', join(full, 'file', 'below')]],
    ];
    for (const [expected, args] of codes) {
      const { exitCode, stdout } = await run(...args);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: expected, stdout: '' });
    }
  });
});
