import { calibrationGroups } from '@genba/shared/federation/groups';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { isMergeable } from '@genba/shared/federation/validate';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { WeightsUse } from '@genba/shared/protocol/messages';

/** What the aggregator sent, and what it is for. */
export interface ReceivedBase {
  readonly use: WeightsUse;
  readonly weights: Float32Array;
  /** β of the update these weights answer; null where they answer none. */
  readonly mixingWeight: number | null;
}

/** What the client has to calibrate with, as far as it has it. */
export interface KeptVectors {
  /** W_m as reported. */
  readonly sent: Float32Array | null;
  /** S_m. */
  readonly start: Float32Array | null;
  /** G_τ. */
  readonly reference: Float32Array | null;
}

/** What an install leads to. */
export interface NextBase {
  /** The new S_m. */
  readonly start: Float32Array;
  /** The new G_τ; null where the aggregator calibrates. */
  readonly reference: Float32Array | null;
}

/**
 * Turns what was received into the client's next base; see `calibrateOnClient` for the one use that is not plain.
 * @returns null when this client cannot calibrate it: it lacks what that takes (one of the two sides was restored from a
 *   copy), or the result would be beyond all reason. It then starts from fresh weights.
 */
export function nextBase(
  { use, weights, mixingWeight }: ReceivedBase,
  kept: KeptVectors,
  task: Task | null,
): NextBase | null {
  switch (use) {
    case 'install':
      return { start: weights, reference: null };
    case 'install-as-reference':
      return { start: weights, reference: weights };
    case 'install-and-reference': {
      const half = weights.length / 2;
      return { start: weights.slice(0, half), reference: weights.slice(half) };
    }
    case 'calibrate': {
      const { sent, start, reference } = kept;
      const grouping = task?.federation.strategy === 'orthofl' ? task.federation.grouping : null;
      if (task === null || grouping === null || mixingWeight === null) return null;
      if (sent === null || start === null || reference === null || weights.length !== sent.length)
        return null;
      const next = calibrateOnClient(
        { kind: 'calibrate', globalWeights: weights, mixingWeight },
        sent,
        { startWeights: start, averageAtBase: reference },
        calibrationGroups(weightLayout(task), grouping),
      );
      if (next.overflowed || !isMergeable(next.startWeights)) return null;
      return { start: next.startWeights, reference: next.averageAtBase };
    }
  }
}
