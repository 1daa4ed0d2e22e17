import { dispose, getBackend, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { nativeBackend } from './native-backend.ts';
import { OPERATION_BY_OPERATION, type Step, type StepTaker } from './step.ts';
import { StepProgram, type StepResult } from './step-program.ts';

/**
 * Largest difference between what a program and the operations one by one make of a variable: as a share of its largest
 * change, and of its largest element, below which float32 says nothing.
 */
const CHANGE_TOLERANCE = 1e-3;
const ELEMENT_TOLERANCE = 1e-6;
/** Of the loss, relative. */
const LOSS_TOLERANCE = 1e-3;

/**
 * What takes the steps of a model's training on the backend in use.
 * @param onRefused see {@link StepPrograms}
 */
export function stepTaker(onRefused: (reason: string) => void): StepTaker {
  // Into a graph everything goes through the PC's memory: what lies on a graphics card would go back and forth.
  const isNative = getBackend() === 'tensorflow' && !nativeBackend().isUsingGpuDevice;
  return isNative ? new StepPrograms(onRefused) : OPERATION_BY_OPERATION;
}

/** How far the steps of one shape have come. */
type Progress = 'met' | { readonly program: StepProgram; readonly isProven: boolean };

/**
 * Takes the steps of a model's training on native TensorFlow: those of a shape that comes again as a program.
 *
 * The first step of a shape is taken operation by operation, the second one recorded, the third one taken both ways: only
 * a program that then makes the same of a batch that it was not recorded on is used. Where none can be made, or where one
 * fails, all steps are taken operation by operation, and `onRefused` is told why.
 */
export class StepPrograms implements StepTaker {
  readonly #onRefused: (reason: string) => void;
  readonly #progress = new Map<string, Progress>();
  #settings = '';
  #isRefused = false;

  /** @param onRefused told once, in one sentence */
  constructor(onRefused: (reason: string) => void) {
    this.#onRefused = onRefused;
  }

  /** What was made for other settings is forgotten. */
  take(step: Step, settings: string): Scalar {
    if (this.#isRefused) return step.take();
    if (settings !== this.#settings) this.#forget();
    this.#settings = settings;
    const shape = shapeOf(step);
    const progress = this.#progress.get(shape);
    if (progress === undefined) {
      this.#progress.set(shape, 'met');
      return step.take();
    }
    if (progress === 'met') return this.#record(step, shape);
    if (!progress.isProven) return this.#prove(step, shape, progress.program);
    try {
      return progress.program.take(step);
    } catch (thrown) {
      this.#refuse(String(thrown));
      return step.take();
    }
  }

  isSettled(step: Step): boolean {
    const progress = this.#progress.get(shapeOf(step));
    return this.#isRefused || (typeof progress === 'object' && progress.isProven);
  }

  dispose(): void {
    this.#forget();
  }

  #record(step: Step, shape: string): Scalar {
    const { loss, program } = StepProgram.record(step);
    if (typeof program === 'string') this.#refuse(program);
    else this.#progress.set(shape, { program, isProven: false });
    return loss;
  }

  #prove(step: Step, shape: string, program: StepProgram): Scalar {
    const before = step.state.map((variable) => variable.dataSync<'float32'>());
    let foreseen: StepResult;
    try {
      foreseen = program.run(step);
    } catch (thrown) {
      this.#refuse(String(thrown));
      return step.take();
    }
    const loss = step.take();
    // Of numbers out of range nothing can be said, and the round ends.
    if (Number.isFinite(loss.dataSync()[0]!)) {
      if (agree(foreseen, loss, step, before)) this.#progress.set(shape, { program, isProven: true });
      else this.#refuse('a step came out otherwise as a program');
    }
    dispose([foreseen.loss, ...foreseen.state]);
    return loss;
  }

  #refuse(reason: string): void {
    this.#isRefused = true;
    this.#forget();
    this.#onRefused(reason);
  }

  #forget(): void {
    for (const progress of this.#progress.values()) {
      if (progress !== 'met') progress.program.dispose();
    }
    this.#progress.clear();
  }
}

function shapeOf({ inputs }: Step): string {
  return inputs.map(({ shape }) => shape.join('×')).join(' ');
}

/** Whether a program foresaw a step's loss and what it made of the state. */
function agree(
  foreseen: StepResult,
  loss: Scalar,
  { state }: Step,
  before: readonly Float32Array[],
): boolean {
  const values = (tensor: Tensor) => tensor.dataSync<'float32'>();
  const [expected, found] = [values(loss)[0]!, values(foreseen.loss)[0]!];
  if (!(Math.abs(found - expected) <= LOSS_TOLERANCE * Math.abs(expected) + ELEMENT_TOLERANCE)) return false;
  return state.every((variable, index) => {
    const after = values(variable);
    const program = values(foreseen.state[index]!);
    const start = before[index]!;
    let [change, element, error] = [0, 0, 0];
    for (const [i, value] of after.entries()) {
      change = Math.max(change, Math.abs(value - start[i]!));
      element = Math.max(element, Math.abs(value));
      error = Math.max(error, Math.abs(value - program[i]!));
    }
    return error <= CHANGE_TOLERANCE * change + ELEMENT_TOLERANCE * element;
  });
}
