/** Which digits a plant mostly sees, and how many images it has. */
export interface PlantShare {
  readonly ownDigits: readonly number[];
  readonly examples: number;
  /** Share of its images that show its own digits, 0 to 1; the rest is spread over all others. */
  readonly ownShare: number;
}
/**
 * Deals images out to plants by label, without giving any image twice: the skew that makes a plant alone blind to
 * what the others see.
 * @param labels one digit per image
 * @returns for each plant the positions of its images, in random order
 * @throws RangeError when there are not enough images of a digit
 */
export declare function splitByLabel(
  labels: Uint8Array,
  plants: readonly PlantShare[],
  seed: number,
): number[][];
