import type { Language } from '../errors/catalogue.ts';
import type { DataCheck } from './preview.ts';

/** Each check as one sentence that says what was found, and one that says what to do. Blanks stand in braces. */
const SENTENCES = {
  'unknown-classes': {
    en: 'The task does not know: {names}. Rename them to a class of the task, move them elsewhere, or have the task extended.',
    ja: 'タスクにないクラスがあります：{names}。タスクのクラス名に直すか、別の場所に移すか、タスクへの追加を依頼してください。',
  },
  'absent-classes': {
    en: 'No example of: {names}. That is fine if this plant never saw one; otherwise check the names.',
    ja: '例が1件もないクラスがあります：{names}。この拠点で発生したことがなければ問題ありません。あるはずなら、名前を確認してください。',
  },
  'rare-class': {
    en: 'Only {count} of “{name}”; from {wanted} on they can be learnt reliably. Add more of them when you can.',
    ja: '「{name}」は{count}件しかありません。確実に学習するには{wanted}件以上必要です。できるだけ追加してください。',
  },
  'same-in-two-classes': {
    en: 'The same picture lies in two classes ({count} of them), such as {one} and {other}. Decide which is right and remove the other.',
    ja: '同じ画像が2つのクラスに入っています（{count}組）。例：{one} と {other}。正しいほうを残してください。',
  },
  'constant-columns': {
    en: 'The same value in every row: {names}. Nothing can be learnt from them here; check whether the sensor works.',
    ja: 'すべての行で同じ値の列があります：{names}。ここからは何も学習できません。センサーが正しく動いているか確認してください。',
  },
  'much-skipped': {
    en: '{skipped} of {total} could not be used. Look at the reasons below before you go on.',
    ja: '{total}件のうち{skipped}件を使えません。先に進む前に、下の理由を確認してください。',
  },
  'few-held-out': {
    en: 'Only {count} examples are held out to test the model; below {wanted} its figures are rough. More data helps.',
    ja: '評価用のデータが{count}件しかありません。{wanted}件未満では結果の数値は目安です。データを増やしてください。',
  },
  'not-held-out': {
    en: 'None is held out to test: {names}. Nobody will know how well these are recognised until more are added.',
    ja: '評価用のデータがないクラスがあります：{names}。データを増やすまで、どれだけ見分けられるか分かりません。',
  },
} as const satisfies Record<DataCheck['kind'], Record<Language, string>>;

/** What a check says to a person. */
export function checkSentence(check: DataCheck, language: Language): string {
  const blanks: Readonly<Record<string, unknown>> = {
    ...check,
    ...('names' in check ? { names: check.names.join(language === 'ja' ? '、' : ', ') } : {}),
  };
  return SENTENCES[check.kind][language].replace(/\{(\w+)\}/g, (_, blank: string) => String(blanks[blank]));
}
