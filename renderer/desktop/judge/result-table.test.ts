import type { JudgedItem } from '@genba/shared/local-api/judging';
import { expect, it } from 'vitest';
import { resultTable } from './result-table.ts';

const HEAD = ['t', 'file', 'line', 'series', 'result', 'unit', 'share', 'reason'];
const at = '2026-11-26T08:00:00.000Z';
const item = (more: Partial<JudgedItem>): JudgedItem => ({
  name: 'a.png',
  line: null,
  series: null,
  verdict: null,
  problem: null,
  ...more,
});

it('is a table that Excel reads, whatever files and classes are called', () => {
  const table = resultTable(HEAD, [
    {
      at,
      item: item({
        name: '部品,1.png',
        verdict: {
          kind: 'class',
          className: '良品',
          certainty: 0.98765,
          isGood: true,
          score: 0.01,
          threshold: null,
        },
      }),
      reason: '',
    },
    {
      at,
      item: item({
        name: '=1+1.csv',
        line: 3,
        series: 'No."7"',
        verdict: { kind: 'number', value: -1.5, unit: 'mm' },
      }),
      reason: '',
    },
    {
      at,
      item: item({
        verdict: { kind: 'anomaly', isUnusual: true, className: 'NG', score: 2.25, threshold: 2 },
      }),
      reason: '',
    },
    { at, item: item({}), reason: 'unreadable' },
  ]);
  expect(table.startsWith('\uFEFF')).toBe(true);
  expect(table.slice(1).split('\r\n')).toEqual([
    't,file,line,series,result,unit,share,reason',
    `${at},"部品,1.png",,,良品,,0.9877,`,
    `${at},'=1+1.csv,3,"No.""7""",-1.5,mm,,`,
    `${at},a.png,,,NG,,2.25,`,
    `${at},a.png,,,,,,unreadable`,
    '',
  ]);
});
