import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { JudgedItem, Judgement } from '@genba/shared/local-api/judging';

const COLUMNS = {
  en: ['file', 'line', 'series', 'result', 'unit', 'certainty', 'score', 'threshold', 'not judged because'],
  ja: ['ファイル', '行', '系列', '結果', '単位', '確信度', 'スコア', 'しきい値', '判定できない理由'],
} as const;

const WORDS = {
  en: {
    line: (line: number) => `line ${line}`,
    unknown: 'no threshold yet',
    certain: (percent: string) => `${percent} certain`,
    score: (score: string, threshold: string) => `score ${score}, threshold ${threshold}`,
    summary: (judged: number, failed: number) =>
      `${judged} judged${failed === 0 ? '' : `, ${failed} could not be judged`}`,
    count: (className: string, count: number) => `${className}: ${count}`,
    between: ', ',
  },
  ja: {
    line: (line: number) => `${line}行目`,
    unknown: 'しきい値未設定',
    certain: (percent: string) => `確信度 ${percent}`,
    score: (score: string, threshold: string) => `スコア ${score}（しきい値 ${threshold}）`,
    summary: (judged: number, failed: number) =>
      `${judged}件を判定しました${failed === 0 ? '' : `（判定できなかったもの ${failed}件）`}`,
    count: (className: string, count: number) => `${className}：${count}件`,
    between: '、',
  },
} as const;

/** The head of a table of results. */
export function resultColumns(language: Language): readonly string[] {
  return COLUMNS[language];
}

/** One row of a table of results, under {@link resultColumns}. */
export function resultCells(
  { name, line, series, verdict, problem }: JudgedItem,
  language: Language,
): string[] {
  const reason = problem === null ? '' : reasonOf(problem, language);
  const [result, unit, certainty, score, threshold] = verdictCells(verdict);
  return [
    name,
    line === null ? '' : String(line),
    series ?? '',
    result,
    unit,
    certainty,
    score,
    threshold,
    reason,
  ];
}

function verdictCells(verdict: JudgedItem['verdict']): [string, string, string, string, string] {
  switch (verdict?.kind) {
    case undefined:
      return ['', '', '', '', ''];
    case 'class': {
      const { className, certainty, score, threshold } = verdict;
      return [
        className,
        '',
        certainty.toFixed(4),
        score === null ? '' : figure(score),
        threshold === null ? '' : figure(threshold),
      ];
    }
    case 'number':
      return [figure(verdict.value), verdict.unit, '', '', ''];
    case 'anomaly': {
      const { className, score, threshold } = verdict;
      return [className ?? '', '', '', figure(score), threshold === null ? '' : figure(threshold)];
    }
  }
}

/** One line for a terminal. */
export function resultLine(item: JudgedItem, language: Language): string {
  const words = WORDS[language];
  const { name, line, series, verdict, problem } = item;
  const where = [name, line === null ? '' : words.line(line), series ?? ''].filter((part) => part !== '');
  const what = problem === null ? verdictText(verdict, language) : reasonOf(problem, language);
  return `${where.join(' ')}  ${what}`;
}

function verdictText(verdict: JudgedItem['verdict'], language: Language): string {
  const words = WORDS[language];
  switch (verdict?.kind) {
    case undefined:
      return '';
    case 'class':
      return `${verdict.className}  ${words.certain(`${(100 * verdict.certainty).toFixed(1)}%`)}`;
    case 'number':
      return `${figure(verdict.value)} ${verdict.unit}`.trimEnd();
    case 'anomaly': {
      const { className, score, threshold } = verdict;
      if (className === null || threshold === null) return `${words.unknown}  ${figure(score)}`;
      return `${className}  ${words.score(figure(score), figure(threshold))}`;
    }
  }
}

/** The last line for a terminal. */
export function summaryLine({ judged, failed, classes }: Judgement, language: Language): string {
  const words = WORDS[language];
  const counts = classes
    .filter(({ count }) => count > 0)
    .map((each) => words.count(each.className, each.count));
  return [words.summary(judged, failed), ...counts].join(words.between);
}

function reasonOf({ code, detail }: NonNullable<JudgedItem['problem']>, language: Language): string {
  const sentence = new AppError(code).sentence(language);
  return detail === null ? sentence : `${sentence} (${detail})`;
}

/** Six digits say all that a float32 model knows, and no more. */
function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
