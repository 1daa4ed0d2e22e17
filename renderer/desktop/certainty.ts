/** How sure the model is, in the words of a person. */
export type Certainty = 'sure' | 'fairly' | 'unsure';

/** @param confidence 0 to 1 */
export function certaintyOf(confidence: number): Certainty {
  if (confidence >= 0.95) return 'sure';
  return confidence >= 0.8 ? 'fairly' : 'unsure';
}

/** The sentence for each; it takes the class as `name`. */
export const CERTAINTY_SENTENCES = {
  sure: 'certainty.sure',
  fairly: 'certainty.fairly',
  unsure: 'certainty.unsure',
} as const satisfies Record<Certainty, string>;
