import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { type NativeBackend, nativeBackend } from './native-backend.ts';
import { recordOperations } from './recorder.ts';
import { GRAPH_FILE, GRAPH_TAG, type GraphInput, savedModelBytes } from './saved-model.ts';
import type { Step } from './step.ts';

/** What a step makes. */
export interface Made<Result extends Tensor = Tensor> {
  readonly result: Result;
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
   * @returns the result, and the program; or why there is none, in one sentence: the step was taken all the same
   */
  static record<Result extends Tensor>(
    step: Step<Result>,
  ): { result: Result; program: StepProgram | string } {
    const native = nativeBackend();
    const given = [...step.inputs, ...step.state];
    const inputs = given.map(
      ({ shape }, index): GraphInput => ({ name: `given_${index}`, shape, dtype: native.binding.TF_FLOAT }),
    );
    const ids = native.getInputTensorIds(given);
    let result: Result | undefined;
    const { nodes, nameOf, flaw } = recordOperations(
      native,
      new Map(ids.map((id, index) => [id, inputs[index]!.name])),
      () => {
        result = step.take();
      },
    );
    if (flaw !== null) return { result: result!, program: flaw };
    const made = native.getInputTensorIds([result!, ...step.state]).map(nameOf);
    if (made.includes(undefined))
      return { result: result!, program: 'a result was not calculated by the step' };
    try {
      const graph = loadGraph(native, savedModelBytes(native.binding, inputs, nodes));
      const names = inputs.map(({ name }) => `${name}:0`).join(',');
      return { result: result!, program: new StepProgram(native, graph, names, made.join(',')) };
    } catch (thrown) {
      return { result: result!, program: String(thrown) };
    }
  }

  /** What the step makes of its inputs and its state, which stays as it is. The caller disposes of the result. */
  run<Result extends Tensor>({ inputs, state }: Step<Result>): Made<Result> {
    const ids = this.#native.getInputTensorIds([...inputs, ...state]);
    const [result, ...made] = this.#native.binding
      .runSavedModel(this.#graph, ids, this.#inputs, this.#outputs)
      .map((tensor) => this.#native.createOutputTensor(tensor));
    return { result: result as Result, state: made };
  }

  /** Takes the step. Returns its result. */
  take<Result extends Tensor>(step: Step<Result>): Result {
    const { result, state } = this.run(step);
    for (const [index, variable] of step.state.entries()) variable.assign(state[index]!);
    dispose([...state]);
    return result;
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
