import { inputShape } from '@genba/shared/model/layers';
import { type TensorSpec, weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import {
  exportedLayers,
  GENERATED_BY,
  type ModelOrigin,
  modelNotes,
  type OutputChoice,
} from './model-topology.ts';

/** Keras writes its own version here; this is the one whose files ours are like. */
const KERAS_VERSION = '3.15.1';

/** Where Keras looks for the variables of one layer in model.weights.h5. */
export interface KerasVariables {
  /** Group of the layer: its class in snake case, numbered from the second of its kind on. */
  readonly group: string;
  /** The layer's own name. */
  readonly name: string;
  /** In the order in which Keras numbers a layer's variables, which is that of the layout. */
  readonly tensors: readonly TensorSpec[];
}

/** The metadata.json of a `.keras` file, with our own notes under `genba`: Keras does not mind them. */
export function kerasMetadata(task: Task, origin: ModelOrigin, output: OutputChoice): object {
  return {
    keras_version: KERAS_VERSION,
    // Keras' own form: 2026-11-23@09:19:41.
    date_saved: origin.createdAt.slice(0, 19).replace('T', '@'),
    genba: { generatedBy: GENERATED_BY, ...modelNotes(task, origin, output) },
  };
}

/** The config.json of a `.keras` file: a Sequential model, not compiled. */
export function kerasConfig(task: Task, output: OutputChoice): object {
  const input = {
    class_name: 'InputLayer',
    config: { name: 'input', batch_shape: [null, ...inputShape(task.input)], dtype: 'float32' },
  };
  return {
    module: 'keras',
    class_name: 'Sequential',
    config: {
      name: task.id,
      trainable: true,
      dtype: 'float32',
      layers: [input, ...exportedLayers(task, output)].map((layer) => ({
        module: 'keras.layers',
        ...layer,
        registered_name: null,
      })),
    },
    registered_name: null,
  };
}

/** Where the variables of each layer go, in the order of the layers. */
export function kerasVariables(task: Task, output: OutputChoice): KerasVariables[] {
  const { tensors } = weightLayout(task);
  const counts = new Map<string, number>();
  return exportedLayers(task, output).map(({ class_name, config }) => {
    const kind = snakeCase(class_name);
    const before = counts.get(kind) ?? 0;
    counts.set(kind, before + 1);
    const name = String(config.name);
    return {
      group: before === 0 ? kind : `${kind}_${before}`,
      name,
      tensors: tensors.filter(({ layer }) => layer === name),
    };
  });
}

/** As Keras does it: `MaxPooling2D` is `max_pooling2d`, `Conv2D` is `conv2d`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
