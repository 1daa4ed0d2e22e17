import type { JudgedItem } from '@genba/shared/local-api/judging';
import { stringify } from 'csv-stringify/browser/esm/sync';

const BEGINS_FORMULA = /^[=+\-@\t\r]/;

/** A result as a row of a table: texts, and numbers as spreadsheets read them. */
export interface TableRow {
  readonly at: string;
  readonly item: JudgedItem;
  /** Why it was not judged, in words; empty where it was. */
  readonly reason: string;
}

/**
 * Results as a table for spreadsheets, with the byte order mark by which Excel knows UTF-8.
 * @param head names of the eight columns: time, file, line, series, result, unit, certainty or score, reason
 */
export function resultTable(head: readonly string[], rows: readonly TableRow[]): string {
  const lines = rows.map(({ at, item, reason }) => {
    const { name, line, series, verdict } = item;
    const [result, unit, share] = verdictCells(verdict);
    // A cell that a spreadsheet would take for a formula is text.
    const texts = [name, series ?? '', result, unit, reason].map((cell) =>
      BEGINS_FORMULA.test(cell) ? `'${cell}` : cell,
    );
    return [
      at,
      texts[0],
      line ?? '',
      texts[1],
      verdict?.kind === 'number' ? result : texts[2],
      texts[3],
      share,
      texts[4],
    ];
  });
  return stringify([head, ...lines], { bom: true, record_delimiter: 'windows' });
}

function verdictCells(verdict: JudgedItem['verdict']): readonly [string, string, string] {
  switch (verdict?.kind) {
    case undefined:
      return ['', '', ''];
    case 'class':
      return [verdict.className, '', verdict.certainty.toFixed(4)];
    case 'number':
      return [String(verdict.value), verdict.unit, ''];
    case 'anomaly':
      return [verdict.className ?? '', '', String(verdict.score)];
  }
}
