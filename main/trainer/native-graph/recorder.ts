import type { NativeAttribute, NativeBackend, NativeBinding, NativeValues } from './native-backend.ts';

/** A tensor whose values were given by JavaScript. */
export interface GraphConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: NativeValues;
}

/** An operation; its inputs are names of constants and of given tensors, or `operation:output`. */
export interface GraphOperation {
  readonly name: string;
  readonly operation: string;
  readonly attributes: readonly NativeAttribute[];
  readonly inputs: readonly string[];
}

/** What was done, each after what it needs. */
export interface Recording {
  readonly nodes: readonly (GraphConstant | GraphOperation)[];
  /** The name of a tensor; undefined: it has nothing to do with what was done. */
  readonly nameOf: (id: number) => string | undefined;
  /** Why it would not do the same with other values, in one sentence; null: it would. */
  readonly flaw: string | null;
}

/**
 * Does `work`, and writes down every operation that it has native TensorFlow do, in the form of a graph.
 *
 * What JavaScript hands over meanwhile becomes a constant, and so do single numbers from before. Whatever else `work`
 * uses has to be given by name, and it may not look at what TensorFlow calculates: the recording has a flaw otherwise.
 * @param given names of tensors that will be others the next time, by number
 * @throws whatever `work` throws
 */
export function recordOperations(
  native: NativeBackend,
  given: ReadonlyMap<number, string>,
  work: () => void,
): Recording {
  const real = native.binding;
  const names = new Map(given);
  const nodes: (GraphConstant | GraphOperation)[] = [];
  let flaw: string | null = null;
  const nextName = () => `step_${nodes.length}`;

  const addConstant = (shape: readonly number[], dtype: number, values: NativeValues) => {
    const name = nextName();
    nodes.push({ name, shape: [...shape], dtype, values: values.slice() });
    return name;
  };
  const nameOfInput = (id: number, operation: string) => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const values = real.tensorDataSync(id);
    if (!(values instanceof Float32Array) || values.length !== 1) {
      flaw ??= `${operation} uses a tensor of ${values.length} values that nobody named`;
    }
    const name = addConstant([], real.TF_FLOAT, values);
    names.set(id, name);
    return name;
  };

  const recording: Pick<NativeBinding, 'executeOp' | 'createTensor' | 'tensorDataSync'> = {
    executeOp: (operation, attributes, inputIds, outputCount) => {
      const made = real.executeOp(operation, attributes, inputIds, outputCount);
      const inputs = inputIds.map((id) => nameOfInput(id, operation));
      const name = nextName();
      nodes.push({ name, operation, attributes, inputs });
      for (const [index, { id }] of made.entries()) names.set(id, `${name}:${index}`);
      return made;
    },
    createTensor: (shape, dtype, values) => {
      const id = real.createTensor(shape, dtype, values);
      names.set(id, addConstant(shape, dtype, values));
      return id;
    },
    tensorDataSync: (id) => {
      flaw ??= 'it looks at what it calculates';
      return real.tensorDataSync(id);
    },
  };
  // The addon's own functions cannot be overwritten.
  native.binding = Object.create(
    real,
    Object.fromEntries(Object.entries(recording).map(([name, value]) => [name, { value }])),
  ) as NativeBinding;
  try {
    work();
  } finally {
    native.binding = real;
  }
  return { nodes, nameOf: (id) => names.get(id), flaw };
}
