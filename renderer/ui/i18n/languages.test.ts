import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { ja } from './ja.ts';
import { chooseLanguage } from './set-up.ts';

const RENDERER = fileURLToPath(new URL('../..', import.meta.url));
const PLURAL = /_(one|other)$/;
const languages: Record<string, Readonly<Record<string, string>>> = { en, ja };

const keysOf = (language: string) => [
  ...new Set(Object.keys(languages[language] ?? {}).map((key) => key.replace(PLURAL, ''))),
];

/** All code of both pages, without the sentences themselves and without tests. */
function readCode(): { path: string; text: string }[] {
  return ['desktop', 'demo', 'ui'].flatMap((folder) =>
    readdirSync(join(RENDERER, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$|\.d\.ts$/.test(path))
      .filter((path) => !/^i18n[/\\](screens[/\\].+\.)?(en|ja)\.ts$/.test(path))
      .map((path) => ({ path, text: readFileSync(join(RENDERER, folder, path), 'utf8') })),
  );
}

describe('the sentences', () => {
  it('exist in both languages', () => {
    expect(keysOf('ja').sort()).toEqual(keysOf('en').sort());
  });

  it('have every plural form their language needs', () => {
    const enPlurals = Object.keys(en).filter((key) => PLURAL.test(key));
    for (const key of enPlurals) {
      const base = key.replace(PLURAL, '');
      expect(enPlurals).toContain(`${base}_one`);
      expect(enPlurals).toContain(`${base}_other`);
      expect(Object.keys(ja)).toContain(`${base}_other`);
    }
    expect(Object.keys(ja).filter((key) => key.endsWith('_one'))).toEqual([]);
  });

  it('take the same values in both languages', () => {
    const values = (sentence: string | undefined) =>
      [...(sentence ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();
    for (const [key, sentence] of Object.entries(languages.ja ?? {})) {
      expect({ key, values: values(sentence) }).toEqual({ key, values: values(languages.en?.[key]) });
    }
  });

  it('are all used, and all that are used exist', () => {
    const code = readCode();
    expect(code.length).toBeGreaterThan(30);
    const literals = new Set(
      code.flatMap(({ text }) => [...text.matchAll(/'([a-zA-Z]+(?:\.[a-zA-Z]+)+)'/g)].map(([, key]) => key)),
    );
    const known = keysOf('en');
    expect(known.filter((key) => !literals.has(key))).toEqual([]);
    const asked = code.flatMap(({ text }) => [...text.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, key]) => key));
    expect(asked.length).toBeGreaterThan(60);
    expect(asked.filter((key) => key === undefined || !known.includes(key))).toEqual([]);
  });

  it('do not stand in the code', () => {
    const own = ['日本語', 'English'];
    const found = readCode().flatMap(({ path, text }) => {
      const withoutComments = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const words = [
        ...withoutComments.matchAll(/[\u3040-\u30ff\u4e00-\u9fff]+/g),
        // Words between tags: text that nobody translated.
        ...withoutComments.matchAll(
          /(?<=<(?:p|span|h1|h2|dt|dd|th|td|li|code|strong)(?: [^>]*)?>)\s*[A-Za-z]{2,}/g,
        ),
      ];
      return words.map(([word]) => `${path}: ${word.trim()}`);
    });
    expect(found.filter((entry) => !own.some((name) => entry.endsWith(name)))).toEqual([]);
  });
});

describe('chooseLanguage', () => {
  it('prefers what was chosen, then what is spoken, then Japanese', () => {
    expect(chooseLanguage('en', ['ja-JP'])).toBe('en');
    expect(chooseLanguage(null, ['de-DE', 'en-GB', 'ja'])).toBe('en');
    expect(chooseLanguage(null, ['JA'])).toBe('ja');
    expect(chooseLanguage('xx', ['de'])).toBe('ja');
    expect(chooseLanguage(null, [])).toBe('ja');
  });
});
