import type { Language } from '@genba/shared/errors/catalogue';
import type { LedgerEntry } from '@genba/shared/local-api/ledger';

interface Words {
  readonly columns: Readonly<Record<LedgerColumn, string>>;
  readonly channels: Readonly<Record<LedgerEntry['channel'], string>>;
  readonly contents: Readonly<Record<LedgerEntry['content'], string>>;
  readonly outcomes: Readonly<Record<LedgerEntry['outcome'], string>>;
  readonly rounds: (entry: LedgerEntry) => string;
  readonly bytes: (atLeast: number, atMost: number) => string;
  readonly from: (firstByte: number) => string;
  readonly total: (count: number, bytes: string) => string;
  readonly nothing: string;
  readonly keptSince: (moment: string) => string;
  readonly meaning: string;
  readonly exported: (count: number, file: string) => string;
}

/** Columns of the exported table, in its order. */
export const LEDGER_COLUMNS = [
  'entryId',
  'startedAt',
  'endedAt',
  'startedAtUtc',
  'channel',
  'peer',
  'taskId',
  'content',
  'updateId',
  'rounds',
  'firstRound',
  'lastRound',
  'firstByte',
  'plannedBytes',
  'leastBytes',
  'mostBytes',
  'outcome',
] as const;
export type LedgerColumn = (typeof LEDGER_COLUMNS)[number];

// Made when first used: every start of the agent would pay for them.
const en = (count: number) => count.toLocaleString('en');
const ja = (count: number) => count.toLocaleString('ja');

/** Bounds that differ are told as a range. */
function range(format: (count: number) => string, dash: string, atLeast: number, atMost: number): string {
  const ends = atLeast === atMost ? [atMost] : [atLeast, atMost];
  return ends.map(format).join(dash);
}

/** What the command says, per language. */
export const LEDGER_WORDS: Readonly<Record<Language, Words>> = {
  en: {
    columns: {
      entryId: 'No.',
      startedAt: 'Started (this PC’s clock)',
      endedAt: 'Ended (this PC’s clock)',
      startedAtUtc: 'Started (UTC)',
      channel: 'Way',
      peer: 'To',
      taskId: 'Task',
      content: 'Content',
      updateId: 'Update',
      rounds: 'Rounds',
      firstRound: 'First round',
      lastRound: 'Last round',
      firstByte: 'Began at byte',
      plannedBytes: 'Bytes to send from there',
      leastBytes: 'Bytes sent, at least',
      mostBytes: 'Bytes sent, at most',
      outcome: 'Result',
    },
    channels: { network: 'network', file: 'file' },
    contents: { update: 'update', 'start-weights': 'start weights the aggregator asked for' },
    outcomes: {
      running: 'under way',
      complete: 'complete',
      'broken-off': 'broken off',
      unknown: 'this PC stopped in the middle',
    },
    rounds: ({ rounds, firstRound, lastRound }) =>
      rounds === 0
        ? ''
        : `, ${rounds === 1 ? 'round' : `${en(rounds)} rounds`} ${numbers(firstRound, lastRound)}`,
    bytes: (atLeast, atMost) => `${range(en, ' to ', atLeast, atMost)} bytes`,
    from: (firstByte) => ` (goes on at byte ${en(firstByte)})`,
    total: (entries, bytes) =>
      `${entries === 1 ? '1 delivery' : `${en(entries)} deliveries`}, ${bytes} in all.`,
    nothing: 'Nothing has left this PC in this time.',
    keptSince: (moment) => `The ledger is kept since ${moment}. What left before is not in it.`,
    meaning:
      'Bytes are those of weights as they are sent. Pictures and measurements are never sent. Not counted: what carries the bytes, and small messages (about 1 kB each).',
    exported: (entries, file) =>
      `${entries === 1 ? '1 delivery' : `${en(entries)} deliveries`} written to ${file}`,
  },
  ja: {
    columns: {
      entryId: '番号',
      startedAt: '開始（このパソコンの時計）',
      endedAt: '終了（このパソコンの時計）',
      startedAtUtc: '開始（UTC）',
      channel: '経路',
      peer: '送り先',
      taskId: 'タスク',
      content: '内容',
      updateId: '更新',
      rounds: '学習回数',
      firstRound: '最初の回',
      lastRound: '最後の回',
      firstByte: '開始位置（バイト）',
      plannedBytes: 'そこから送るバイト数',
      leastBytes: '送ったバイト数（最小）',
      mostBytes: '送ったバイト数（最大）',
      outcome: '結果',
    },
    channels: { network: 'ネットワーク', file: 'ファイル' },
    contents: { update: '更新', 'start-weights': '集約サーバーに求められた開始時の重み' },
    outcomes: {
      running: '送信中',
      complete: '完了',
      'broken-off': '途中で切断',
      unknown: '途中でこのパソコンが停止',
    },
    rounds: ({ rounds, firstRound, lastRound }) =>
      rounds === 0 ? '' : `、学習 ${ja(rounds)} 回分（第 ${numbers(firstRound, lastRound)} 回）`,
    bytes: (atLeast, atMost) => `${range(ja, '〜', atLeast, atMost)} バイト`,
    from: (firstByte) => `（${ja(firstByte)} バイト目の続きから）`,
    total: (entries, bytes) => `合計 ${ja(entries)} 件、${bytes}。`,
    nothing: 'この期間に、このパソコンから送ったものはありません。',
    keptSince: (moment) => `送信の記録は ${moment} からです。それより前に送ったものは含まれません。`,
    meaning:
      'バイト数は、送った重みの大きさです。画像や測定値を送ることはありません。通信のための付加情報と小さなメッセージ（1件あたり約1kB）は含みません。',
    exported: (entries, file) => `${ja(entries)} 件を ${file} に書き出しました。`,
  },
};

function numbers(first: number | null, last: number | null): string {
  return first === last ? `${first}` : `${first}–${last}`;
}
