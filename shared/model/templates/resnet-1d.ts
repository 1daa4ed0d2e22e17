import type { KernelStart, LayerSpec } from '../layer-spec.ts';
import type { Task } from '../task-fields.ts';

type ResnetModel = Extract<Task['model'], { template: 'resnet-1d' }>;

/** One residual block. */
interface Block {
  readonly index: number;
  /** Name of the layer that feeds it. */
  readonly from: string;
  readonly inputs: number;
  readonly filters: number;
  readonly strides: 1 | 2;
  readonly kernelSize: number;
}

/**
 * A residual network over time (He et al. 2016; for series: Wang et al., *Time Series Classification from Scratch*,
 * IJCNN 2017), with two convolutions per block and without batch normalisation, for the reasons that `mobilenet` has. It
 * would also hide how strong a signal is, which is often what tells a worn spindle from a good one. Blocks begin as
 * their shortcut: the second kernel starts at zero (Zhang et al., *Fixup Initialization*, ICLR 2019, rule 2).
 */
export function resnet1d({ filters, blocks, kernelSize }: ResnetModel): LayerSpec[] {
  const [first] = filters as [number, ...number[]];
  const layers: LayerSpec[] = [
    convolution('stem', { filters: first, kernelSize, strides: 1, activation: 'relu', start: 'heUniform' }),
  ];
  let inputs = first;
  let index = 0;
  filters.forEach((width, stage) => {
    for (let block = 0; block < blocks; block++) {
      index += 1;
      const strides = stage > 0 && block === 0 ? 2 : 1;
      const from = layers.at(-1)!.name;
      layers.push(...residual({ index, from, inputs, filters: width, strides, kernelSize }));
      inputs = width;
    }
  });
  return [...layers, { kind: 'globalAveragePooling1d', name: 'pooling' }];
}

function residual({ index, from, inputs, filters, strides, kernelSize }: Block): LayerSpec[] {
  const [second, shortcut] = [`block${index}second`, `block${index}shortcut`];
  const isIdentity = strides === 1 && inputs === filters;
  const layers: LayerSpec[] = [
    convolution(`block${index}first`, {
      filters,
      kernelSize,
      strides,
      activation: 'relu',
      start: 'heUniform',
    }),
    convolution(second, { filters, kernelSize, strides: 1, activation: 'linear', start: 'zeros' }),
  ];
  if (!isIdentity) {
    const settings = {
      filters,
      kernelSize: 1,
      strides,
      activation: 'linear',
      start: 'lecunUniform',
    } as const;
    layers.push({ ...convolution(shortcut, settings), from: [from] });
  }
  return [
    ...layers,
    { kind: 'add', name: `block${index}add`, from: [isIdentity ? from : shortcut, second] },
    { kind: 'activation', name: `block${index}relu`, activation: 'relu' },
  ];
}

interface ConvolutionSettings {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides: number;
  readonly activation: 'relu' | 'linear';
  readonly start: KernelStart;
}

function convolution(name: string, settings: ConvolutionSettings): LayerSpec {
  return { kind: 'conv1d', name, padding: 'same', ...settings };
}
