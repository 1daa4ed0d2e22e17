import type { UnsyncedNames } from './durable-disk.ts';

/** What would be left of a moment: by a power cut, or by a kill, which leaves everything as it is. */
export type Left = UnsyncedNames | 'killed';

/** Moments of which is kept what would be left. */
export interface Remains {
  /** For what is left, named by {@link nameOfLeft}, and `points.json` with the names of all points. */
  readonly folder: string;
  readonly leaves: readonly Left[];
  /** Only from this report on. */
  readonly fromReport?: number;
  /** Only at points whose names begin so. */
  readonly names?: readonly string[];
}

/** The folder of what is left of a point. */
export function nameOfLeft(point: number, left: Left): string {
  return `${point}-${left}`;
}
