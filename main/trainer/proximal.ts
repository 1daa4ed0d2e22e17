import type { WeightLayout } from '@genba/shared/model/layout';
import { add, clone, dispose, mul, type NamedTensorMap, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ProximalTerm } from './messages.ts';
import { installWeights } from './weights.ts';

/**
 * Holds a round near the start weights, so that plants with different data, or with different amounts of work, drift
 * less apart.
 *
 * Equation: the round minimises F(w) + μ/2 ‖w − S‖² instead of F(w), so each gradient grows by μ (w − S). FedProx: Li
 * et al., *Federated Optimization in Heterogeneous Networks*, arXiv 1812.06127, equation 2; FedAsync, with ρ for μ:
 * Xie et al., *Asynchronous Federated Optimization*, arXiv 1903.03934, equation 2. μ = `coefficient`, S =
 * `startWeights`, w = the weights that gradients train (running statistics are none of them).
 * Units and ranges: μ ≥ 0; with a learning rate η a step closes the share η μ of the way back, so η μ ≤ 1 (the task's
 * schema refuses more: it would leap past S).
 * Numerics: the term is added to the gradient, not to the loss: the same number without a kernel that a backend may
 * lack, and the loss that is reported stays comparable between settings.
 * Ownership: holds a copy of the start weights as tensors until {@link dispose}.
 */
export class ProximalPull {
  /** μ. */
  readonly coefficient: number;
  readonly #startOf: ReadonlyMap<string, Tensor>;

  private constructor(coefficient: number, startOf: ReadonlyMap<string, Tensor>) {
    this.coefficient = coefficient;
    this.#startOf = startOf;
  }

  /**
   * Reads the start weights through the model, whose own weights are overwritten: install them afterwards.
   * @throws AppError `update/wrong-shape`
   */
  static towards(term: ProximalTerm, model: LayersModel, layout: WeightLayout): ProximalPull {
    installWeights(model, layout, term.startWeights);
    const entries = model.trainableWeights.map((weight) => {
      const variable = weight.read() as Tensor & { readonly name: string };
      return [variable.name, clone(variable)] as const;
    });
    return new ProximalPull(term.coefficient, new Map(entries));
  }

  /** S, one for each variable. */
  get startWeights(): readonly Tensor[] {
    return [...this.#startOf.values()];
  }

  /** g + μ (w − S) for every variable. @param variables w, by name as in `gradients` */
  addTo(
    gradients: NamedTensorMap,
    variables: readonly (Tensor & { readonly name: string })[],
  ): NamedTensorMap {
    const pulled: NamedTensorMap = {};
    for (const variable of variables) {
      const { name } = variable;
      pulled[name] = tidy(() => {
        const distance = sub(variable, this.#startOf.get(name)!);
        return add(gradients[name]!, mul(distance, this.coefficient));
      });
    }
    return pulled;
  }

  /** Frees the start weights. */
  dispose(): void {
    dispose([...this.startWeights]);
  }
}
