import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { memory } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { OWN_TOPOLOGY, sampleTask } from './fixtures.ts';
import { buildModel } from './model.ts';
import { installWeights, readWeights } from './weights.ts';

const MODELS = {
  mlp: { template: 'mlp', hiddenUnits: [5, 4] },
  'mlp with normalisation': { template: 'mlp', hiddenUnits: [5, 4], batchNormalisation: true },
  'mlp without hidden layers': { template: 'mlp', hiddenUnits: [] },
  'small cnn': { template: 'small-cnn', filters: [3, 4], denseUnits: 5 },
  'small cnn with normalisation': {
    template: 'small-cnn',
    filters: [3, 4],
    denseUnits: 5,
    batchNormalisation: true,
  },
  'LeNet-5': { template: 'lenet-5' },
  MobileNet: { template: 'mobilenet', filters: [3, 5, 4], expansion: 2 },
  'ResNet over time': { template: 'resnet-1d', filters: [3, 5], kernelSize: 4 },
  "a model of an engineer's own": { template: 'layers-model', topology: OWN_TOPOLOGY },
  'VGG-11': { template: 'vgg-11', widthShare: 0.02, hiddenUnits: [5], batchNormalisation: true },
};

// Sides that are no power of two: pooling leaves a row over.
const IMAGE = { kind: 'image', width: 33, height: 38, channels: 3 };
const SERIES = { kind: 'series', columns: ['x', 'y'], windowRows: 17, strideRows: 5, labelColumn: 'label' };

describe.each(Object.entries(MODELS))('layout of %s', (_name, template) => {
  const input = template.template === 'resnet-1d' ? SERIES : IMAGE;
  const task = sampleTask({ input, model: template });
  const layout = weightLayout(task);

  it('names the same tensors as tfjs, those of a layer in the same order', () => {
    const model = buildModel(task);
    const tensors = model.layers.flatMap((layer) =>
      layer.weights.map((weight) => ({
        // Variables are called layer/kind, with a number added where the process has several models.
        name: `${layer.name}/${weight.originalName.split('/').at(-1)!.replace(/_\d+$/, '')}`,
        shape: weight.shape,
      })),
    );
    // tfjs sorts the layers of a model with branches by depth; within a layer the order counts.
    const byLayer = (specs: { name: string; shape: readonly (number | null)[] }[]) =>
      Object.groupBy(specs, ({ name }) => name.split('/')[0]!);
    expect(byLayer(tensors)).toEqual(byLayer(layout.tensors.map(({ name, shape }) => ({ name, shape }))));
    model.dispose();
  });

  it('gives back exactly the weights that were installed', async () => {
    const model = buildModel(task);
    const weights = initialWeights(layout, 3);
    for (let i = 0; i < weights.length; i++) weights[i]! += i / 64;
    installWeights(model, layout, weights);
    expect(await readWeights(model, layout)).toEqual(weights);
    model.dispose();
  });
});

describe('installWeights', () => {
  it('refuses a vector of another length', () => {
    const task = sampleTask();
    const layout = weightLayout(task);
    const model = buildModel(task);
    expect(() => installWeights(model, layout, new Float32Array(layout.size + 1))).toThrow(
      expect.objectContaining({ code: 'update/wrong-shape' }),
    );
    model.dispose();
  });

  it('refuses the layout of another model', () => {
    const layout = weightLayout(sampleTask({ model: { template: 'mlp', hiddenUnits: [7] } }));
    const model = buildModel(sampleTask());
    expect(() => installWeights(model, layout, new Float32Array(layout.size))).toThrow(
      expect.objectContaining({ code: 'internal/bug' }),
    );
    model.dispose();
  });

  it('leaves no tensor behind', async () => {
    const task = sampleTask();
    const layout = weightLayout(task);
    const model = buildModel(task);
    const before = memory().numTensors;
    installWeights(model, layout, new Float32Array(layout.size));
    await readWeights(model, layout);
    expect(memory().numTensors).toBe(before);
    model.dispose();
  });
});
