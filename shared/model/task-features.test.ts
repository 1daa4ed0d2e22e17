import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseTask } from './task.ts';
import { FEATURE_SINCE, featuresOf, firstVersionWith, TASK_FEATURES } from './task-features.ts';
import { taskFields } from './task-fields.ts';

const beside = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as unknown;
const { version } = beside('../../package.json') as { readonly version: string };

/** A part of a JSON schema. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

/** All fields of a task by path, with the choices of those that have some. */
function pathsOf({ properties = {}, oneOf = [], anyOf = [] }: Schema, prefix: string): string[] {
  const own = Object.entries(properties).flatMap(([key, field]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const choices = field.const === undefined ? field.enum?.join('|') : String(field.const);
    return [choices === undefined ? path : `${path}=${choices}`, ...pathsOf(field, path)];
  });
  const variants = [...oneOf, ...anyOf].flatMap((variant) => {
    const tag = Object.values(variant.properties ?? {}).find((field) => field.const !== undefined)?.const;
    return pathsOf(variant, tag === undefined ? prefix : `${prefix}[${tag}]`);
  });
  return [...own, ...variants];
}

const TASK = {
  id: 'parts',
  name: { en: 'Parts', ja: '部品' },
  input: { kind: 'image', width: 8, height: 8, channels: 1 },
  classes: ['良品', '不良'],
  model: { template: 'mlp', hiddenUnits: [] },
};

it('says what a task asks of a program, what is left out included', () => {
  expect(featuresOf(parseTask(TASK))).toEqual([
    'template/mlp',
    'input/image',
    'objective/classification',
    'split/example',
    'strategy/orthofl',
  ]);
  const task = parseTask({
    ...TASK,
    objective: { kind: 'anomaly' },
    split: { by: 'folder' },
    model: { template: 'conv-autoencoder', filters: [4] },
    training: { augmentation: { flip: 'both' } },
    federation: { strategy: 'fedbuff' },
    screening: {},
    updateEncoding: 'int8',
  });
  expect(featuresOf(task)).toEqual([
    'template/conv-autoencoder',
    'input/image',
    'objective/anomaly',
    'split/folder',
    'strategy/fedbuff',
    'augmentation',
    'screening',
    'update-encoding',
  ]);
});

it('has a name for every field, so that no older program is sent what it does not know', () => {
  const schema = z.toJSONSchema(taskFields, { io: 'input' }) as Schema;
  const known = beside('known-fields.json') as Readonly<Record<string, readonly string[]>>;
  const unnamed = pathsOf(schema, '').filter((path) => !Object.values(known).flat().includes(path));
  // Where this fails: give the new field a name in FEATURE_SINCE and featuresOf, unless its template, kind or strategy is as
  // new, and put its path into known-fields.json under the version that brings it.
  expect(unnamed).toEqual([]);
  for (const path of Object.values(known).flat()) expect(pathsOf(schema, '')).toContain(path);
  for (const since of [...Object.keys(known), ...Object.values(FEATURE_SINCE)]) {
    expect(firstVersionWith(['field', 'now'], { field: since, now: version })).toBe(version);
  }
});

it('has names that a hello may carry', () => {
  for (const name of TASK_FEATURES) expect(name).toMatch(/^[a-z0-9][a-z0-9./-]{0,63}$/);
});

it('tells which version is the first to know all of something', () => {
  const since = { a: '0.2.0', b: '0.10.1', c: '0.10.0', d: '1.0.0' };
  expect(firstVersionWith(['a'], since)).toBe('0.2.0');
  expect(firstVersionWith(['a', 'b', 'c'], since)).toBe('0.10.1');
  expect(firstVersionWith(['d', 'b'], since)).toBe('1.0.0');
});
