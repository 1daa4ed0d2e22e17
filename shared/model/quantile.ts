/** The smallest value that at least `share` of all are not above; null for none. @param sorted ascending */
export function quantile(sorted: Float64Array, share: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
