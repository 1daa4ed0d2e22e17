import type { JudgedItem } from './judging.ts';

/** What a result means for the part: fine, not fine, neither of them, or not judged. */
export type Outcome = 'ok' | 'ng' | 'named' | 'unjudged';

/** What a result means. Where nobody has said which classes are good, a class is only named. */
export function outcomeOf({ verdict }: Pick<JudgedItem, 'verdict'>): Outcome {
  if (verdict === null) return 'unjudged';
  if (verdict.kind === 'number') return 'named';
  const isGood =
    verdict.kind === 'class' ? verdict.isGood : verdict.isUnusual === null ? null : !verdict.isUnusual;
  if (isGood === null) return 'named';
  return isGood ? 'ok' : 'ng';
}
