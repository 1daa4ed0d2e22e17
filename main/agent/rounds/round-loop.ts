import { AppError } from '@genba/shared/errors/app-error';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import Database from 'better-sqlite3';
import type { Logger } from 'pino';
import type { BackendChoice, EvaluationSet, ExampleSet, RoundRequest } from '../../trainer/messages.ts';
import type { ClientStore, FinishedRound } from '../store/client-store.ts';
import { withDiskTrouble } from '../store/disk-trouble.ts';
import type { AgentSettings } from '../store/settings.ts';
import type { TrainerProcess, TrainingProgress } from '../trainer/trainer-process.ts';
import { roundSeed } from './round-seed.ts';
import { WakeSignal } from './wake-signal.ts';

/** Wait before the trainer is started again after it died, or a round is tried again, milliseconds. */
const RETRY_MS = 2_000;

/** How often a full disk is tried again, milliseconds. */
const DISK_RETRY_MS = 5_000;

/** The round in progress, as people see it. */
export interface CurrentRound
  extends Pick<TrainingProgress, 'epoch' | 'epochs' | 'batch' | 'batches' | 'loss'> {
  readonly number: number;
  readonly startedAt: string;
}

/** What the loop is doing. */
export type LoopState =
  /** No weights yet. */
  | 'waiting'
  | 'training'
  | 'resting'
  | 'paused'
  | 'finished'
  /** A round failed; it is tried again in a moment. */
  | 'recovering'
  | 'failed';

/** What the loop needs of a trainer's process. */
export type Trainer = Pick<TrainerProcess, 'load' | 'train' | 'evaluate' | 'cancel' | 'close' | 'pid'>;

/** What the loop needs of the agent. */
export interface RoundLoopContext {
  readonly client: ClientStore;
  /** As the aggregator last described it: each round trains with the settings of the moment. */
  readonly task: () => Task;
  readonly examples: {
    readonly training: ExampleSet;
    readonly validation: ExampleSet;
    /** Held-out examples beside the plant's own, where given. */
    readonly check: ExampleSet | null;
  };
  readonly settings: () => AgentSettings;
  readonly roundsDone: () => number;
  readonly startTrainer: (onExit: () => void) => Trainer;
  readonly log: Logger;
  /** A round was kept: there is an update to send. */
  readonly onRoundDone: () => void;
  /** State, progress or problem changed. */
  readonly onChange: () => void;
}

/**
 * Trains round after round: takes the client's weights of the moment, trains, judges, keeps the result with its
 * queued update. Knows nothing of the network; what is installed meanwhile is woven in by the store.
 */
export class RoundLoop {
  state: LoopState = 'waiting';
  problem: AppError | null = null;
  backend: BackendChoice | null = null;
  current: CurrentRound | null = null;
  readonly #context: RoundLoopContext;
  readonly #signal = new WakeSignal();
  #trainer: Trainer | null = null;
  #isStopped = false;

  constructor(context: RoundLoopContext) {
    this.#context = context;
  }

  /** Runs until {@link stop}; never throws: what cannot be mended ends in the state `failed` with its problem. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#step();
      } catch (thrown) {
        await this.#recover(withDiskTrouble(thrown));
      }
    }
    await this.#trainer?.close();
  }

  /** A setting has changed: look at all of them again. */
  wake(): void {
    this.#signal.wake();
  }

  /** Weights came from the aggregator. A rest goes on: the next round takes them up. */
  weightsInstalled(): void {
    if (this.state === 'waiting' || this.state === 'finished') this.#signal.wake();
  }

  /** Breaks off the running round, so that the PC is free at once; it starts afresh after the pause. */
  interrupt(): void {
    this.#trainer?.cancel();
    this.wake();
  }

  /** Ends the loop and its trainer. */
  stop(): void {
    this.#isStopped = true;
    // Its pending work, loading included, fails at once.
    void this.#trainer?.close();
    this.#signal.wake();
  }

  #setState(state: LoopState): void {
    this.state = state;
    this.#context.onChange();
  }

  async #step(): Promise<void> {
    const { client, settings } = this.#context;
    const { isPaused, roundLimit, restSeconds } = settings();
    if (isPaused) return this.#sleep('paused');
    const startWeights = client.weights();
    if (startWeights === null) return this.#sleep('waiting');
    const trainer = await this.#readyTrainer();
    await this.#measureInstalled(trainer);
    if (roundLimit !== null && this.#context.roundsDone() >= roundLimit) return this.#sleep('finished');
    await this.#trainRound(trainer, startWeights);
    if (restSeconds > 0) await this.#sleep('resting', restSeconds * 1000);
  }

  async #sleep(state: LoopState, timeoutMs?: number): Promise<void> {
    this.#setState(state);
    await this.#signal.sleep(timeoutMs);
  }

  async #readyTrainer(): Promise<Trainer> {
    if (this.#trainer !== null) return this.#trainer;
    const { examples, settings, log } = this.#context;
    const trainer = this.#context.startTrainer(() => {
      if (this.#trainer === trainer) this.#trainer = null;
    });
    this.#trainer = trainer;
    try {
      this.backend = await trainer.load({
        task: this.#context.task(),
        ...examples,
        backend: settings().backend,
      });
    } catch (thrown) {
      // A trainer that could not load is of no use: the next attempt takes a new one.
      this.#trainer = null;
      await trainer.close();
      throw thrown;
    }
    const { name, note, isRequested } = this.backend;
    log.info({ backend: name, note, isRequested, pid: trainer.pid }, 'training method');
    this.#context.onChange();
    return trainer;
  }

  async #trainRound(trainer: Trainer, startWeights: Float32Array): Promise<void> {
    const { settings, log } = this.#context;
    const number = this.#context.roundsDone() + 1;
    const startedAt = new Date().toISOString();
    this.#setState('training');
    const request = this.#roundRequest(roundSeed(settings().seed, number));
    const result = await trainer.train(startWeights, request, (progress) => {
      const { epoch, epochs, batch, batches, loss } = progress;
      this.current = { number, startedAt, epoch, epochs, batch, batches, loss };
      this.#context.onChange();
    });
    const validation = await this.#accuracy(trainer, result.weights, 'validation');
    const check = await this.#accuracy(trainer, result.weights, 'check');
    const isKept = await this.#keep({
      startWeights,
      trainedWeights: result.weights,
      examples: result.examples,
      loss: result.loss,
      validationAccuracy: validation,
      checkAccuracy: check,
      durationMs: result.durationMs,
      backend: this.backend!.name,
    });
    this.current = null;
    // Stopped before it was kept: the round will be trained again, under the same number.
    if (!isKept) return;
    this.problem = null;
    log.info(
      { round: number, loss: result.loss, validation, check, durationMs: result.durationMs },
      'round finished',
    );
    this.#context.onRoundDone();
  }

  #roundRequest(seed: number): RoundRequest {
    const { client } = this.#context;
    const task = this.#context.task();
    const { training, federation } = task;
    const { proximalCoefficient } = createStrategy(federation, weightLayout(task)).localTraining;
    const startWeights = proximalCoefficient > 0 ? client.startWeights() : null;
    if (startWeights === null) return { seed, training };
    return { seed, training, proximal: { coefficient: proximalCoefficient, startWeights } };
  }

  /**
   * Keeps a finished round; a full disk is waited for, because hours of training may be in it.
   * @returns false when the loop was stopped while the disk was still full
   */
  async #keep(round: FinishedRound): Promise<boolean> {
    for (;;) {
      try {
        this.#context.client.commitRound(round);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof Database.SqliteError)) throw thrown;
        this.problem = new AppError('store/disk-full', { detail: thrown.code, cause: thrown });
        this.#context.log.error({ code: thrown.code }, 'the finished round cannot be stored yet');
        this.#context.onChange();
        await this.#signal.sleep(DISK_RETRY_MS);
      }
      if (this.#isStopped) return false;
    }
  }

  /** Judges weights that came from the aggregator before they are trained on, for the history. */
  async #measureInstalled(trainer: Trainer): Promise<void> {
    const { client } = this.#context;
    const baseId = client.unmeasuredInstall();
    const weights = client.weights();
    if (baseId === null || weights === null) return;
    const validation = await this.#accuracy(trainer, weights, 'validation');
    const check = await this.#accuracy(trainer, weights, 'check');
    client.saveInstallAccuracy(baseId, { validation, check });
    this.#context.onChange();
  }

  async #accuracy(trainer: Trainer, weights: Float32Array, set: EvaluationSet): Promise<number | null> {
    const examples = this.#context.examples[set];
    if (examples === null || examples.labels.length === 0) return null;
    return (await trainer.evaluate(weights, set)).accuracy;
  }

  async #recover(error: AppError): Promise<void> {
    this.current = null;
    if (error.code === 'trainer/cancelled' || this.#isStopped) return;
    this.problem = error;
    this.#context.log.error(
      { code: error.code, detail: error.detail, cause: error.cause },
      'round broken off',
    );
    await this.#sleep(error.isRetryable ? 'recovering' : 'failed', error.isRetryable ? RETRY_MS : undefined);
  }
}
