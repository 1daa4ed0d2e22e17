import type { Language } from '../errors/catalogue.ts';
import { type MethodName, type MethodReport, timesFaster } from './methods.ts';

const NAMES: Record<MethodName, Record<Language, string>> = {
  tensorflow: { en: 'Native TensorFlow', ja: 'TensorFlow（ネイティブ）' },
  webgpu: { en: 'GPU (WebGPU)', ja: 'GPU（WebGPU）' },
  wasm: { en: 'WebAssembly', ja: 'WebAssembly' },
  cpu: { en: 'Plain calculation', ja: '標準計算' },
};

const SENTENCES = {
  rate: { en: '{rate} examples per second', ja: '毎秒{rate}件' },
  faster: { en: '{times} × faster than without GPU', ja: 'GPUを使わない場合の{times}倍の速さ' },
  inUse: { en: 'in use', ja: '使用中' },
  unusable: { en: 'cannot be used: {reason}', ja: '使えません：{reason}' },
  failed: {
    en: 'given up, it ended the training: {reason}',
    ja: '学習が止まったため使用をやめました：{reason}',
  },
  unmeasured: {
    en: 'Not measured yet: that happens before the first round.',
    ja: 'まだ測定していません。最初の学習の前に測定します。',
  },
  needless: {
    en: 'Not measured, because one was chosen.',
    ja: '方式が指定されているため、測定していません。',
  },
  measuring: { en: 'Being measured now.', ja: '測定しています。' },
  fastest: { en: 'Method: the fastest that works', ja: '計算方式：使えるもののうち最も速い方式' },
  requested: { en: 'Method: {name}, chosen by a person', ja: '計算方式：{name}（手動で指定）' },
} as const satisfies Record<string, Record<Language, string>>;

/** What a method is called. */
export function methodTitle(name: MethodName, language: Language): string {
  return NAMES[name][language];
}

/** How many times faster, as a person reads it: whole from 3 on. */
export function timesText(times: number): string {
  return times >= 3 ? times.toFixed(0) : times.toFixed(1);
}

/** The training methods of a PC, one sentence a line. */
export function methodSentences(report: MethodReport, language: Language): string[] {
  const say = (key: keyof typeof SENTENCES, blanks: Readonly<Record<string, string>> = {}) =>
    SENTENCES[key][language].replace(/\{(\w+)\}/g, (_, blank: string) => blanks[blank] ?? '');
  const { requested, inUse, survey, isMeasuring, failed } = report;
  const between = language === 'ja' ? '、' : ', ';
  const colon = language === 'ja' ? '：' : ': ';
  const lines = [
    requested === null ? say('fastest') : say('requested', { name: methodTitle(requested, language) }),
  ];
  if (isMeasuring) lines.push(say('measuring'));
  else if (survey === null) lines.push(say(requested === null ? 'unmeasured' : 'needless'));
  for (const { name, device, examplesPerSecond, reason } of survey?.methods ?? []) {
    const times = survey === null ? null : timesFaster(survey, name);
    const failure = failed.find((one) => one.name === name);
    const facts = [
      ...(device === null ? [] : [device]),
      ...(examplesPerSecond === null
        ? [say('unusable', { reason: reason ?? '' })]
        : [say('rate', { rate: new Intl.NumberFormat(language).format(Math.round(examplesPerSecond)) })]),
      ...(times === null ? [] : [say('faster', { times: timesText(times) })]),
      ...(failure === undefined ? [] : [say('failed', { reason: failure.reason })]),
      ...(name === inUse ? [say('inUse')] : []),
    ];
    lines.push(`${methodTitle(name, language)}${colon}${facts.join(between)}`);
  }
  if (inUse === 'cpu') lines.push(`${methodTitle('cpu', language)}${colon}${say('inUse')}`);
  return lines;
}
