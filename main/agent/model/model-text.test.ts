import type { ModelReport } from '@genba/shared/local-api/model';
import { describe, expect, it } from 'vitest';
import { modelText } from './model-text.ts';

const AT = '2026-11-26T09:00:00.000Z';

const REPORT: ModelReport = {
  summary: {
    chosenBy: null,
    inUse: { model: 'own', globalVersion: 7, from: AT, since: AT, score: 0.951 },
    scoreKind: 'accuracy',
    isHoldingBack: true,
  },
  models: [
    {
      model: 'own',
      globalVersion: 8,
      isAvailable: true,
      score: 0.94,
      loss: 0.2,
      classes: [],
      mistakes: [{ actual: 1, judgedAs: 0, count: 4 }],
      regression: null,
    },
    {
      model: 'together',
      globalVersion: 8,
      isAvailable: true,
      score: null,
      loss: null,
      classes: [],
      mistakes: [],
      regression: null,
    },
  ],
  comparisons: [],
  decisions: [
    {
      at: AT,
      by: null,
      kind: 'held-back',
      model: 'together',
      globalVersion: 8,
      reason: 'worse',
      score: 0.7,
      inUseScore: 0.951,
    },
  ],
};
const CLASSES = ['良品', 'キズ'];

describe('the models in sentences', () => {
  it('say which is in use, what is held back and why, and what is confused', () => {
    const text = modelText(REPORT, CLASSES, 'ja').join('\n');
    expect(text).toContain('「自拠点」モデル（バージョン7）');
    expect(text).toContain('95.1 % 正解率');
    expect(text).toContain('見送っています');
    expect(text).toContain('キズを良品と判定：4件');
    expect(text).toContain('エージェント  合わせたもの 見送り  (使用中のモデルより悪い)');
    expect(text).toContain('合わせたもの：不明');
  });

  it('name who has decided, and how to let the agent decide again', () => {
    const chosen = { ...REPORT, summary: { ...REPORT.summary!, chosenBy: '山田', isHoldingBack: false } };
    const text = modelText(chosen, CLASSES, 'en').join('\n');
    expect(text).toContain('山田 has decided so.');
    expect(text).toContain('--automatic');
    expect(text).not.toContain('held back, because');
  });

  it('say R² as it is, not in percent', () => {
    const summary = {
      ...REPORT.summary!,
      scoreKind: 'r-squared' as const,
      inUse: { ...REPORT.summary!.inUse, score: -0.25 },
    };
    expect(modelText({ ...REPORT, summary }, [], 'en')[0]).toContain('-0.250 of the variation');
  });

  it('say when there is none yet', () => {
    const none = { summary: null, models: [], comparisons: [], decisions: [] };
    expect(modelText(none, [], 'en')).toHaveLength(1);
  });
});
