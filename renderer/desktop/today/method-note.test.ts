import { expect, it } from 'vitest';
import { en } from '../../ui/i18n/en.ts';
import { ja } from '../../ui/i18n/ja.ts';
import { methodNote } from './method-note.ts';

it.each(['tensorflow', 'webgpu', 'wasm', 'cpu'] as const)(
  'says that %s was asked for, not that nothing else runs',
  (name) => {
    const note = methodNote({ name, isRequested: true, note: null });
    expect(en[note]).toBe('Chosen in the settings. The results are just as good with every method.');
    expect(ja[note]).toMatch(/^設定で指定された方式です。/);
  },
);

it.each([
  ['tensorflow', /fastest/],
  ['webgpu', /graphics card/],
  ['wasm', /native library cannot run/],
  ['cpu', /No faster method runs/],
] as const)('says why the agent chose %s', (name, words) => {
  expect(en[methodNote({ name, isRequested: false, note: null })]).toMatch(words);
});
