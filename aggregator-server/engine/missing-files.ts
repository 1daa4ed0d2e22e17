import { toAppError } from '@genba/shared/errors/app-error';
import type { ClientRecord, UpdateRecord } from '../store/catalogue.ts';
import type { WeightStore } from '../store/weight-store.ts';

/**
 * What must come back before a client's update can be merged: its start weights, which it can send again, or something
 * that only the server had, so that the client has to start anew from the global weights.
 */
export type Missing = 'nothing' | 'start-weights' | 'reference';

/** @param clientVectors what the strategy keeps of a client, by name */
export function missingOf(
  { evicted }: Pick<ClientRecord, 'evicted'>,
  clientVectors: readonly string[],
): Missing {
  const names = evicted.filter((name) => clientVectors.includes(name));
  if (names.some((name) => name !== 'startWeights')) return 'reference';
  return names.length > 0 ? 'start-weights' : 'nothing';
}

/** Which of the files that an update's merge reads are damaged. */
export interface Damage {
  readonly isUpdateDamaged: boolean;
  /** Of the client's vectors, those that can be had again or done without. */
  readonly names: readonly string[];
}

const REPLACEABLE = ['startWeights', 'averageAtBase'];

/** Reads them all, which takes long: only after a merge has met damage. @throws AppError `server/storage` */
export async function findDamage(
  weights: Pick<WeightStore, 'read'>,
  { digest }: UpdateRecord,
  { vectors }: Pick<ClientRecord, 'vectors'>,
): Promise<Damage> {
  const isDamaged = async (file: string) => {
    try {
      await weights.read(file);
      return false;
    } catch (thrown) {
      if (toAppError(thrown).code === 'store/damaged') return true;
      throw thrown;
    }
  };
  const names: string[] = [];
  for (const name of REPLACEABLE) {
    const file = vectors[name];
    if (file !== undefined && (await isDamaged(file))) names.push(name);
  }
  return { isUpdateDamaged: await isDamaged(digest), names };
}
