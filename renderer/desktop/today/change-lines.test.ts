import type { PlantChanges } from '@genba/shared/local-api/changes';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFormats } from '../../ui/format.ts';
import { en } from '../../ui/i18n/en.ts';
import { ja } from '../../ui/i18n/ja.ts';
import { plantStatus } from '../plant-status.fixture.ts';
import { type ChangeSurroundings, changeLines } from './change-lines.ts';

const NOW_MS = new Date(2026, 10, 26, 9).getTime();
const at = (hours: number, minutes = 0) => new Date(2026, 10, 26, hours, minutes).toISOString();

const quiet: PlantChanges = {
  since: new Date(2026, 10, 25, 20).toISOString(),
  isFirst: false,
  rounds: { count: 0, durationMs: 0 },
  updates: { delivered: 0, refused: 0, received: 0, sentBytes: 0 },
  scores: null,
  labels: { count: 0, by: [] },
  model: { taken: 0, heldBack: 0, newest: null },
  troubles: [],
  drifts: [],
  judged: null,
};

const instance = i18next.createInstance();
beforeAll(async () => {
  await instance.init({
    lng: 'en',
    ns: 'window',
    keySeparator: false,
    resources: { en: { window: en }, ja: { window: ja } },
    interpolation: { escapeValue: false },
  });
});

function say(language: 'en' | 'ja', change: Partial<PlantChanges>, more: Partial<ChangeSurroundings> = {}) {
  const { queue, drift } = plantStatus();
  const words = {
    t: instance.getFixedT(language, 'window'),
    formats: createFormats(language),
    language,
    nowMs: NOW_MS,
    model: {
      name: (name: string) => name,
      score: (score: number | null) => (score === null ? '–' : `${score * 100}%`),
      scoreKind: (kind: string) => kind,
    },
  };
  return changeLines({ ...quiet, ...change }, { queue, drift, ...more }, words as never);
}
const texts = (...given: Parameters<typeof say>) => say(...given).map(({ text }) => text);

describe('changeLines', () => {
  it('says that nothing was trained, where that is so, and nothing of what was not', () => {
    expect(texts('en', {})).toEqual(['Nothing was trained.']);
    expect(texts('ja', {})).toEqual(['学習は行いませんでした。']);
  });

  it('tells a night in the order in which somebody wants to know', () => {
    const night: Partial<PlantChanges> = {
      rounds: { count: 12, durationMs: 4_800_000 },
      updates: { delivered: 8, refused: 1, received: 7, sentBytes: 3_400_000 },
      scores: {
        kind: 'accuracy',
        own: { before: 0.5, now: 0.75 },
        shared: { before: null, now: 0.5 },
        inUse: { before: 0.5, now: null },
      },
      labels: {
        count: 25,
        by: [
          { name: '佐藤', count: 20 },
          { name: '鈴木', count: 5 },
        ],
      },
      model: { taken: 2, heldBack: 1, newest: null },
      troubles: [
        { what: 'store/space-needed', from: at(8, 50), until: null },
        { what: 'offline', from: at(2), until: at(3, 30) },
      ],
      judged: { ok: 118, ng: 2, named: 0, unjudged: 1 },
    };
    const lines = say('ja', night, { queue: { ...plantStatus().queue, roundsWaiting: 4 } });
    expect(lines.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^08:50から：/),
      '02:00～03:30の1時間30分、集約サーバーにつながりませんでした。',
      '集約サーバーが受け取らなかった学習結果が1件あります。理由は「通信」にあります。',
      '12回学習しました（合計1時間20分）。',
      '学習結果を8件、集約サーバーへ送りました（3MB）。',
      '4回分の学習結果が送信待ちです。',
      '新しい共有モデルを7回受け取りました。',
      '「own」モデルのaccuracy：50% → 75%',
      '「shared」モデルのaccuracy：50%',
      '判定用のモデルが2回替わりました。',
      'この拠点のデータでの成績が悪いため、採用しなかった新しいモデルが1回分あります。',
      '写真25枚にラベルを付けました（佐藤さん20枚、鈴木さん5枚）。',
      '部品を121個判定しました：OK 118、NG 2',
      '判定できなかった部品が1個あります。理由は「判定」にあります。',
    ]);
    expect(lines.filter(({ tone }) => tone === 'attention')).toHaveLength(3);
    expect(texts('en', night)).toContain('No contact with the aggregator from 02:00 to 03:30 (1 hr 30 min).');
  });

  it('names the model that was taken last, and who took it', () => {
    const newest = {
      at: at(7, 20),
      by: null,
      kind: 'taken',
      model: 'shared',
      globalVersion: 3,
      reason: 'as-good',
      score: 0.9,
      inUseScore: 0.8,
    } as const;
    expect(texts('en', { model: { taken: 1, heldBack: 0, newest } })).toContain(
      'Since 07:20 parts are judged by a new model (“shared”).',
    );
    expect(texts('ja', { model: { taken: 1, heldBack: 0, newest: { ...newest, by: '佐藤' } } })).toContain(
      '07:20に、佐藤さんが判定用のモデルを「shared」に決めました。',
    );
  });

  it('repeats the warning about newer data only where it began in the period', () => {
    const drift = { since: at(3), now: 40, findings: [] };
    expect(texts('en', {}, { drift: drift as never })).toContainEqual(
      expect.stringMatching(/^Since 03:00 newer/),
    );
    expect(texts('en', {}, { drift: { ...drift, since: '2026-11-20T00:00:00.000Z' } as never })).toHaveLength(
      1,
    );
  });

  it('tells the next shift of a warning that somebody has confirmed, and in what the data are unlike', () => {
    const known = {
      since: at(3),
      knownAt: at(3, 40),
      before: 500,
      now: 60,
      findings: [
        { kind: 'column', column: 'トルク', change: 'higher', distance: 0.4 },
        { kind: 'picture', aspect: 'brightness', change: 'lower', distance: 0.3 },
      ],
    } satisfies PlantChanges['drifts'][number];
    expect(say('ja', { drifts: [known] })[0]).toEqual({
      tone: 'plain',
      text: '03:00以降の新しいデータが、それまでと違っています。「トルク」が以前より高くなっています。画像の明るさが以前より低くなっています。（03:40に確認済み）',
    });
    expect(texts('en', { drifts: [known] })[0]).toBe(
      'Since 03:00 newer data are unlike those before. “トルク” runs higher than before. The brightness of the pictures runs lower than before. (Confirmed 03:40)',
    );
  });
});
