/**
 * Largest distance between the distribution functions of two samples.
 * Equation: D = max_x |F₁(x) − F₂(x)|, equal values counted together (Kolmogorov 1933, Smirnov 1939).
 * Shapes: any lengths above 0; need not be in order. Units and ranges: 0 to 1.
 */
export function distance(one: Float64Array, other: Float64Array): number {
  const [first, second] = [one.toSorted(), other.toSorted()];
  let [i, j, largest] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i]!, second[j]!);
    while (first[i] === value) i += 1;
    while (second[j] === value) j += 1;
    largest = Math.max(largest, Math.abs(i / first.length - j / second.length));
  }
  return largest;
}

/** Terms of the series beyond which none changes a float64. */
const TERMS = 100;

/**
 * Probability of so large a distance, or a larger one, between two samples of one distribution.
 * Equation: Q(λ) = 2 Σ_{k≥1} (−1)^{k−1} e^{−2k²λ²}, λ = (√n + 0.12 + 0.11/√n) D, n = n₁n₂/(n₁+n₂)
 * (M. A. Stephens, J. R. Stat. Soc. B 32, 1970). Good from n = 4 on.
 * @param sizes n₁ and n₂, above 0; effective sizes need not be whole
 * Numerics: float64; Q(λ) = 1 for λ < 0.2, where the series converges slowly (true value above 1 − 10⁻¹²).
 */
export function chance(largest: number, [one, other]: readonly [number, number]): number {
  const size = Math.sqrt((one * other) / (one + other));
  const lambda = (size + 0.12 + 0.11 / size) * largest;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= TERMS; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}
