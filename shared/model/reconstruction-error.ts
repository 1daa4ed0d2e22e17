/**
 * How far a reconstruction is from its example.
 *
 * Equation: e = (1/d) Σ (z − x)² over the d inputs. Shapes: both of one length, not empty.
 */
export function reconstructionError(outputs: ArrayLike<number>, inputs: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < inputs.length; i++) squares += (outputs[i]! - inputs[i]!) ** 2;
  return squares / inputs.length;
}
