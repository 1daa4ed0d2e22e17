import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { DataPreview } from '@genba/shared/local-api/preview';
import { checkSentence } from '@genba/shared/local-api/preview-sentences';

const ENCODINGS = { 'utf-8': 'UTF-8', shift_jis: 'Shift_JIS', 'utf-16le': 'UTF-16', 'utf-16be': 'UTF-16' };

const WORDS = {
  en: {
    kinds: { images: 'pictures by class', idx: 'IDX files', csv: 'CSV' },
    units: { picture: 'pictures', row: 'rows', window: 'windows' },
    uses: {
      input: 'input',
      label: 'label',
      group: 'tells series apart',
      split: 'splits',
      unused: 'not used',
    },
    separators: { ',': 'commas', ';': 'semicolons', '\t': 'tabs' },
    splits: {
      example: 'at random within each class',
      column: 'by',
      time: 'the newest',
      folder: 'by folder',
      name: 'by the beginning of names',
    },
    fine: 'These data can be used.',
    not: 'These data cannot be used as they are:',
    atLeast: 'at least ',
    files: (count: number) => `${count} file(s)`,
    written: (encoding: string, separator: string, decimal: string) =>
      `${encoding}, ${separator} between fields, decimal sign “${decimal}”`,
    above: (count: number) => `${count} line(s) above the header are passed over`,
    missing: (name: string, nearest: string | null) =>
      `column “${name}” is missing${nearest === null ? '' : `; did you mean “${nearest}”?`}`,
    sizes: (small: string, large: string) => `from ${small} to ${large} pixels`,
    split: (training: number, validation: number, how: string) =>
      `${training} to learn from, ${validation} held out to test (${how})`,
    groups: (training: number, validation: number) => `${training} groups against ${validation}`,
    skipped: (count: number) => `skipped: ${count}`,
    noTask: 'No task is known yet: whether the data fit shows when this PC has reached its aggregator.',
  },
  ja: {
    kinds: { images: 'クラス別の画像', idx: 'IDXファイル', csv: 'CSV' },
    units: { picture: '枚', row: '行', window: '区間' },
    uses: { input: '入力', label: 'ラベル', group: '系列の区別', split: '分割', unused: '使わない' },
    separators: { ',': 'カンマ', ';': 'セミコロン', '\t': 'タブ' },
    splits: {
      example: 'クラスごとに無作為',
      column: '列ごと：',
      time: '新しいもの',
      folder: 'フォルダーごと',
      name: 'ファイル名の先頭ごと',
    },
    fine: 'このデータは使えます。',
    not: 'このデータはそのままでは使えません：',
    atLeast: '少なくとも',
    files: (count: number) => `ファイル${count}個`,
    written: (encoding: string, separator: string, decimal: string) =>
      `${encoding}、区切りは${separator}、小数点は「${decimal}」`,
    above: (count: number) => `見出しの上の${count}行は読み飛ばします`,
    missing: (name: string, nearest: string | null) =>
      `列「${name}」がありません${nearest === null ? '' : `（「${nearest}」のことですか？）`}`,
    sizes: (small: string, large: string) => `${small}〜${large}ピクセル`,
    split: (training: number, validation: number, how: string) =>
      `学習用${training}、評価用${validation}（${how}）`,
    groups: (training: number, validation: number) => `グループ数：学習用${training}、評価用${validation}`,
    skipped: (count: number) => `使えないもの：${count}`,
    noTask: 'タスクがまだ分かりません。データが合うかどうかは、集約サーバーにつながってから分かります。',
  },
} as const;

/** A preview as lines for a terminal. */
export function previewText(preview: DataPreview, language: Language): string[] {
  const words = WORDS[language];
  const { kind, unit, examples, isWhole, classes, problem, checks } = preview;
  const kindName = kind === null ? '' : `: ${words.kinds[kind]}`;
  const lines = [`${preview.path}${kindName}`];
  if (kind !== null) {
    const counts = classes.map(({ name, count }) => `${name} ${count}`).join(', ');
    const total = `${isWhole || unit === 'picture' ? '' : words.atLeast}${examples} ${words.units[unit]}`;
    lines.push(counts === '' ? total : `${total}: ${counts}`);
  }
  lines.push(...tableLines(preview, language), ...pictureLines(preview, language));
  if (preview.split !== null) {
    const { by, column, training, validation, groups } = preview.split;
    lines.push(words.split(training, validation, [words.splits[by], column].filter(Boolean).join(' ')));
    if (groups !== null) lines.push(words.groups(groups.training, groups.validation));
  }
  if (preview.skipped > 0) {
    lines.push(words.skipped(preview.skipped));
    lines.push(...preview.skippedItems.map(({ item, reason }) => `  ${item}: ${reason}`));
  }
  lines.push(...checks.map((check) => `! ${checkSentence(check, language)}`));
  if (problem === null) lines.push(preview.isTaskKnown ? words.fine : words.noTask);
  else {
    const error = new AppError(problem.code, { detail: problem.detail ?? undefined });
    lines.push(words.not, `  ${error.sentence(language)}`);
    if (problem.detail !== null) lines.push(`  ${problem.detail}`);
  }
  return lines;
}

function tableLines({ table }: DataPreview, language: Language): string[] {
  if (table === null) return [];
  const words = WORDS[language];
  const { encoding, separator, decimal, rowsBeforeHeader, fileCount, columns, missing, rows } = table;
  const written = words.written(ENCODINGS[encoding], words.separators[separator], decimal);
  return [
    `${words.files(fileCount)}, ${written}`,
    ...(rowsBeforeHeader > 0 ? [words.above(rowsBeforeHeader)] : []),
    ...columns.map(({ name, use }, place) => {
      const values = rows.map((row) => row[place]).join(' | ');
      return `  ${name} (${words.uses[use]}): ${values}`;
    }),
    ...missing.map(({ name, nearest }) => `! ${words.missing(name, nearest)}`),
  ];
}

function pictureLines({ pictures }: DataPreview, language: Language): string[] {
  if (pictures === null || pictures.smallest === null || pictures.largest === null) return [];
  const sizeOf = ({ width, height }: { width: number; height: number }) => `${width}×${height}`;
  return [WORDS[language].sizes(sizeOf(pictures.smallest), sizeOf(pictures.largest))];
}
