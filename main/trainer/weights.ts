import { AppError } from '@genba/shared/errors/app-error';
import type { TensorSpec, WeightLayout } from '@genba/shared/model/layout';
import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/**
 * Puts flat weights into a model, layer by layer.
 *
 * Shapes: `weights` has `layout.size` elements. Ownership: `weights` is copied.
 * @throws AppError `update/wrong-shape`; `internal/bug` when model and layout do not describe the same tensors
 */
export function installWeights(model: LayersModel, layout: WeightLayout, weights: Float32Array): void {
  if (weights.length !== layout.size) {
    throw new AppError('update/wrong-shape', {
      detail: `${weights.length} weights for a model of ${layout.size}`,
    });
  }
  for (const { layer, specs } of weightedLayers(model, layout)) {
    const tensors = specs.map(({ offset, size, shape }) =>
      tensor(weights.slice(offset, offset + size), [...shape], 'float32'),
    );
    layer.setWeights(tensors);
    dispose(tensors);
  }
}

/**
 * Copies a model's weights into a flat vector, the inverse of {@link installWeights}.
 * Shapes: returns `layout.size` elements, owned by the caller.
 * @throws AppError `internal/bug` when model and layout do not describe the same tensors
 */
export async function readWeights(model: LayersModel, layout: WeightLayout): Promise<Float32Array> {
  const weights = new Float32Array(layout.size);
  for (const { layer, specs } of weightedLayers(model, layout)) {
    // getWeights() hands out the variables themselves: nothing to dispose of.
    const read = await Promise.all(layer.getWeights().map((values) => values.data<'float32'>()));
    for (const [index, values] of read.entries()) weights.set(values, specs[index]!.offset);
  }
  return weights;
}

interface WeightedLayer {
  readonly layer: LayersModel['layers'][number];
  readonly specs: readonly TensorSpec[];
}

/** Pairs each layer that has weights with its part of the layout, and proves that both mean the same. */
function weightedLayers(model: LayersModel, layout: WeightLayout): WeightedLayer[] {
  const pairs = model.layers.map((layer) => ({
    layer,
    specs: layout.tensors.filter((spec) => spec.layer === layer.name),
  }));
  for (const { layer, specs } of pairs) {
    const actual = layer.getWeights().map(shapeOf).join(' ');
    const expected = specs.map(shapeOf).join(' ');
    if (actual !== expected) {
      throw new AppError('internal/bug', {
        detail: `layer ${layer.name} is ${actual}, its layout says ${expected}`,
      });
    }
  }
  const paired = pairs.reduce((total, { specs }) => total + specs.length, 0);
  if (paired !== layout.tensors.length) {
    throw new AppError('internal/bug', { detail: 'the layout names a layer that the model does not have' });
  }
  return pairs.filter(({ specs }) => specs.length > 0);
}

function shapeOf({ shape }: Pick<TensorSpec, 'shape'> | Pick<Tensor, 'shape'>): string {
  return `[${shape.join(',')}]`;
}
