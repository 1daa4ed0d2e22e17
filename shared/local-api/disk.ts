import { z } from 'zod';

/**
 * How much room there is for what the agent still has to write.
 * `low`: training goes on, but somebody should make room. `short`: no new round begins, so that what is there can still be
 * finished, stored and sent.
 */
export const DISK_LEVELS = ['enough', 'low', 'short'] as const;
export type DiskLevel = (typeof DISK_LEVELS)[number];

/** Smallest quota of the data folder, bytes: less holds no model worth the name. */
export const MIN_QUOTA_BYTES = 100e6;

export const diskStatusSchema = z.strictObject({
  level: z.enum(DISK_LEVELS),
  /** What is scarcer: the disk, or what the settings let the data folder have. */
  limit: z.enum(['disk', 'quota']),
  /** Free on the disk, bytes. */
  freeBytes: z.int().min(0),
  /** Size of the data folder, bytes. */
  usedBytes: z.int().min(0),
  /** Largest size of the data folder by the settings, bytes. */
  quotaBytes: z.int().positive(),
  /** Still to be had, at most, before training goes on without care: what the agent may yet write, with its margin, bytes. */
  neededBytes: z.int().min(0),
});
export type DiskStatus = z.output<typeof diskStatusSchema>;
