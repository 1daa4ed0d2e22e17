import { describe, expect, it } from 'vitest';
import { findClasses } from './find-classes.ts';

const CLASSES = ['良品', 'キズ', '汚れ', 'Ｓクラス', '深いキズ', 'scratch', 'エアー跡'];

describe('classes found by their names', () => {
  it.each([
    ['', CLASSES],
    ['  ', CLASSES],
    ['キズ', ['キズ', '深いキズ']],
    ['きず', ['キズ', '深いキズ']],
    ['ｷｽﾞ', ['キズ', '深いキズ']],
    ['えあー', ['エアー跡']],
    ['s', ['Ｓクラス', 'scratch']],
    ['ＳＣ', ['scratch']],
    ['れ', ['汚れ']],
    ['無い', []],
  ])('%s', (written, names) => {
    expect(findClasses(CLASSES, written).map(({ name }) => name)).toEqual(names);
  });

  it('keep their place, by which they have their key', () => {
    expect(findClasses(CLASSES, '深い')).toEqual([{ name: '深いキズ', index: 4 }]);
  });
});
