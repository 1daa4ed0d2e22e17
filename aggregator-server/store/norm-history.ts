import type { NormHistory } from '@genba/shared/federation/screening/judge-norms';
import { z } from 'zod';

/**
 * A history as the catalogue gives it: one text, which goes from thread to thread as fast as memory is copied. As a
 * hundred small objects it would take longer than the arithmetic of the merge it is for.
 */
export type StoredHistory = string;

const records = z.array(z.strictObject({ rounds: z.int().min(1), norms: z.record(z.string(), z.number()) }));
const history = z.strictObject({ own: records, task: records });

/** Reads a history; its rows are proved here. */
export function readHistory(stored: StoredHistory): NormHistory {
  return history.parse(JSON.parse(stored));
}
