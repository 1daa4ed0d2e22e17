import type { Language } from '@genba/shared/errors/catalogue';
import type { LedgerEntry } from '@genba/shared/local-api/ledger';
import { stringify } from 'csv-stringify/sync';
import { localMoment } from './moments.ts';
import { LEDGER_COLUMNS, LEDGER_WORDS, type LedgerColumn } from './words.ts';

/** The most bytes that can have left with a delivery; the least is `sentBytes`. */
export function mostBytes({ outcome, sentBytes, plannedBytes }: LedgerEntry): number {
  return outcome === 'unknown' || outcome === 'running' ? plannedBytes : sentBytes;
}

/** The ledger as people read it in a terminal: two lines per delivery, and the sum. */
export function ledgerText(
  entries: readonly LedgerEntry[],
  keptSince: string | null,
  language: Language,
): string {
  const words = LEDGER_WORDS[language];
  const lines = entries.flatMap((entry) => {
    const { startedAt, channel, peer, content, firstByte, outcome } = entry;
    const bytes =
      words.bytes(entry.sentBytes, mostBytes(entry)) + (firstByte > 0 ? words.from(firstByte) : '');
    return [
      `${localMoment(startedAt)}  ${words.outcomes[outcome]}  ${bytes}`,
      `    ${words.channels[channel]} → ${peer}  ${words.contents[content]}${words.rounds(entry)}`,
    ];
  });
  const [least, most] = [
    entries.reduce((total, { sentBytes }) => total + sentBytes, 0),
    entries.reduce((total, entry) => total + mostBytes(entry), 0),
  ];
  const sum = entries.length === 0 ? words.nothing : words.total(entries.length, words.bytes(least, most));
  const since = keptSince === null ? [] : [words.keptSince(localMoment(keptSince))];
  return [...lines, sum, ...since, words.meaning].join('\n');
}

/**
 * The ledger as a table for spreadsheets: UTF-8 with a byte order mark, without which Excel in Japan reads Shift_JIS,
 * and CRLF. No cell can be taken for a formula.
 */
export function ledgerCsv(entries: readonly LedgerEntry[], language: Language): string {
  const words = LEDGER_WORDS[language];
  const rows = entries.map(
    (entry): Record<LedgerColumn, string | number | null> => ({
      ...entry,
      startedAt: localMoment(entry.startedAt),
      endedAt: entry.endedAt === null ? null : localMoment(entry.endedAt),
      startedAtUtc: entry.startedAt,
      channel: words.channels[entry.channel],
      content: words.contents[entry.content],
      leastBytes: entry.sentBytes,
      mostBytes: mostBytes(entry),
      outcome: words.outcomes[entry.outcome],
    }),
  );
  return stringify(rows, {
    bom: true,
    header: true,
    columns: LEDGER_COLUMNS.map((key) => ({ key, header: words.columns[key] })),
    record_delimiter: 'windows',
    escape_formulas: true,
  });
}
