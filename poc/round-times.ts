/** How long one device takes for a round, seconds: normal, as measured. */
export interface RoundTime {
  readonly mean: number;
  readonly spread: number;
}

/** Round times of nine Raspberry Pis, from the traces published with the code of arXiv 2502.15940. */
export const RASPBERRY_PI: readonly RoundTime[] = [
  { mean: 96.2, spread: 135.6 },
  { mean: 904.1, spread: 222.2 },
  { mean: 360.2, spread: 103.5 },
  { mean: 276.6, spread: 187.2 },
  { mean: 150.2, spread: 210.3 },
  { mean: 161.4, spread: 194.4 },
  { mean: 177.2, spread: 209.8 },
  { mean: 106.3, spread: 32.7 },
  { mean: 385.6, spread: 111.9 },
];

/**
 * Draws the time of one round: Normal(mean, spread), a draw that is not positive replaced by the mean.
 *
 * Equation: Box and Muller, z = √(−2 ln(1 − u)) cos(2πv).
 * @param random uniform numbers in [0, 1); two are taken
 * @returns seconds, above 0
 */
export function drawRoundSeconds({ mean, spread }: RoundTime, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const seconds = mean + spread * normal;
  return seconds > 0 ? seconds : mean;
}
