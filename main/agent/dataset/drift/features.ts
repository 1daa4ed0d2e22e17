import type { Task } from '@genba/shared/model/task';
import type { ExampleSet } from '../../../trainer/messages.ts';

/** By what pictures are compared. */
export const PICTURE_ASPECTS = ['brightness', 'contrast', 'sharpness'] as const;

/**
 * What examples are compared by: of a row its columns, of a window the mean of each, of a picture how bright, how rich in
 * contrast and how sharp it is, as the model sees it. Values are as they were read, not standardised.
 * Shapes: one value per column, or per {@link PICTURE_ASPECTS}.
 */
export function featuresOf({ inputs, labels }: ExampleSet, { input }: Task, place: number): Float32Array {
  const width = inputs.length / labels.length;
  const values = inputs.subarray(place * width, (place + 1) * width);
  if (input.kind === 'table') return Float32Array.from(values);
  if (input.kind === 'image') return pictureFeatures(values, input);
  const means = new Float64Array(input.columns.length);
  for (const [index, value] of values.entries()) means[index % means.length]! += value / input.windowRows;
  return Float32Array.from(means);
}

/** Mean, standard deviation, and mean step between neighbours, over all channels. */
function pictureFeatures(
  values: ExampleSet['inputs'],
  { width, channels }: { readonly width: number; readonly channels: number },
): Float32Array {
  let [sum, squares, steps] = [0, 0, 0];
  const step = channels;
  for (const [index, value] of values.entries()) {
    sum += value;
    squares += value * value;
    if (index % (width * channels) >= step) steps += Math.abs(value - values[index - step]!);
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(Math.max(0, squares / values.length - mean * mean));
  return Float32Array.of(mean, deviation, steps / values.length);
}
