import { expect, it } from 'vitest';
import { validationUnits } from './validation-units.ts';

it('keeps the groups of a split together', () => {
  const groups = ['lot 1', 'lot 2', 'lot 1', 'lot 3', 'lot 2'];
  expect(validationUnits({ groups }, [0, 2, 3, 4])).toEqual([0, 0, 1, 2]);
});

it('cuts what has a time into stretches, in the order of time', () => {
  const moments = Array.from({ length: 20 }, (_, place) => 100 - place);
  const units = validationUnits({ moments }, [...moments.keys()])!;
  // Two each; the last in the file is the oldest.
  expect(units.slice(0, 4)).toEqual([9, 9, 8, 8]);
  expect(units.slice(-2)).toEqual([0, 0]);
});

it('cuts windows of a series into stretches, in the order of the file', () => {
  const overlaps = { series: [[0, 1, 2, 3, 4]], reach: 1 };
  expect(validationUnits({ overlaps }, [1, 2, 3, 4])).toEqual([0, 2, 5, 7]);
});

it('leaves each by itself where nothing is said', () => {
  expect(validationUnits({}, [0, 1, 2])).toBeNull();
});
