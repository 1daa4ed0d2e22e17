import type { LayerSpec } from '../layer-spec.ts';

/** Fully connected layers, one after the other. */
export function perceptron(hiddenUnits: readonly number[], isNormalised: boolean): LayerSpec[] {
  return hiddenUnits.flatMap((units, index): LayerSpec[] => [
    { kind: 'dense', name: `hidden${index + 1}`, units, activation: 'relu' },
    ...normalisation(index + 1, isNormalised),
  ]);
}

/** There and back again: the bottleneck stands once in the middle. */
export function denseAutoencoder(hiddenUnits: readonly number[]): LayerSpec[] {
  return perceptron([...hiddenUnits, ...hiddenUnits.slice(0, -1).reverse()], false);
}

/** A batch normalisation, where one is wanted. */
export function normalisation(index: number, isWanted: boolean): LayerSpec[] {
  return isWanted ? [{ kind: 'batchNormalization', name: `normalisation${index}` }] : [];
}
