import type { LayerSpec } from '../layer-spec.ts';
import type { Task } from '../task-fields.ts';

type MobilenetModel = Extract<Task['model'], { template: 'mobilenet' }>;

/** One inverted residual block. */
interface Block {
  readonly index: number;
  /** Name of the layer that feeds it. */
  readonly from: string;
  readonly inputs: number;
  readonly filters: number;
  readonly strides: 1 | 2;
  readonly expansion: number;
}

/**
 * Inverted residual blocks after MobileNetV2 (Sandler et al. 2018, section 3.3), fewer and without batch normalisation:
 * its running statistics belong to one plant's pictures, and a mean of several plants' is nobody's. What it is needed
 * for, an even start of a deep model, comes from the first weights: blocks with a shortcut begin as that shortcut, the
 * last kernel at zero (Zhang et al., *Fixup Initialization*, ICLR 2019, rule 2), the others by He and LeCun.
 */
export function mobilenet({ filters, blocks, expansion, stemStrides }: MobilenetModel): LayerSpec[] {
  const [first] = filters as [number, ...number[]];
  const layers: LayerSpec[] = [
    {
      kind: 'conv2d',
      name: 'stem',
      filters: first,
      kernelSize: 3,
      strides: stemStrides,
      padding: 'same',
      activation: 'relu',
      start: 'heUniform',
    },
  ];
  let inputs = first;
  let index = 0;
  filters.forEach((width, stage) => {
    for (let block = 0; block < blocks; block++) {
      index += 1;
      const strides = stage > 0 && block === 0 ? 2 : 1;
      const from = layers.at(-1)!.name;
      layers.push(...invertedResidual({ index, from, inputs, filters: width, strides, expansion }));
      inputs = width;
    }
  });
  return [
    ...layers,
    pointwise('head', inputs * expansion, 'relu', 'heUniform'),
    { kind: 'globalAveragePooling2d', name: 'pooling' },
  ];
}

function invertedResidual({ index, from, inputs, filters, strides, expansion }: Block): LayerSpec[] {
  const hasShortcut = strides === 1 && inputs === filters;
  const project = `block${index}project`;
  const layers: LayerSpec[] = [
    pointwise(`block${index}expand`, inputs * expansion, 'relu', 'heUniform'),
    {
      kind: 'depthwiseConv2d',
      name: `block${index}depthwise`,
      kernelSize: 3,
      strides,
      padding: 'same',
      activation: 'relu',
      start: 'heUniform',
    },
    pointwise(project, filters, 'linear', hasShortcut ? 'zeros' : 'lecunUniform'),
  ];
  if (hasShortcut) layers.push({ kind: 'add', name: `block${index}add`, from: [from, project] });
  return layers;
}

function pointwise(
  name: string,
  filters: number,
  activation: 'relu' | 'linear',
  start: 'heUniform' | 'lecunUniform' | 'zeros',
): LayerSpec {
  return { kind: 'conv2d', name, filters, kernelSize: 1, padding: 'same', activation, start };
}
