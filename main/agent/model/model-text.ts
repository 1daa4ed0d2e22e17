import type { Language } from '@genba/shared/errors/catalogue';
import type {
  Comparison,
  Decision,
  JudgedModel,
  ModelReport,
  ModelSummary,
  PlantModel,
} from '@genba/shared/local-api/model';

/** Mistakes and decisions that are listed. */
const LISTED = 5;

type ScoreKind = Comparison['scoreKind'];

interface Words {
  readonly models: Readonly<Record<PlantModel, string>>;
  readonly scores: Readonly<Record<ScoreKind, string>>;
  readonly reasons: Readonly<Record<Decision['reason'], string>>;
  readonly kinds: Readonly<Record<Decision['kind'], string>>;
  readonly none: string;
  readonly unknown: string;
  readonly gate: string;
  readonly inUse: (summary: ModelSummary, model: string, score: string) => string;
  readonly chosen: (by: string) => string;
  readonly held: string;
  readonly scored: (model: string, score: string) => string;
  readonly mistakes: (model: string) => string;
  readonly mistake: (count: number, actual: string, judgedAs: string) => string;
  readonly decisions: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    models: { own: 'own', shared: 'shared', together: 'together' },
    scores: {
      accuracy: 'judged right',
      'balanced-accuracy': 'judged right, mean of the classes',
      'r-squared': 'of the variation explained (R²)',
      auroc: 'good and bad told apart (AUROC)',
    },
    reasons: {
      first: 'the first one',
      'as-good': 'at least as good as the one before',
      better: 'clearly better than the one before',
      'within-chance': 'no worse than chance explains',
      worse: 'worse than the one in use',
      unusable: 'its answers are no numbers',
      'not-judged': 'nothing is held out to judge by',
      person: 'a person’s decision',
    },
    kinds: { taken: 'taken', 'held-back': 'held back', kept: 'kept', automatic: 'automatic again' },
    none: 'No model has been judged yet: that comes after the first exchange, between two rounds.',
    unknown: 'not known',
    gate: 'agent',
    inUse: ({ inUse }, model, score) =>
      `New parts are judged by the model “${model}” of version ${inUse.globalVersion}, in use since ${inUse.since}: ${score}.`,
    chosen: (by) => `${by} has decided so. It stays in use until the agent is to decide again (--automatic).`,
    held: 'The newest model is held back, because it is worse on this plant’s data.',
    scored: (model, score) => `  ${model}: ${score}`,
    mistakes: (model) => `What “${model}” takes for something else most often:`,
    mistake: (count, actual, judgedAs) => `  ${count} × ${actual} taken for ${judgedAs}`,
    decisions: 'Last decisions:',
  },
  ja: {
    models: { own: '自拠点', shared: '共有', together: '合わせたもの' },
    scores: {
      accuracy: '正解率',
      'balanced-accuracy': 'クラスごとの正解率の平均',
      'r-squared': '決定係数（R²）',
      auroc: '良品と不良品の見分け（AUROC）',
    },
    reasons: {
      first: '最初のモデル',
      'as-good': '前のモデルと同等以上',
      better: '前のモデルより明らかに良い',
      'within-chance': '差は偶然の範囲内',
      worse: '使用中のモデルより悪い',
      unusable: '計算結果が数値にならない',
      'not-judged': '比べるためのデータがない',
      person: '人による決定',
    },
    kinds: { taken: '採用', 'held-back': '見送り', kept: '固定', automatic: '自動に戻す' },
    none: 'まだ評価されたモデルがありません。最初のやり取りのあと、学習の合間に評価します。',
    unknown: '不明',
    gate: 'エージェント',
    inUse: ({ inUse }, model, score) =>
      `新しい部品は「${model}」モデル（バージョン${inUse.globalVersion}）で判定しています。使用開始：${inUse.since}、${score}。`,
    chosen: (by) => `${by}さんが決めました。自動に戻す（--automatic）まで、このモデルを使い続けます。`,
    held: 'いちばん新しいモデルは、この拠点のデータでの成績が悪いため見送っています。',
    scored: (model, score) => `  ${model}：${score}`,
    mistakes: (model) => `「${model}」モデルが取り違えやすいもの：`,
    mistake: (count, actual, judgedAs) => `  ${actual}を${judgedAs}と判定：${count}件`,
    decisions: '最近の決定：',
  },
};

/** The plant's models in sentences, line by line. @param classes of the task, in its order */
export function modelText(report: ModelReport, classes: readonly string[], language: Language): string[] {
  const words = WORDS[language];
  const { summary, models, comparisons, decisions } = report;
  if (summary === null) return [words.none];
  const { inUse, chosenBy, isHoldingBack, scoreKind } = summary;
  const kind = comparisons.at(-1)?.scoreKind ?? scoreKind;
  const say = (score: number | null) => scoreText(score, kind, words);
  return [
    words.inUse(summary, words.models[inUse.model], say(inUse.score)),
    ...(chosenBy === null ? [] : [words.chosen(chosenBy)]),
    ...(isHoldingBack ? [words.held] : []),
    ...models.map(({ model, score }) => words.scored(words.models[model], say(score))),
    ...mistakeLines(models, inUse.model, classes, words),
    words.decisions,
    ...decisions.slice(0, LISTED).map((decision) => decisionLine(decision, words)),
  ];
}

/** Shares in percent; R² is no share. */
function scoreText(score: number | null, kind: ScoreKind | null, words: Words): string {
  if (score === null || kind === null) return words.unknown;
  if (kind === 'r-squared') return `${score.toFixed(3)} ${words.scores[kind]}`;
  return `${(score * 100).toFixed(1)} % ${words.scores[kind]}`;
}

/** Of the one in use, as far as it is one of the three; otherwise of the newest. */
function mistakeLines(
  models: readonly JudgedModel[],
  inUse: PlantModel,
  classes: readonly string[],
  words: Words,
): string[] {
  const shown = models.find(({ model }) => model === inUse) ?? models.at(-1);
  if (shown === undefined || shown.mistakes.length === 0) return [];
  const nameOf = (place: number) => classes[place] ?? String(place);
  return [
    words.mistakes(words.models[shown.model]),
    ...shown.mistakes
      .slice(0, LISTED)
      .map(({ count, actual, judgedAs }) => words.mistake(count, nameOf(actual), nameOf(judgedAs))),
  ];
}

function decisionLine({ at, by, kind, model, reason }: Decision, words: Words): string {
  const what = model === null ? words.kinds[kind] : `${words.models[model]} ${words.kinds[kind]}`;
  return `  ${at}  ${by ?? words.gate}  ${what}  (${words.reasons[reason]})`;
}
