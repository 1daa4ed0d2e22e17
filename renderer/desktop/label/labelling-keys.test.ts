import { describe, expect, it } from 'vitest';
import { type KeyPress, keyOfClass, labellingKey } from './labelling-keys.ts';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  repeat: false,
  isComposing: false,
  ...more,
});

describe('a key press while labelling', () => {
  it.each([
    ['1', 0],
    ['9', 8],
    ['１', 0],
    ['９', 8],
    ['a', 9],
    ['A', 9],
    ['ａ', 9],
    ['y', 33],
  ])('%s names a class', (key, index) => {
    expect(labellingKey(press(key))).toEqual({ kind: 'class', index });
  });

  it('is known by its place where an input method keeps the sign', () => {
    expect(labellingKey(press('Process', { code: 'Digit3', isComposing: true }))).toEqual({
      kind: 'class',
      index: 2,
    });
    expect(labellingKey(press('Process', { code: 'Numpad7' }))).toEqual({ kind: 'class', index: 6 });
    expect(labellingKey(press('Process', { code: 'KeyB' }))).toEqual({ kind: 'class', index: 10 });
    expect(labellingKey(press('Process', { code: 'KeyZ' }))).toEqual({ kind: 'undo' });
    expect(labellingKey(press('Process', { code: 'Space' }))).toBeNull();
  });

  it.each([
    ['Enter', {}, 'confirm'],
    ['z', {}, 'undo'],
    ['Z', { shiftKey: true }, 'undo'],
    ['ｚ', {}, 'undo'],
    ['z', { ctrlKey: true }, 'undo'],
    ['z', { metaKey: true }, 'undo'],
    ['Backspace', {}, 'undo'],
    ['ArrowRight', {}, 'next'],
    ['ArrowLeft', {}, 'previous'],
    ['/', {}, 'find'],
    ['／', {}, 'find'],
  ] as const)('%s with %o asks for %s', (key, more, kind) => {
    expect(labellingKey(press(key, more))).toEqual({ kind });
  });

  it.each([
    ['0', {}],
    ['あ', {}],
    ['a', { ctrlKey: true }],
    ['1', { ctrlKey: true }],
    ['1', { altKey: true }],
    ['1', { repeat: true }],
    ['z', { ctrlKey: true, shiftKey: true }],
    ['Enter', { isComposing: true }],
    ['Tab', {}],
  ])('%s with %o means nothing', (key, more) => {
    expect(labellingKey(press(key, more))).toBeNull();
  });
});

it('is another one for each class, and none of them takes back', () => {
  const keys = Array.from({ length: 34 }, (_, index) => keyOfClass(index)!);
  expect(new Set(keys).size).toBe(34);
  expect(keys).not.toContain('Z');
  for (const [index, key] of keys.entries()) {
    expect(labellingKey(press(key))).toEqual({ kind: 'class', index });
  }
  expect(keyOfClass(34)).toBeNull();
});
