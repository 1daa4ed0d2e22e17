import type { Outcomes } from '../../trainer/messages.ts';
import { pairedDifference } from './paired-difference.ts';

/** What the gate makes of a model. */
export interface Verdict {
  readonly isTaken: boolean;
  readonly reason: 'as-good' | 'better' | 'within-chance' | 'worse';
  /** See {@link judgeNewest}: what the next one starts with. */
  readonly deficit: number;
}

/**
 * Decides whether the newest model takes the place of the one in use: when it is at least as good, example by example.
 *
 * A model may be a little worse on paper and take the place all the same: within one standard error of the difference,
 * chance alone makes two equal models differ that much in one of three cases. Without this the model in use would be
 * the one that was luckiest once, and stay. But what was conceded adds up: all that was lost since the best model in use
 * together stays within one standard error, so that many small steps down are refused like a large one.
 * @param deficit how much worse the one in use is than the best before it, 0 or less
 */
export function judgeNewest(candidate: Outcomes, inUse: Outcomes, deficit: number): Verdict {
  const { difference, standardError } = pairedDifference(candidate, inUse);
  const next = Math.min(0, deficit + difference);
  if (difference >= 0) return { isTaken: true, reason: 'as-good', deficit: next };
  if (next >= -standardError) return { isTaken: true, reason: 'within-chance', deficit: next };
  return { isTaken: false, reason: 'worse', deficit };
}

/**
 * Decides whether another model than the newest takes the place: only when it is clearly better than the one in use, by
 * more than one standard error. So the model does not change sides at every sync.
 */
export function judgeOther(candidate: Outcomes, inUse: Outcomes, deficit: number): Verdict {
  const { difference, standardError } = pairedDifference(candidate, inUse);
  if (difference <= standardError) return { isTaken: false, reason: 'worse', deficit };
  return { isTaken: true, reason: 'better', deficit: Math.min(0, deficit + difference) };
}
