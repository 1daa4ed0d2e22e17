import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { screeningSchema } from '../federation/screening/settings.ts';
import { parseTask, type Task, updateEncodingOf } from './task.ts';

const PAGE = readFileSync(new URL('../../docs/TASKS.md', import.meta.url), 'utf8');

/** The example tasks of docs/TASKS.md. */
const EXAMPLES = [...PAGE.matchAll(/```json\n(.*?)```/gs)]
  .map(([, text]) => JSON.parse(text!) as { readonly id?: string; readonly input?: { kind?: string } })
  .filter(({ id }) => id !== undefined);

it('shows a task of each kind of input', () => {
  expect(EXAMPLES.map(({ input }) => input?.kind)).toEqual(['image', 'series', 'table']);
});

it.each(EXAMPLES)('shows the valid task $id', (example) => {
  expect(parseTask(example)).toMatchObject(example);
});

it('tells the defaults that a task really gets', () => {
  const task = parseTask({
    id: 'defaults',
    name: { en: 'Defaults', ja: '既定値' },
    input: { kind: 'image', width: 8, height: 8, channels: 1 },
    classes: ['0', '1'],
    model: { template: 'mlp', hiddenUnits: [] },
  });
  const { training, federation, seed, model } = task;
  const { batchNormalisation } = model as Extract<Task['model'], { template: 'mlp' }>;
  const screening = screeningSchema.parse({});
  for (const [field, value] of Object.entries({
    ...training,
    ...federation,
    ...screening,
    seed,
    updateEncoding: updateEncodingOf(task),
    batchNormalisation,
  })) {
    const row = new RegExp(`^\\| \`${field}\` \\|.*\\| \`(.+?)\` \\|`, 'm').exec(PAGE);
    expect(JSON.parse(row?.[1] ?? 'null'), field).toEqual(value);
  }
});
