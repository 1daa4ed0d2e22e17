import type { LedgerEntry } from '@genba/shared/local-api/ledger';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { ledgerCsv, ledgerText } from './ledger-text.ts';
import { LEDGER_COLUMNS, LEDGER_WORDS } from './words.ts';

const COMPLETE: LedgerEntry = {
  entryId: 1,
  startedAt: new Date(2026, 10, 26, 9, 0, 5).toISOString(),
  endedAt: new Date(2026, 10, 26, 9, 1).toISOString(),
  channel: 'network',
  peer: 'wss://集約.example:8600',
  taskId: 'welds',
  content: 'update',
  updateId: 'u1',
  rounds: 3,
  firstRound: 4,
  lastRound: 6,
  firstByte: 0,
  plannedBytes: 400_000,
  sentBytes: 400_000,
  outcome: 'complete',
};
const STOPPED: LedgerEntry = {
  ...COMPLETE,
  entryId: 2,
  firstByte: 1000,
  plannedBytes: 5000,
  sentBytes: 2000,
  outcome: 'unknown',
};
const BROKEN: LedgerEntry = { ...STOPPED, entryId: 3, sentBytes: 3000, outcome: 'broken-off' };

/** The rows of an exported table by its own reading, without the mark that opens it. */
const rowsOf = (csv: string): string[][] => parse(csv, { bom: true });

describe('the ledger in a terminal', () => {
  it('says in English what left, with the least and the most where that is not known', () => {
    expect(ledgerText([COMPLETE, STOPPED, BROKEN], null, 'en').split('\n')).toEqual([
      '2026-11-26 09:00:05  complete  400,000 bytes',
      '    network → wss://集約.example:8600  update, 3 rounds 4–6',
      '2026-11-26 09:00:05  this PC stopped in the middle  2,000 to 5,000 bytes (goes on at byte 1,000)',
      '    network → wss://集約.example:8600  update, 3 rounds 4–6',
      '2026-11-26 09:00:05  broken off  3,000 bytes (goes on at byte 1,000)',
      '    network → wss://集約.example:8600  update, 3 rounds 4–6',
      '3 deliveries, 405,000 to 408,000 bytes in all.',
      LEDGER_WORDS.en.meaning,
    ]);
  });

  it('says the same in Japanese', () => {
    const file: LedgerEntry = {
      ...COMPLETE,
      channel: 'file',
      peer: 'E:\\更新.genba',
      firstRound: 6,
      rounds: 1,
    };
    expect(ledgerText([file], COMPLETE.startedAt, 'ja').split('\n')).toEqual([
      '2026-11-26 09:00:05  完了  400,000 バイト',
      '    ファイル → E:\\更新.genba  更新、学習 1 回分（第 6 回）',
      '合計 1 件、400,000 バイト。',
      '送信の記録は 2026-11-26 09:00:05 からです。それより前に送ったものは含まれません。',
      LEDGER_WORDS.ja.meaning,
    ]);
  });

  it('says that nothing left', () => {
    expect(ledgerText([], null, 'en')).toMatch(/^Nothing has left this PC/);
  });
});

describe('the table for spreadsheets', () => {
  it.each(['en', 'ja'] as const)('opens in Excel in Japan and holds every figure (%s)', (language) => {
    const csv = ledgerCsv([COMPLETE, STOPPED], language);
    expect([...Buffer.from(csv).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(csv.split('\r\n')).toHaveLength(4);
    const [header, ...rows] = rowsOf(csv);
    expect(header).toEqual(LEDGER_COLUMNS.map((column) => LEDGER_WORDS[language].columns[column]));
    expect(new Set(header).size).toBe(LEDGER_COLUMNS.length);
    const cell = (row: number, column: (typeof LEDGER_COLUMNS)[number]) =>
      rows[row]![LEDGER_COLUMNS.indexOf(column)];
    expect(cell(0, 'startedAt')).toBe('2026-11-26 09:00:05');
    expect(cell(0, 'startedAtUtc')).toBe(COMPLETE.startedAt);
    expect([cell(0, 'leastBytes'), cell(0, 'mostBytes')]).toEqual(['400000', '400000']);
    expect([cell(1, 'leastBytes'), cell(1, 'mostBytes')]).toEqual(['2000', '5000']);
    expect(cell(1, 'outcome')).toBe(LEDGER_WORDS[language].outcomes.unknown);
  });

  it.each(['=HYPERLINK("http://example.com")', '+1', '-1', '@SUM(A1)', '＝1', '\t=1'])(
    'never lets a spreadsheet compute %j',
    (peer) => {
      const [, row] = rowsOf(ledgerCsv([{ ...COMPLETE, peer }], 'ja'));
      expect(row![LEDGER_COLUMNS.indexOf('peer')]).toBe(`'${peer}`);
    },
  );

  it('keeps quotation marks, commas and line ends of a path inside their cell', () => {
    const peer = 'E:\\"検査", ライン 2\r\n.genba';
    const [, row] = rowsOf(ledgerCsv([{ ...COMPLETE, peer }], 'en'));
    expect(row![LEDGER_COLUMNS.indexOf('peer')]).toBe(peer);
  });
});
