import type { Language } from '../errors/catalogue.ts';
import { wilsonInterval } from '../model/wilson-interval.ts';
import type { MeasuredRejection, Rejection } from './rejection.ts';

/** Fewer parts than that say too little for a round figure of a hundred. */
const ENOUGH_PARTS = 100;

/** So many of so many, and how many of a hundred (or a thousand) that makes. */
interface Rate {
  readonly count: number;
  readonly of: number;
}

const WORDS = {
  en: {
    tellsNumber: 'This task tells a number: there is nothing to reject.',
    unknown: 'Say which classes are good: then it can be set how many good parts may be rejected.',
    notAsked: 'The likeliest class counts.',
    noGood: 'No good part is held out: there is nothing to set a threshold by.',
    noBad: 'No bad part is held out: how many are found, nobody can say.',
    rejected: (base: number, count: number) =>
      count === 0
        ? `Of ${base} good parts none is rejected wrongly`
        : `Of ${base} good parts ${count} ${count === 1 ? 'is' : 'are'} rejected wrongly`,
    found: (base: number, count: number) =>
      count === 0
        ? `of ${base} bad ones none is found`
        : `of ${base} bad ones ${count} ${count === 1 ? 'is' : 'are'} found`,
    join: (rejected: string, found: string) => `${rejected}; ${found}.`,
    end: (sentence: string) => `${sentence}.`,
    few: (good: number, bad: number) =>
      `Measured on ${good} good and ${bad} bad parts that were held out, which is few.`,
    goodRange: (low: number, high: number) =>
      `Of 100 good parts it may be ${low} to ${high} that are rejected.`,
    badRange: (low: number, high: number) => `Of 100 bad ones it may be ${low} to ${high} that are found.`,
    apart: 'Each part was judged by a threshold that the other parts have chosen.',
    same: 'Measured on the very parts that the threshold was chosen by, because there are no others: new parts will do worse.',
    coarse: (good: number) =>
      `With ${good} good parts, a smaller share than 1 in ${good} cannot be told from none.`,
  },
  ja: {
    tellsNumber: 'このタスクは数値を求めるもので、不良と判定するものはありません。',
    unknown: '良品のクラスを指定してください。指定すると、良品をどこまで不良と判定してよいかを決められます。',
    notAsked: '確率が最も高いクラスを判定結果とします。',
    noGood: '検証用の良品がないため、しきい値を決められません。',
    noBad: '検証用の不良品がないため、不良品をいくつ見つけられるかは分かりません。',
    rejected: (base: number, count: number) =>
      count === 0
        ? `良品${base}個のうち、誤って不良と判定されるものはありません`
        : `良品${base}個のうち、${count}個が誤って不良と判定されます`,
    found: (base: number, count: number) =>
      count === 0
        ? `不良品${base}個のうち、見つかるものはありません`
        : `不良品${base}個のうち、${count}個が見つかります`,
    join: (rejected: string, found: string) => `${rejected}。${found}。`,
    end: (sentence: string) => `${sentence}。`,
    few: (good: number, bad: number) =>
      `検証用の良品${good}個・不良品${bad}個で調べた結果です。数が少ないため、目安と考えてください。`,
    goodRange: (low: number, high: number) =>
      `実際には、良品100個のうち${low}〜${high}個が不良と判定される可能性があります。`,
    badRange: (low: number, high: number) =>
      `実際には、不良品100個のうち${low}〜${high}個が見つかると考えられます。`,
    apart: '各部品は、それ以外の部品で決めたしきい値で判定して数えています。',
    same: 'ほかに部品がないため、しきい値を決めたのと同じ部品で調べました。新しい部品では、これより悪くなると考えてください。',
    coarse: (good: number) => `良品が${good}個の場合、${good}個に1個より小さい割合は0と区別できません。`,
  },
} as const;

/** What a threshold does to good and bad parts, in sentences for people who decide about it. */
export function rejectionSentences(rejection: Rejection, language: Language): string[] {
  const words = WORDS[language];
  const { reason, measured, wish } = rejection;
  if (reason === 'tells-number') return [words.tellsNumber];
  if (reason === 'good-classes-unknown') return [words.unknown];
  if (reason === 'no-good-examples') return [words.noGood];
  const before = reason === 'not-asked' ? [words.notAsked] : [];
  if (measured === null) return before;
  const { apart, same } = words;
  const chosen = rejection.threshold === null ? [] : [measured.isIndependent ? apart : same];
  return [...before, ...confusionSentences(measured, wish.rejectGood, language), ...chosen];
}

function confusionSentences(
  { goodPassed, goodRejected, badFound, badMissed }: MeasuredRejection,
  rejectGood: number | null,
  language: Language,
): string[] {
  const words = WORDS[language];
  const good = { count: goodRejected, of: goodPassed + goodRejected };
  const bad = { count: badFound, of: badFound + badMissed };
  if (good.of === 0) return [words.noGood];
  const rejected = words.rejected(...inRound(good));
  const sentences =
    bad.of === 0 ? [words.end(rejected), words.noBad] : [words.join(rejected, words.found(...inRound(bad)))];
  if (good.of < ENOUGH_PARTS || (bad.of > 0 && bad.of < ENOUGH_PARTS)) {
    sentences.push(words.few(good.of, bad.of), words.goodRange(...rangeOf(good)));
    if (bad.of > 0) sentences.push(words.badRange(...rangeOf(bad)));
  }
  if (rejectGood !== null && rejectGood > 0 && rejectGood * good.of < 1)
    sentences.push(words.coarse(good.of));
  return sentences;
}

/** Of a hundred, or of a thousand where of a hundred it would round to none or all and is not. */
function inRound({ count, of }: Rate): [number, number] {
  const share = count / of;
  const rounds = (base: number) => Math.round(share * base);
  const isLost = (base: number) => (count > 0 && rounds(base) === 0) || (count < of && rounds(base) === base);
  const base = isLost(100) ? 1000 : 100;
  return [base, rounds(base)];
}

/** 95 % sure, outward to whole parts of a hundred. */
function rangeOf({ count, of }: Rate): [number, number] {
  const [low, high] = wilsonInterval(count, of);
  return [Math.floor(100 * low), Math.ceil(100 * high)];
}
