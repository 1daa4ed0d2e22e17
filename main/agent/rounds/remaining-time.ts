import type { AgentStatus } from '@genba/shared/local-api/messages';

type Round = NonNullable<AgentStatus['round']>;

/**
 * Time left in a round, from the pace so far; null before the first batch.
 * @returns milliseconds
 */
export function remainingMs(
  round: Pick<Round, 'batch' | 'batches' | 'startedAt'>,
  nowMs: number,
): number | null {
  if (round.batch === 0) return null;
  const elapsedMs = nowMs - Date.parse(round.startedAt);
  return Math.max(0, (elapsedMs / round.batch) * (round.batches - round.batch));
}
