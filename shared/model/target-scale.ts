/** What a number that is learnt may be between: the task's `range`, lowest and highest, in its unit. */
type TargetRange = readonly [lowest: number, highest: number];

/** A number as the model learns it: the range becomes −1 to 1. */
export function scaleTarget(value: number, [lowest, highest]: TargetRange): number {
  return (2 * value - lowest - highest) / (highest - lowest);
}

/** What a model says, in the unit of the number: the inverse of {@link scaleTarget}. */
export function unscaleTarget(target: number, [lowest, highest]: TargetRange): number {
  return (lowest + highest) / 2 + target * ((highest - lowest) / 2);
}
