import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeIfAvailable, useSwiftShader } from '../tools/requirements.ts';

const BENCH = join(import.meta.dirname, '../bench/gpu-training.ts');

interface Row {
  readonly model: string;
  readonly way: string;
  readonly 'examples/s': number;
  readonly 'times native on the processor': number;
}

function bench(...choices: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...choices], { encoding: 'utf8' });
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { rows: Row[]; missing: string[] };
  return { status, stdout, stderr, ...result };
}

describeIfAvailable('webgpu', 'the benchmark of graphics cards', () => {
  useSwiftShader();
  describeIfAvailable('native-tensorflow', 'beside native TensorFlow', () => {
    it('measures nothing on what only imitates a card, and says what to do', { timeout: 180_000 }, () => {
      const { status, rows, missing, stderr } = bench('--models', 'lenet');
      expect(status).toBe(2);
      expect(rows).toEqual([]);
      expect(missing.join(' ')).toMatch(/WebGPU: .+/);
      expect(stderr).toContain('No graphics card was found that calculates.');
      expect(stderr).toMatch(/Next: install the driver/);
    });

    it('runs on an imitated card where that is allowed', { timeout: 300_000 }, () => {
      const { status, rows, stdout } = bench('--allow-imitated', '--turns', '1');
      expect(status).toBe(0);
      expect(stdout).toContain('which say nothing about cards');
      expect(rows.map(({ model, way }) => [model, way])).toEqual(
        ['LeNet-5, tiny', 'VGG-11, tiny'].flatMap((model) => [
          [model, 'native, processor'],
          [model, 'WebGPU'],
        ]),
      );
      for (const row of rows) {
        expect(row['examples/s']).toBeGreaterThan(0);
        const times = row['times native on the processor'];
        if (row.way === 'WebGPU') expect(times).toBeGreaterThan(0);
        else expect(times).toBe(1);
      }
    });
  });
});
