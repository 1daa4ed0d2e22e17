import { expect, it } from 'vitest';
import type { DriftFinding } from './drift.ts';
import { driftChecks, driftSentence } from './drift-sentences.ts';

it('says in plain words what is unlike, and what to check, each once', () => {
  const findings: DriftFinding[] = [
    { kind: 'column', column: 'トルク', change: 'higher', distance: 0.5 },
    { kind: 'column', column: '温度', change: 'wider', distance: 0.3 },
    { kind: 'picture', aspect: 'brightness', change: 'lower', distance: 0.4 },
    { kind: 'class', className: '不良', before: 0.034, now: 0.25 },
  ];
  expect(findings.map((finding) => driftSentence(finding, 'ja'))).toEqual([
    '「トルク」が以前より高くなっています。',
    '「温度」のばらつきが以前より大きくなっています。',
    '画像の明るさが以前より低くなっています。',
    '「不良」の割合が3.4％から25％に変わりました。',
  ]);
  expect(driftSentence(findings[0]!, 'en')).toBe('“トルク” runs higher than before.');
  expect(driftSentence(findings[3]!, 'en')).toBe('“不良” is 25 % of the newer examples; it was 3.4 %.');
  expect(driftChecks(findings, 'en')).toHaveLength(3);
});
