import { objectiveOf, splitOf, type Task } from './task.ts';

/**
 * What a task may ask of the program that trains it, by the name under which a program says that it knows it, and the
 * version of Genba that was the first to do so.
 */
export const FEATURE_SINCE = {
  'template/mlp': '0.1.0',
  'template/small-cnn': '0.1.0',
  'template/lenet-5': '0.1.0',
  'template/vgg-11': '0.1.0',
  'template/mobilenet': '0.1.0',
  'template/resnet-1d': '0.1.0',
  'template/layers-model': '0.1.0',
  'template/autoencoder': '0.1.0',
  'template/conv-autoencoder': '0.1.0',
  'input/image': '0.1.0',
  'input/table': '0.1.0',
  'input/series': '0.1.0',
  'objective/classification': '0.1.0',
  'objective/regression': '0.1.0',
  'objective/anomaly': '0.1.0',
  'split/example': '0.1.0',
  'split/column': '0.1.0',
  'split/time': '0.1.0',
  'split/folder': '0.1.0',
  'split/name': '0.1.0',
  augmentation: '0.1.0',
  'strategy/orthofl': '0.1.0',
  'strategy/fedasync': '0.1.0',
  'strategy/fedbuff': '0.1.0',
  'strategy/ca2fl': '0.1.0',
  'strategy/fedavg': '0.1.0',
  'strategy/fedprox': '0.1.0',
  screening: '0.1.0',
  'update-encoding': '0.1.0',
} as const satisfies Readonly<Record<string, string>>;

export type TaskFeature = keyof typeof FEATURE_SINCE;

/** All that this version knows. */
export const TASK_FEATURES = Object.keys(FEATURE_SINCE) as readonly TaskFeature[];

/**
 * What a task asks of the program that trains it. A new template, kind or strategy does not compile before it has a
 * name above; a new field within one needs a name of its own here, which `task-features.test.ts` recalls.
 */
export function featuresOf(task: Task): readonly TaskFeature[] {
  const { model, input, training, federation, screening, updateEncoding } = task;
  return [
    `template/${model.template}`,
    `input/${input.kind}`,
    `objective/${objectiveOf(task).kind}`,
    `split/${splitOf(task).by}`,
    `strategy/${federation.strategy}`,
    ...(training.augmentation === undefined ? [] : (['augmentation'] as const)),
    ...(screening === undefined ? [] : (['screening'] as const)),
    ...(updateEncoding === undefined ? [] : (['update-encoding'] as const)),
  ];
}

/** The first version of Genba that knows all of these, such as `0.2.0`. @param since by the name of each */
export function firstVersionWith<Name extends string>(
  features: readonly Name[],
  since: Readonly<Record<Name, string>>,
): string {
  return features.map((feature) => since[feature]).reduce((a, b) => (isNewer(b, a) ? b : a), '0.0.0');
}

function isNewer(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const place = a.findIndex((number, index) => number !== b[index]);
  return place !== -1 && a[place]! > b[place]!;
}
