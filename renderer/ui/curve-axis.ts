/** Steps between ticks, smallest first; further ones are tenfold. */
const STEPS = [0.2, 0.5, 1];
/** At least two of the smallest steps are shown, so that a flat line does not fill the drawing. */
const SMALLEST_SPAN = 0.4;
const TICKS_AT_MOST = 6;

/**
 * Ticks of an axis for scores, lowest first. It ends at 1, the best there is, and begins at the step below the lowest
 * value, so that small gains show and no line is cut, also below 0.
 */
export function axisTicks(values: readonly (number | null)[]): number[] {
  const lowest = values.reduce<number>((least, value) => Math.min(least, value ?? 1), 1 - SMALLEST_SPAN);
  const step = stepFor(1 - lowest);
  // A value on a tick may lie a rounding error below it.
  const first = Math.floor(lowest / step + 1e-9);
  const count = Math.ceil(1 / step - 1e-9) - first;
  return [...Array.from({ length: count }, (_, index) => rounded((first + index) * step)), 1];
}

function stepFor(span: number): number {
  for (let factor = 1; ; factor *= 10) {
    const step = STEPS.find((each) => span / (each * factor) < TICKS_AT_MOST);
    if (step !== undefined) return step * factor;
  }
}

/** Without what binary fractions leave behind. */
function rounded(value: number): number {
  return Number(value.toFixed(1));
}
