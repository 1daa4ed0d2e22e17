import type { Language } from '../errors/catalogue.ts';
import type { DriftFinding } from './drift.ts';

/** Each change as one sentence about the data. Blanks stand in braces. */
const SENTENCES = {
  higher: { en: '{name} runs higher than before.', ja: '{name}が以前より高くなっています。' },
  lower: { en: '{name} runs lower than before.', ja: '{name}が以前より低くなっています。' },
  wider: { en: '{name} varies more than before.', ja: '{name}のばらつきが以前より大きくなっています。' },
  narrower: { en: '{name} varies less than before.', ja: '{name}のばらつきが以前より小さくなっています。' },
  different: { en: '{name} is spread differently than before.', ja: '{name}の分布が以前と変わっています。' },
  class: {
    en: '“{name}” is {now} % of the newer examples; it was {before} %.',
    ja: '「{name}」の割合が{before}％から{now}％に変わりました。',
  },
} as const satisfies Record<string, Record<Language, string>>;

const ASPECTS = {
  brightness: { en: 'The brightness of the pictures', ja: '画像の明るさ' },
  contrast: { en: 'The contrast of the pictures', ja: '画像のコントラスト' },
  sharpness: { en: 'The sharpness of the pictures', ja: '画像の鮮明さ' },
} as const;

const CHECKS = {
  column: {
    en: 'Check the sensor and its unit, and whether machine, tool or material were changed.',
    ja: 'センサーと単位を確認し、設備・工具・材料に変更がなかったか確認してください。',
  },
  picture: {
    en: 'Check lamp, lens, focus and the position of the camera.',
    ja: '照明、レンズの汚れ、ピント、カメラの位置を確認してください。',
  },
  class: {
    en: 'Check whether labelling has changed, or whether the line really makes more or fewer of these.',
    ja: 'ラベルの付け方が変わっていないか、実際に発生率が変わったのかを確認してください。',
  },
} as const satisfies Record<DriftFinding['kind'], Record<Language, string>>;

/** What a finding says to a person. */
export function driftSentence(finding: DriftFinding, language: Language): string {
  if (finding.kind === 'class') {
    const { className, before, now } = finding;
    return filled(SENTENCES.class[language], { name: className, before: percent(before), now: percent(now) });
  }
  const quoted = { en: (column: string) => `“${column}”`, ja: (column: string) => `「${column}」` };
  const name =
    finding.kind === 'column' ? quoted[language](finding.column) : ASPECTS[finding.aspect][language];
  return filled(SENTENCES[finding.change][language], { name });
}

/** What to check, each once, for a list of findings. */
export function driftChecks(findings: readonly DriftFinding[], language: Language): string[] {
  return [...new Set(findings.map(({ kind }) => CHECKS[kind][language]))];
}

function percent(share: number): string {
  return (share * 100).toFixed(share < 0.1 ? 1 : 0);
}

function filled(text: string, blanks: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, blank: string) => blanks[blank]!);
}
