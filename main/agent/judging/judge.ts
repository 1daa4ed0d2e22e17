import { AppError } from '@genba/shared/errors/app-error';
import type { JudgingModel, Verdict } from '@genba/shared/local-api/judging';
import type { Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import { inputWidth } from '@genba/shared/model/layers';
import type { Task } from '@genba/shared/model/task';
import type { BackendName, LabelledPredictions } from '../../trainer/messages.ts';
import { InputPreparer, type PreparedInput } from '../dataset/prepare-inputs.ts';
import type { ExportableModel } from './export-model.ts';
import { JudgingProcess, type Model } from './judging-process.ts';
import { KeptReadingSource } from './kept-reading.ts';
import type { ModelDescription, ModelInUse } from './model-in-use.ts';
import { type Pace, PictureReader } from './picture-reader.ts';
import { describeRejection, type Limit, limitOf, needsMeasuring, requireClasses } from './rejection.ts';
import { verdictOf } from './verdict.ts';

/** What judging needs of the agent. */
export interface JudgeContext {
  readonly dataFolder: string;
  /** null before the first contact. */
  readonly task: () => Task | null;
  readonly modelInUse: ModelInUse;
  readonly backend: () => BackendName | null;
  /** How the plant wants good parts told from bad ones. */
  readonly rejection: () => RejectionWish;
  /** Processor time of the judging process so far, milliseconds. */
  readonly onUsage?: (cpuMs: number) => void;
  /** For tests: how long processes may have nothing to do, milliseconds. */
  readonly idleMs?: number;
}

/** Processes that have nothing to judge for so long are ended, and their memory free for others, milliseconds. */
const IDLE_MS = 60_000;

/** The model of one moment, ready to judge. It stays the same however long that takes. */
export interface OpenModel {
  readonly task: Task;
  readonly about: JudgingModel;
  /** Treats rows and series as the training data were. */
  readonly preparer: InputPreparer;
  /** A picture as the model takes it. @throws AppError `judging/unreadable`, `judging/mismatch` */
  readPicture(source: string | Uint8Array): Promise<Uint8Array>;
  /** Verdicts in the order of the inputs; null where the model gives no number. @throws AppError `trainer/…` */
  judge(inputs: readonly PreparedInput[]): Promise<(Verdict | null)[]>;
}

/** The plant's model at work: knows which one is in use, and has its processes started and ended. */
export class Judge {
  readonly #context: JudgeContext;
  readonly #process: JudgingProcess;
  readonly #readers = { prompt: new PictureReader('prompt'), patient: new PictureReader('patient') };
  readonly #readings: KeptReadingSource;
  #model: (Model & { readonly about: ModelDescription }) | null = null;
  /** What the newest model that was asked says of the validation part. */
  #measured: { readonly model: Model; readonly predictions: Promise<LabelledPredictions> } | null = null;
  #limit: { readonly model: Model; readonly key: string; readonly limit: Promise<Limit> } | null = null;
  #idle: NodeJS.Timeout | null = null;
  #busyCount = 0;
  #isStopped = false;
  /** Somebody may ask at any moment, and must not wait for a process to start. */
  #isKeptReady = false;

  constructor(context: JudgeContext) {
    this.#context = context;
    this.#process = new JudgingProcess(context.backend, context.onUsage);
    this.#readings = new KeptReadingSource(context.dataFolder);
  }

  /**
   * The model in use as it is now.
   * @param pace whether somebody waits for what it is asked, or the PC's other work comes first
   * @throws AppError `judging/no-model`, `dataset/not-read`
   */
  open(pace: Pace = 'prompt'): OpenModel {
    const model = this.#current();
    const { task, about, reading } = model;
    const { model: name, globalVersion, rounds } = about;
    const preparer = new InputPreparer(task, reading?.statistics ?? null);
    const limit = this.#limitOf(model, this.#context.rejection());
    return {
      task,
      about: { model: name, globalVersion, rounds },
      preparer,
      readPicture: (bytesOrPath) => this.#working(() => this.#readPicture(task, bytesOrPath, pace)),
      judge: (inputs) => this.#working(() => this.#judge(model, limit, inputs)),
    };
  }

  /**
   * What a wish, or the one that is set, does to the parts that were held out.
   * @throws AppError `judging/no-model`, `judging/unknown-class`, `trainer/…`
   */
  async describeRejection(given: RejectionWish | null): Promise<Rejection> {
    const wish = given ?? this.#context.rejection();
    const model = this.#current();
    // A wish that is set may be older than the task.
    if (given !== null) requireClasses(model.task, given);
    const predictions = await this.#working(() => this.#predictionsOf(model));
    const units = model.reading?.validationUnits ?? null;
    return describeRejection(model.task, wish, { ...predictions, units });
  }

  /** @throws AppError `judging/unknown-class` where a wish names what the task does not know */
  requireClasses(wish: RejectionWish): void {
    const task = this.#context.task();
    if (task !== null) requireClasses(task, wish);
  }

  /** The model in use with its weights, to be written down. @throws AppError `judging/no-model` */
  exportable(): ExportableModel {
    const { task, about, weights, reading } = this.#current();
    return { task, about, weights, statistics: reading?.statistics ?? null };
  }

  /** From now on its processes stay; the model is loaded as soon as there is one. Never throws. */
  async keepReady(): Promise<void> {
    this.#isKeptReady = true;
    try {
      const model = this.#current();
      await this.#working(() => this.#process.warmUp(model));
    } catch {
      // The first question says what is wrong, if it still is.
    }
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#rest();
  }

  #current(): Model & { readonly about: ModelDescription } {
    if (this.#isStopped) throw new AppError('judging/no-model', { detail: 'the agent is being stopped' });
    const about = this.#context.modelInUse.describe();
    const task = this.#sameTask();
    if (about === null || task === null) throw new AppError('judging/no-model');
    const reading = this.#readings.read();
    const last = this.#model;
    const hasWeights = last !== null && last.version === about.version;
    if (hasWeights && last.task === task && last.reading === reading) return last;
    const weights = hasWeights ? last.weights : this.#context.modelInUse.weights();
    this.#model = { task, about, version: about.version, weights, reading };
    return this.#model;
  }

  /** The very object of before where the task is the same: so others need only compare what it is. */
  #sameTask(): Task | null {
    const task = this.#context.task();
    const last = this.#model?.task;
    return last !== undefined && JSON.stringify(last) === JSON.stringify(task) ? last : task;
  }

  async #readPicture({ input }: Task, source: string | Uint8Array, pace: Pace): Promise<Uint8Array> {
    if (input.kind !== 'image') {
      throw new AppError('judging/mismatch', { detail: `the task needs a ${input.kind}, not pictures` });
    }
    return this.#readers[pace].read(source, input);
  }

  async #judge(
    model: Model,
    limit: () => Promise<Limit>,
    inputs: readonly PreparedInput[],
  ): Promise<(Verdict | null)[]> {
    if (inputs.length === 0) return [];
    const { task } = model;
    const known = await limit();
    const values = await this.#process.predict(model, joined(inputs, inputWidth(task.input)));
    const width = values.length / inputs.length;
    return inputs.map((_, place) =>
      verdictOf(task, values.subarray(place * width, (place + 1) * width), known),
    );
  }

  /** The limit for one model and wish, found when it is first needed and then kept. */
  #limitOf(model: Model, wish: RejectionWish): () => Promise<Limit> {
    const key = JSON.stringify(wish);
    const find = async () => {
      const isNeeded = needsMeasuring(model.task, wish);
      return limitOf(model.task, wish, isNeeded ? await this.#predictionsOf(model) : null);
    };
    return () => {
      if (this.#limit?.model === model && this.#limit.key === key) return this.#limit.limit;
      const limit = find();
      this.#limit = { model, key, limit };
      limit.catch(() => {
        if (this.#limit?.limit === limit) this.#limit = null;
      });
      return limit;
    };
  }

  #predictionsOf(model: Model): Promise<LabelledPredictions> {
    if (model.reading === null) {
      return Promise.resolve({ labels: new Uint16Array(0), values: new Float32Array(0) });
    }
    const known = this.#measured;
    if (known?.model === model) return known.predictions;
    const predictions = this.#process.predictValidation(model);
    this.#measured = { model, predictions };
    // It is asked for again after a failure.
    predictions.catch(() => {
      if (this.#measured?.predictions === predictions) this.#measured = null;
    });
    return predictions;
  }

  async #working<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#busyCount += 1;
    try {
      return await work();
    } finally {
      this.#busyCount -= 1;
      if (this.#busyCount === 0 && !this.#isStopped && !this.#isKeptReady) {
        this.#idle = setTimeout(() => void this.#rest(), this.#context.idleMs ?? IDLE_MS).unref();
      }
    }
  }

  async #rest(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    for (const reader of Object.values(this.#readers)) reader.close();
    await this.#process.close();
  }
}

function joined(inputs: readonly PreparedInput[], width: number): Uint8Array | Float32Array {
  const length = inputs.length * width;
  const all = inputs[0] instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  for (const [place, input] of inputs.entries()) all.set(input, place * width);
  return all;
}
