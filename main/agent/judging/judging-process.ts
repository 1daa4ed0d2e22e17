import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import type {
  BackendName,
  ExampleSet,
  LabelledPredictions,
  PredictionInputs,
} from '../../trainer/messages.ts';
import { TrainerProcess } from '../trainer/trainer-process.ts';
import type { KeptReading } from './kept-reading.ts';

/** Without a graphics processor: a part on the line must not wait for a batch that trains on it. */
const ORDER: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];

/** @param wished for training */
function judgedWith(wished: BackendName | null) {
  return { backend: wished === 'webgpu' ? null : wished, order: ORDER };
}

/** A model that judges: its task, its weights, and the reading whose validation part it is measured on. */
export interface Model {
  readonly task: Task;
  /** Another for other weights. */
  readonly version: string;
  readonly weights: Float32Array;
  readonly reading: KeptReading | null;
}

interface Loaded {
  readonly process: TrainerProcess;
  readonly task: Task;
  readonly reading: KeptReading | null;
  /** Version of the weights it has. */
  installed: string | null;
}

/**
 * The trainer's program a second time, for judging alone: so parts on the line need not wait for the batch of a round, nor
 * training for them. It is started when it is needed, and may die at any time; what it was judging is tried once more.
 */
export class JudgingProcess {
  readonly #backend: () => BackendName | null;
  readonly #onUsage: (cpuMs: number) => void;
  #loaded: Loaded | null = null;
  /** One thing after the other: weights must not change under a prediction. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param onUsage is told the processor time of the running process so far, milliseconds */
  constructor(backend: () => BackendName | null, onUsage: (cpuMs: number) => void = () => undefined) {
    this.#backend = backend;
    this.#onUsage = onUsage;
  }

  /** Starts the process and gives it the model, before anything is to be judged. @throws as {@link predict} */
  warmUp(model: Model): Promise<void> {
    return this.#queued(model, async () => undefined);
  }

  /** See `TrainerProcess.predict`. @throws AppError `trainer/no-backend`, `trainer/crashed`, `dataset/mismatch` */
  predict(model: Model, inputs: PredictionInputs): Promise<Float32Array> {
    return this.#queued(model, (process) => process.predict(inputs));
  }

  /** What a model says of the validation part of its reading. @throws as {@link predict} */
  predictValidation(model: Model): Promise<LabelledPredictions> {
    return this.#queued(model, (process) => process.predictValidation());
  }

  /** Ends the process; the next question starts another. */
  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.process.close();
  }

  #queued<Answer>(model: Model, ask: (process: TrainerProcess) => Promise<Answer>): Promise<Answer> {
    const attempt = async () => ask(await this.#ready(model));
    const answer = this.#last.then(attempt).catch((thrown: unknown) => {
      if (!(thrown instanceof AppError && thrown.code === 'trainer/crashed')) throw thrown;
      return attempt();
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #ready(model: Model): Promise<TrainerProcess> {
    const { task, reading, version, weights } = model;
    const isLoaded = this.#loaded?.task === task && this.#loaded.reading === reading;
    const loaded = isLoaded ? this.#loaded! : await this.#load(task, reading);
    if (loaded.installed !== version) {
      loaded.installed = null;
      await loaded.process.install(weights);
      loaded.installed = version;
    }
    return loaded.process;
  }

  async #load(task: Task, reading: KeptReading | null): Promise<Loaded> {
    const process =
      this.#loaded?.process ??
      new TrainerProcess({
        lineWaits: true,
        onUsage: this.#onUsage,
        onExit: () => {
          if (this.#loaded?.process === process) this.#loaded = null;
          this.#onUsage(0);
        },
      });
    this.#loaded = null;
    const examples =
      reading === null
        ? { training: noExamples(task), validation: noExamples(task), check: null }
        : { stored: reading.validation };
    const loaded = { process, task, reading, installed: null };
    // Before it is ready: whoever closes meanwhile must find it.
    this.#loaded = loaded;
    try {
      await process.load({ task, ...judgedWith(this.#backend()), ...examples });
    } catch (thrown) {
      if (this.#loaded === loaded) this.#loaded = null;
      await process.close();
      throw thrown;
    }
    return loaded;
  }
}

function noExamples({ input }: Task): ExampleSet {
  const inputs = input.kind === 'image' ? new Uint8Array(0) : new Float32Array(0);
  return { inputs, labels: new Uint16Array(0), targets: new Float32Array(0) };
}
