import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const ROWS = 60_000;
/** Columns that the task does not use. */
const NOTE = 'x'.repeat(600);
/** Less than the file has: megabytes. */
const HEAP_MB = 24;

it('reads a file that is larger than the memory it may use', async () => {
  const { root } = temporaryFolder();
  const file = join(root, '大きい.csv');
  const handle = openSync(file, 'w');
  writeSync(handle, '温度,メモ,判定\n');
  const block = Array.from(
    { length: 1000 },
    (_, row) => `${row % 97},${NOTE},${row % 2 ? '良' : '不良'}\n`,
  ).join('');
  for (let written = 0; written < ROWS; written += 1000) writeSync(handle, block);
  closeSync(handle);
  const script = `
    const { loadDataset } = await import(${JSON.stringify(new URL('./dataset.ts', import.meta.url).href)});
    const { parseTask } = await import('@genba/shared/model/task');
    const input = { kind: 'table', columns: ['温度'], labelColumn: '判定' };
    const task = parseTask({ id: 'a', name: { en: 'a', ja: 'a' }, input, classes: ['良', '不良'], model: { template: 'mlp', hiddenUnits: [2] } });
    const { summary } = await loadDataset(${JSON.stringify(file)}, task);
    console.log(summary.training + summary.validation, summary.skipped);
  `;
  const args = [`--max-old-space-size=${HEAP_MB}`, '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(stdout.trim()).toBe(`${ROWS} 0`);
}, 120_000);
