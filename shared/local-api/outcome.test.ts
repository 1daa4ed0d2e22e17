import { expect, it } from 'vitest';
import type { Verdict } from './judging.ts';
import { outcomeOf } from './outcome.ts';

const named = (isGood: boolean | null): Verdict => ({
  kind: 'class',
  className: 'キズ',
  certainty: 0.9,
  isGood,
  score: isGood === null ? null : 0.2,
  threshold: null,
});
const unusual = (isUnusual: boolean | null): Verdict => ({
  kind: 'anomaly',
  isUnusual,
  className: null,
  score: 1,
  threshold: null,
});

it.each([
  [named(true), 'ok'],
  [named(false), 'ng'],
  [named(null), 'named'],
  [unusual(true), 'ng'],
  [unusual(false), 'ok'],
  [unusual(null), 'named'],
  [{ kind: 'number', value: 3, unit: 'mm' } as const, 'named'],
  [null, 'unjudged'],
])('%j is %s', (verdict, outcome) => {
  expect(outcomeOf({ verdict })).toBe(outcome);
});
