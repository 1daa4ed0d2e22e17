import type { ReactNode } from 'react';

/** One line: a value of at most 1 or a gap per point. */
export interface CurveLine {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  /** SVG dash pattern; undefined for a solid line. */
  readonly dash: string | undefined;
  /** The latest value in words, shown beside the name. */
  readonly latest: string;
}

/** Points from left to right; `x` under the reserved key, the lines' values under theirs. */
export type CurvePoint = Readonly<Record<string, number | null>> & { readonly x: number };

export interface CurveProps {
  readonly lines: readonly CurveLine[];
  readonly points: readonly CurvePoint[];
  /** How values are written: shares of 1 as percentages. */
  readonly values: 'shares' | 'numbers';
  readonly xLabel: string;
  readonly formatX: (x: number) => string;
  /** Where something noteworthy happened; drawn as dotted vertical lines. */
  readonly marks: readonly number[];
  /** The curve in words, for those who cannot see it and those who want it short. */
  readonly summary: readonly string[];
  readonly emptyText: string;
  readonly note?: ReactNode;
}
