import { dispose, getBackend, type Tensor } from '@tensorflow/tfjs-core';
import { nativeBackend } from './native-backend.ts';
import { OPERATION_BY_OPERATION, type Step, type StepTaker } from './step.ts';
import { type Made, StepProgram } from './step-program.ts';

/**
 * Largest difference between what a program and the operations one by one make of a variable: as a share of its largest
 * change, and of its largest element, below which float32 says nothing.
 */
const CHANGE_TOLERANCE = 1e-3;
const ELEMENT_TOLERANCE = 1e-6;
/** Of the result, as a share of its largest element. */
const RESULT_TOLERANCE = 1e-3;

/**
 * What takes the steps of a model's training, or of its judging, on the backend in use.
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
 * Takes the steps of a model's training or judging on native TensorFlow: those of a shape that comes again as a program.
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
  take<Result extends Tensor>(step: Step<Result>, settings: string): Result {
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

  isSettled(step: Step<Tensor>): boolean {
    const progress = this.#progress.get(shapeOf(step));
    return this.#isRefused || (typeof progress === 'object' && progress.isProven);
  }

  dispose(): void {
    this.#forget();
  }

  #record<Result extends Tensor>(step: Step<Result>, shape: string): Result {
    const { result, program } = StepProgram.record(step);
    if (typeof program === 'string') this.#refuse(program);
    else this.#progress.set(shape, { program, isProven: false });
    return result;
  }

  #prove<Result extends Tensor>(step: Step<Result>, shape: string, program: StepProgram): Result {
    const before = step.state.map((variable) => variable.dataSync<'float32'>());
    let foreseen: Made;
    try {
      foreseen = program.run(step);
    } catch (thrown) {
      this.#refuse(String(thrown));
      return step.take();
    }
    const result = step.take();
    // Of numbers out of range nothing can be said, and the round ends.
    if (valuesOf(result).every(Number.isFinite)) {
      if (agree(foreseen, result, step, before)) this.#progress.set(shape, { program, isProven: true });
      else this.#refuse('a step came out otherwise as a program');
    }
    dispose([foreseen.result, ...foreseen.state]);
    return result;
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

function shapeOf({ inputs }: Step<Tensor>): string {
  return inputs.map(({ shape }) => shape.join('×')).join(' ');
}

const valuesOf = (tensor: Tensor) => tensor.dataSync<'float32'>();

/** Whether a program foresaw a step's result and what it made of the state. */
function agree(
  foreseen: Made,
  result: Tensor,
  { state }: Step<Tensor>,
  before: readonly Float32Array[],
): boolean {
  const expected = valuesOf(result);
  const found = valuesOf(foreseen.result);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isNear = (value: number, i: number) =>
    Math.abs(found[i]! - value) <= RESULT_TOLERANCE * largest + ELEMENT_TOLERANCE;
  if (!expected.every(isNear)) return false;
  return state.every((variable, index) => {
    const after = valuesOf(variable);
    const program = valuesOf(foreseen.state[index]!);
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
