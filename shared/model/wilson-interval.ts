/** Standard normal deviation that 95 % lie within, both sides together. */
const Z95 = 1.959964;

/**
 * Where a share lies, 95 % sure, of which so many of so many were seen.
 *
 * Equation: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), p = k/n (Wilson, *Probable Inference, the Law of Succession,
 * and Statistical Inference*, JASA 22, 1927): unlike the usual one it holds for few examples and shares near 0 and 1.
 * @returns lower and upper bound, 0 to 1; all of it for n = 0
 */
export function wilsonInterval(count: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const share = count / of;
  const z2 = Z95 ** 2 / of;
  const half = Z95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of));
  const bound = (sign: number) => (share + z2 / 2 + sign * half) / (1 + z2);
  // Rounding must not leave the range.
  return [Math.max(0, bound(-1)), Math.min(1, bound(1))];
}
