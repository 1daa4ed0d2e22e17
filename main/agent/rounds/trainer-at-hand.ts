import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type { BackendChoice, BackendName } from '../../trainer/messages.ts';
import type { CurrentExamples } from '../dataset/dataset-keeper.ts';
import type { TrainerProcess } from '../trainer/trainer-process.ts';
import type { TrainingMethods } from '../trainer/training-methods.ts';

/** Wait before the second new trainer after one has died, milliseconds; doubled for each one more. */
const RETRY_MS = 2_000;

/** A trainer that dies again and again is started again ever later, at most so much later, milliseconds. */
const LONGEST_RETRY_MS = 60_000;

/** What the loop needs of a trainer's process. */
export type Trainer = Pick<TrainerProcess, 'load' | 'train' | 'evaluate' | 'cancel' | 'close' | 'pid'>;

/** What is needed to have a trainer. */
export interface TrainerContext {
  readonly startTrainer: (onExit: () => void) => Trainer;
  /** With what to train. */
  readonly methods: Pick<TrainingMethods, 'choose' | 'died'>;
  /** As the aggregator last described it. */
  readonly task: () => Task;
  /** The examples that were kept cannot be read. */
  readonly onExamplesDamaged: () => void;
  readonly log: Logger;
}

/** The trainer's process that the rounds share: started when one is needed, with the examples and the method of the moment. */
export class TrainerAtHand {
  /** What it computes with; null before the first has loaded. */
  backend: BackendChoice | null = null;
  readonly #context: TrainerContext;
  #trainer: Trainer | null = null;
  /** The end of the last one. */
  #closed: Promise<void> = Promise.resolve();
  /** Which examples it has. */
  #loadedVersion: number | null = null;
  #isStale = false;
  #deathsInARow = 0;
  /** What it computes with, or is to. */
  #method: { readonly name: BackendName | null; readonly device: string | null } = {
    name: null,
    device: null,
  };

  constructor(context: TrainerContext) {
    this.#context = context;
  }

  /** Version of the examples that the trainer has; known once one was {@link ready}. */
  get loadedVersion(): number {
    return this.#loadedVersion!;
  }

  /**
   * A trainer that has these examples.
   * @throws AppError `trainer/…`, `dataset/damaged`
   */
  async ready(examples: CurrentExamples): Promise<Trainer> {
    if (this.#isStale) {
      this.#isStale = false;
      await this.close();
    }
    if (this.#trainer !== null && this.#loadedVersion === examples.version) return this.#trainer;
    const task = this.#context.task();
    const choice = await this.#context.methods.choose(task);
    // What is tried first is at fault where the trainer dies over it.
    this.#method = { name: choice.backend ?? choice.order?.[0] ?? null, device: null };
    const trainer = this.#trainer ?? this.#start();
    try {
      this.backend = await trainer.load({ task, ...choice, ...examples.request });
      this.#method = { name: this.backend.name, device: this.backend.device?.name ?? null };
    } catch (thrown) {
      // A trainer that could not load is of no use: the next attempt takes a new one.
      if (this.#trainer === trainer) this.#trainer = null;
      await trainer.close();
      if (toAppError(thrown).code === 'dataset/damaged') this.#context.onExamplesDamaged();
      throw thrown;
    }
    this.#loadedVersion = examples.version;
    const { name, note, isRequested, device } = this.backend;
    this.#context.log.info(
      { backend: name, device: device?.name, note, isRequested, pid: trainer.pid },
      'training method',
    );
    return trainer;
  }

  /** Breaks off what it trains. */
  cancel(): void {
    this.#trainer?.cancel();
  }

  /** The next round takes another one. */
  replace(): void {
    this.#isStale = true;
  }

  /** A round went well: earlier deaths are forgotten. */
  proven(): void {
    this.#deathsInARow = 0;
  }

  /** It died, or is out of memory. @returns how long to wait, milliseconds: not at all where another method is tried */
  died({ detail }: AppError): number {
    // It may still live, out of memory: nothing more is to be expected of it.
    this.replace();
    const { name, device } = this.#method;
    const reason = detail ?? 'crashed';
    const deathsInARow = this.#deathsInARow + 1;
    if (name === null || !this.#context.methods.died({ name, device, reason, deathsInARow }))
      return this.#nextRetryMs();
    this.#deathsInARow = 0;
    return 0;
  }

  /** There is nothing to train for a while: its memory is for others. */
  async end(): Promise<void> {
    if (this.#trainer === null) return;
    this.#context.log.info({ pid: this.#trainer.pid }, 'nothing to train: trainer ended');
    await this.close();
  }

  /** Ends its process; what it was doing, loading included, fails at once. */
  close(): Promise<void> {
    if (this.#trainer !== null) this.#closed = this.#trainer.close();
    this.#trainer = null;
    return this.#closed;
  }

  #start(): Trainer {
    const trainer = this.#context.startTrainer(() => {
      if (this.#trainer === trainer) this.#trainer = null;
    });
    this.#trainer = trainer;
    return trainer;
  }

  /** The first time at once: most often something outside has ended it. */
  #nextRetryMs(): number {
    const deaths = this.#deathsInARow++;
    return deaths === 0 ? 0 : Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (deaths - 1));
  }
}
