import type { Task } from '@genba/shared/model/task';
import { type Scalar, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Augment } from './augmentation.ts';
import { batchInputs } from './batches.ts';
import type { ExampleSet } from './messages.ts';
import type { Step, StepTaker } from './native-graph/step.ts';
import { type BatchObjective, batchObjective } from './objective.ts';
import { disposeOptimiser, freshOptimiser, type Optimiser } from './optimiser.ts';
import type { ProximalPull } from './proximal.ts';
import { takeValues } from './take-values.ts';

/** What is trained, on what, and how. */
export interface DescentOptions {
  /** Its weights are changed in place. */
  readonly model: LayersModel;
  readonly task: Task;
  readonly set: ExampleSet;
  readonly training: Task['training'];
  /** Holds the weights near those it knows; null costs nothing. */
  readonly pull: ProximalPull | null;
  /** null: the inputs as they are. */
  readonly augment: Augment | null;
  /** What takes the steps; of one model only. */
  readonly steps: StepTaker;
}

/**
 * Stochastic gradient descent, step by step, with an optimiser of its own.
 * Ownership: holds the optimiser's tensors until {@link dispose}.
 */
export class Descent {
  readonly #options: DescentOptions;
  readonly #objective: BatchObjective;
  readonly #optimiser: Optimiser;
  /** What gradients train. */
  readonly #variables: readonly Variable[];
  /** What a step changes. */
  readonly #state: readonly Variable[];
  /** What a step depends on, beside tensors. */
  readonly #settings: string;
  #isSettled = false;

  private constructor(options: DescentOptions, variables: readonly Variable[], optimiser: Optimiser) {
    const { task, set, training, pull, model } = options;
    this.#options = options;
    this.#objective = batchObjective(task, set);
    this.#optimiser = optimiser;
    this.#variables = variables;
    const weights = model.weights.map((weight) => weight.read() as Variable);
    this.#state = [...weights, ...optimiser.memory];
    this.#settings = [training.learningRate, training.momentum, pull?.coefficient ?? 0].join(' ');
  }

  static async begin(options: DescentOptions): Promise<Descent> {
    const variables = options.model.trainableWeights.map((weight) => weight.read() as Variable);
    return new Descent(options, variables, await freshOptimiser(options.training, variables));
  }

  /** Whether the next step will take as long as all others: neither translated nor proven any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /**
   * One step of gradient descent on some examples. Returns the batch's mean loss before the step, without the pull's
   * part: see `ProximalPull` for what a pull adds to its gradient.
   */
  async step(picked: Uint32Array): Promise<number> {
    const { task, set, pull, augment, steps } = this.#options;
    const meanLoss = tidy(() => {
      const inputs = batchInputs(task, set, picked, augment);
      const targets = this.#objective.targets(picked);
      const step: Step = {
        inputs: [inputs, ...targets, ...(pull?.startWeights ?? [])],
        state: this.#state,
        take: () => this.#take(inputs, targets),
      };
      const loss = steps.take(step, this.#settings);
      this.#isSettled = steps.isSettled(step);
      return loss;
    });
    return (await takeValues(meanLoss))[0]!;
  }

  dispose(): void {
    disposeOptimiser(this.#optimiser);
  }

  #take(inputs: Tensor, targets: readonly Tensor[]): Scalar {
    const { model, pull } = this.#options;
    const { descent } = this.#optimiser;
    const variables = [...this.#variables];
    const { value, grads } = descent.computeGradients(() => {
      // `training` makes normalisation layers use the batch's statistics and update the running ones.
      const outputs = model.apply(inputs, { training: true }) as Tensor;
      return this.#objective.loss(outputs, inputs, targets);
    }, variables);
    descent.applyGradients(pull === null ? grads : pull.addTo(grads, variables));
    return value;
  }
}
