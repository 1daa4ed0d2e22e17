import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type NativeBackend, nativeBackend } from './native-backend.ts';
import { recordOperations } from './recorder.ts';
import { GRAPH_FILE, GRAPH_TAG, type GraphInput, savedModelBytes } from './saved-model.ts';
import type { Step } from './step.ts';

/** What a step makes. */
export interface StepResult {
  readonly loss: Scalar;
  /** One tensor for each variable of the state. */
  readonly state: readonly Tensor[];
}

/**
 * A step as one graph that native TensorFlow runs in one go: it optimises the graph as a whole, works on several
 * operations at once and frees what nobody needs any more, as TensorFlow in Python does with `tf.function`.
 * Ownership: holds memory of TensorFlow's until {@link dispose}.
 */
export class StepProgram {
  readonly #native: NativeBackend;
  readonly #graph: number;
  /** Names of what goes in and what comes out, as the addon wants them. */
  readonly #inputs: string;
  readonly #outputs: string;

  private constructor(native: NativeBackend, graph: number, inputs: string, outputs: string) {
    this.#native = native;
    this.#graph = graph;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  /**
   * Takes a step, operation by operation, and makes a program of what was done.
   * @returns the loss, and the program; or why there is none, in one sentence: the step was taken all the same
   */
  static record(step: Step): { loss: Scalar; program: StepProgram | string } {
    const native = nativeBackend();
    const given = [...step.inputs, ...step.state];
    const inputs = given.map(
      ({ shape }, index): GraphInput => ({ name: `given_${index}`, shape, dtype: native.binding.TF_FLOAT }),
    );
    const ids = native.getInputTensorIds(given);
    let loss: Scalar | undefined;
    const { nodes, nameOf, flaw } = recordOperations(
      native,
      new Map(ids.map((id, index) => [id, inputs[index]!.name])),
      () => {
        loss = step.take();
      },
    );
    if (flaw !== null) return { loss: loss!, program: flaw };
    const made = native.getInputTensorIds([loss!, ...step.state]).map(nameOf);
    if (made.includes(undefined)) return { loss: loss!, program: 'a result was not calculated by the step' };
    try {
      const graph = loadGraph(native, savedModelBytes(native.binding, inputs, nodes));
      const names = inputs.map(({ name }) => `${name}:0`).join(',');
      return { loss: loss!, program: new StepProgram(native, graph, names, made.join(',')) };
    } catch (thrown) {
      return { loss: loss!, program: String(thrown) };
    }
  }

  /** What the step makes of its inputs and its state, which stays as it is. The caller disposes of the result. */
  run({ inputs, state }: Step): StepResult {
    const ids = this.#native.getInputTensorIds([...inputs, ...state]);
    const [loss, ...made] = this.#native.binding
      .runSavedModel(this.#graph, ids, this.#inputs, this.#outputs)
      .map((tensor) => this.#native.createOutputTensor(tensor));
    return { loss: loss as Scalar, state: made };
  }

  /** Takes the step. Returns the loss before it. */
  take(step: Step): Scalar {
    const { loss, state } = this.run(step);
    for (const [index, variable] of step.state.entries()) variable.assign(state[index]!);
    dispose([...state]);
    return loss;
  }

  dispose(): void {
    this.#native.binding.deleteSavedModel(this.#graph);
  }
}

/** TensorFlow reads graphs from files only; it keeps none open. */
function loadGraph({ binding }: NativeBackend, bytes: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'genba-step-'));
  try {
    writeFileSync(join(folder, GRAPH_FILE), bytes);
    return binding.loadSavedModel(folder, GRAPH_TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
