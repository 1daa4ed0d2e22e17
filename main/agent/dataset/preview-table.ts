import { type DataPreview, PREVIEW_LIMITS } from '@genba/shared/local-api/preview';
import { splitOf, type Task } from '@genba/shared/model/task';
import { type CsvSample, columnKey, readSample } from './csv-dialect.ts';
import { type CsvPass, type CsvSource, readEachFile } from './csv-files.ts';
import { readCsvRows } from './csv-rows.ts';
import { listed } from './data-checks.ts';
import { readExamples } from './dataset.ts';
import { SkippedItems } from './examples.ts';
import { nearestName } from './nearest-name.ts';
import {
  describeExamples,
  type Look,
  MAX_PREVIEW_ROWS,
  type PartialPreview,
  problemOf,
  skippedItems,
} from './preview-parts.ts';
import { RowReader } from './row-reader.ts';

type Table = NonNullable<DataPreview['table']>;
type ColumnUse = Table['columns'][number]['use'];

/** Looks at CSV files: how they are written, which columns there are, and what would become of their rows. */
export async function previewTable({
  source,
  task,
  seed,
  onProgress,
}: Look<CsvSource>): Promise<PartialPreview> {
  const uses = usesOf(task);
  const table = await describeTable(source, uses);
  const unit = task?.input.kind === 'series' ? 'window' : 'row';
  if (task === null) return { unit, table, ...(await countRows(source, onProgress)) };
  const unknown = new Set<string>();
  let rows = 0;
  const options = {
    onProgress,
    maxRows: MAX_PREVIEW_ROWS,
    onUnknownClass: (name: string) => unknown.size < PREVIEW_LIMITS.names && unknown.add(name),
  };
  try {
    const found = await readExamples(source, task, null, options);
    rows = found.rows ?? 0;
    const described = describeExamples(found, { task, seed });
    const isWhole = rows < MAX_PREVIEW_ROWS;
    if (unknown.size === 0) return { unit, table, isWhole, ...described };
    // Nobody may pass over a defect that has no name yet.
    const names = listed([...unknown]);
    const detail = `not a class of the task: ${names.map((name) => `"${name}"`).join(', ')}`.slice(0, 2000);
    const checks = [{ kind: 'unknown-classes' as const, names }, ...described.checks!];
    return { unit, table, isWhole, ...described, checks, problem: { code: 'dataset/mismatch', detail } };
  } catch (thrown) {
    return { unit, table, problem: problemOf(thrown) };
  }
}

/** What the task does with which column. */
function usesOf(task: Task | null): ReadonlyMap<string, ColumnUse> {
  if (task === null || task.input.kind === 'image') return new Map();
  const { input } = task;
  const split = splitOf(task);
  const uses = new Map<string, ColumnUse>();
  for (const column of new RowReader(task, input).columns) {
    if (input.columns.includes(column)) uses.set(column, 'input');
    else if (column === input.labelColumn) uses.set(column, 'label');
    else uses.set(column, 'column' in split && column === split.column ? 'split' : 'group');
  }
  return uses;
}

/** Files whose header is looked at to find one that fits. */
const MAX_HEADERS = 20;

/** The first file that has the columns, or else the one that has most of them: folders collect other tables, too. */
async function bestSample({ files }: CsvSource, wanted: readonly string[]): Promise<CsvSample> {
  let best: { readonly sample: CsvSample; readonly found: number } | null = null;
  for (const file of files.slice(0, MAX_HEADERS)) {
    const sample = await readSample(file, wanted);
    const keys = new Set(sample.header.map(columnKey));
    const found = wanted.filter((name) => keys.has(columnKey(name))).length;
    if (best === null || found > best.found) best = { sample, found };
    if (found === wanted.length) break;
  }
  return best!.sample;
}

/** One of the files, as it stands. */
async function describeTable(source: CsvSource, uses: ReadonlyMap<string, ColumnUse>): Promise<Table> {
  const { files } = source;
  const { dialect, header, rows } = await bestSample(source, [...uses.keys()]);
  const useOf = new Map([...uses].map(([name, use]) => [columnKey(name), use]));
  const columns = header.map((name, place) => ({ name, place, use: useOf.get(columnKey(name)) ?? 'unused' }));
  // Of hundreds of columns those that count come first.
  const isTooMany = columns.length > PREVIEW_LIMITS.columns;
  const ordered = isTooMany ? [...columns.filter(isUsed), ...columns.filter((one) => !isUsed(one))] : columns;
  const shown = ordered.slice(0, PREVIEW_LIMITS.columns);
  const found = new Set(header.map(columnKey));
  const unused = columns.filter((one) => !isUsed(one)).map(({ name }) => name);
  const { encoding, separator, decimal, rowsBeforeHeader } = dialect;
  return {
    encoding,
    separator: separator as Table['separator'],
    decimal,
    rowsBeforeHeader,
    fileCount: files.length,
    columns: shown.map(({ name, use }) => ({ name: name.trim().slice(0, 200), use })),
    columnCount: header.length,
    missing: [...uses.keys()]
      .filter((name) => !found.has(columnKey(name)))
      .slice(0, PREVIEW_LIMITS.names)
      .map((name) => ({ name, nearest: nearestName(name, unused)?.trim().slice(0, 200) ?? null })),
    rows: rows
      .slice(0, PREVIEW_LIMITS.rows)
      .map((row) => shown.map(({ place }) => (row[place] ?? '').slice(0, PREVIEW_LIMITS.fieldCharacters))),
  };
}

function isUsed({ use }: { readonly use: ColumnUse }): boolean {
  return use !== 'unused';
}

/** Without a task nothing is known of a row but that it is there. */
async function countRows(source: CsvSource, onProgress: Look['onProgress']): Promise<PartialPreview> {
  const skipped = new SkippedItems();
  const count = (file: string, { isLastRow, onBytes }: CsvPass) => readCsvRows(file, [], isLastRow, onBytes);
  const rows = await readEachFile(source, skipped, count, { onProgress, maxRows: MAX_PREVIEW_ROWS });
  const skippedFiles = { skipped: skipped.count, skippedItems: skippedItems(skipped.listed) };
  return { examples: rows, isWhole: rows < MAX_PREVIEW_ROWS, ...skippedFiles };
}
