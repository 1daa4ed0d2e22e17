import type { LayerSpec } from '../layer-spec.ts';

/**
 * Convolutions that make a picture small and then whole again: each stage halves the sides, and the way back doubles
 * them by repeating pixels, which leaves no chequered pattern behind as transposed convolutions do (Odena et al.,
 * *Deconvolution and Checkerboard Artifacts*, Distill 2016). Nothing crosses from the way in to the way back: what is
 * odd would pass through unchanged, and not be found.
 */
export function convAutoencoder(filters: readonly number[], channels: number): LayerSpec[] {
  const back = [channels, ...filters.slice(0, -1)].reverse();
  return [
    ...filters.map(
      (width, stage): LayerSpec => ({
        kind: 'conv2d',
        name: `encoder${stage + 1}`,
        filters: width,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        start: 'heUniform',
      }),
    ),
    ...back.flatMap((width, stage): LayerSpec[] => {
      const isLast = stage === back.length - 1;
      return [
        { kind: 'upSampling2d', name: `larger${stage + 1}`, size: 2 },
        {
          kind: 'conv2d',
          name: `decoder${stage + 1}`,
          filters: width,
          kernelSize: 3,
          padding: 'same',
          activation: isLast ? 'linear' : 'relu',
          start: isLast ? 'lecunUniform' : 'heUniform',
        },
      ];
    }),
  ];
}
