import type { CheckMetric } from './check-metric.ts';
import type { Finding } from './finding.ts';
import type { ScreeningSettings } from './settings.ts';

/** How good the served model is on the check set, without an update and with it. */
export interface CheckSetChange {
  readonly metric: CheckMetric;
  readonly before: number;
  readonly after: number;
}

/**
 * Whether an update spoils the model on the check set.
 *
 * Judged is G + δ, δ = W − S: the served weights with all of the update's progress on top, under every strategy alike,
 * whether it moves G at once, in a buffer or when a round closes. What a strategy really merges is a fraction of δ
 * (a fiftieth in the demo), on which no single update shows; but under the relay reference δ reaches the next plant
 * undiluted.
 * An honest plant that sees only its own classes spoils the others, too: in the demo, where 97 % of a plant's images are
 * of three or four digits, it loses up to 0.62 on top of G, as much as with flipped labels. The default lies above that,
 * so that no honest update is held; where plants resemble each other, a much lower limit finds much more (figures:
 * `node demo/screening.ts`).
 */
export function judgeCheckSet(
  { metric, before, after }: CheckSetChange,
  { accuracyLoss: limit }: ScreeningSettings,
): Extract<Finding, { kind: 'check-set' }> | null {
  if (before - after <= limit) return null;
  return { kind: 'check-set', metric, before, after, limit };
}
