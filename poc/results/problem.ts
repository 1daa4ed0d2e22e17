import type { Task } from '@genba/shared/model/task';
import type { ExampleSet } from '../../main/trainer/messages.ts';

/** One plant with its own data. */
export interface ProblemPlant {
  readonly name: string;
  readonly training: ExampleSet;
  /** Never trained on, by nobody. Of the plant's own kind of data. */
  readonly test: ExampleSet;
}

/** Real data, dealt out to plants. */
export interface Problem {
  /** Word of the command line. */
  readonly id: string;
  readonly title: string;
  /** How the plants came about, one sentence. */
  readonly plantsAre: string;
  readonly task: Task;
  readonly plants: readonly ProblemPlant[];
  /** What a plant may meet one day: test examples of every kind. */
  readonly commonTest: ExampleSet;
  /** What the common test is, one sentence. */
  readonly commonTestIs: string;
  /** Virtual time to train for, seconds. */
  readonly horizonSeconds: number;
}

/** Makes a problem; another seed deals the data out anew. */
export type ProblemMaker = (seed: number) => Promise<Problem>;

/** Several sets of classes as one. Shapes: of one width. Ownership: returns new arrays. */
export function joinExamples(sets: readonly ExampleSet[]): ExampleSet {
  const labels = sets.flatMap((set) => [...set.labels]);
  const width = sets[0]!.inputs.length / sets[0]!.labels.length;
  const isBytes = sets[0]!.inputs instanceof Uint8Array;
  const length = labels.length * width;
  const inputs = isBytes ? new Uint8Array(length) : new Float32Array(length);
  let offset = 0;
  for (const set of sets) {
    inputs.set(set.inputs, offset);
    offset += set.inputs.length;
  }
  return { inputs, labels: Uint16Array.from(labels) };
}
