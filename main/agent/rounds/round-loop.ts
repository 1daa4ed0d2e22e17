import { AppError } from '@genba/shared/errors/app-error';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import Database from 'better-sqlite3';
import type { BackendChoice, RoundRequest } from '../../trainer/messages.ts';
import type { TrainingHold } from '../schedule/training-hold.ts';
import type { ClientStore, FinishedRound } from '../store/client-store.ts';
import { withDiskTrouble } from '../store/disk-trouble.ts';
import type { TrainingProgress } from '../trainer/trainer-process.ts';
import { Measuring, type MeasuringContext, scoresOf } from './measuring.ts';
import { remainingMs } from './remaining-time.ts';
import { roundSeed } from './round-seed.ts';
import { type Trainer, TrainerAtHand, type TrainerContext } from './trainer-at-hand.ts';
import { WakeSignal } from './wake-signal.ts';

/** Wait before a round is tried again after a problem, milliseconds. */
const RETRY_MS = 2_000;

/** A round that would end so soon is finished although the plan leaves the PC to others by now, milliseconds. */
const NEARLY_DONE_MS = 120_000;

/** A trainer that has nothing to do for so long is ended, and its memory free for others, milliseconds. */
const TRAINER_IDLE_MS = 60_000;

/** How often a full disk is tried again, milliseconds. */
const DISK_RETRY_MS = 5_000;

/** How often it is looked whether an obstacle is gone, milliseconds. */
const OBSTACLE_RETRY_MS = 5_000;

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
  /** The schedule leaves the PC to others. */
  | 'held'
  | 'finished'
  /** A round failed; it is tried again in a moment. */
  | 'recovering'
  | 'failed';

/** What the loop needs of the agent. */
export interface RoundLoopContext extends MeasuringContext, TrainerContext {
  readonly client: ClientStore;
  /** As the aggregator last described it: each round trains with the settings of the moment. */
  readonly task: () => Task;
  /** Why the schedule does not let training run; null when it does. */
  readonly hold: () => TrainingHold | null;
  /** There has been nothing to train for a while, and there will not be for a while. */
  readonly onIdle?: () => void;
  /** For tests: how long a trainer may have nothing to do, milliseconds. */
  readonly trainerIdleMs?: number;
  /** Why no round may begin, such as a disk that is nearly full; null: nothing is in the way. It may go by itself. */
  readonly obstacle: () => AppError | null;
  readonly roundsDone: () => number;
  /** A round was kept: there is an update to send. */
  readonly onRoundDone: () => void;
}

/**
 * Trains round after round: takes the client's weights of the moment, trains, judges, keeps the result with its
 * queued update. Knows nothing of the network; what is installed meanwhile is woven in by the store.
 */
export class RoundLoop {
  state: LoopState = 'waiting';
  problem: AppError | null = null;
  current: CurrentRound | null = null;
  readonly #context: RoundLoopContext;
  readonly #measuring: Measuring;
  readonly #signal = new WakeSignal();
  readonly #trainer: TrainerAtHand;
  /** When a sleep ends by itself, milliseconds since 1970. */
  sleepsUntilMs: number | null = null;
  #overtime: NodeJS.Timeout | null = null;
  #isStopped = false;
  /** What is in the way of the next round. */
  #obstacle: AppError | null = null;

  constructor(context: RoundLoopContext) {
    this.#context = context;
    this.#measuring = new Measuring(context);
    this.#trainer = new TrainerAtHand(context);
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
    if (this.#overtime !== null) clearTimeout(this.#overtime);
    await this.#trainer.close();
  }

  /** What the rounds are trained with; null before the first. */
  get backend(): BackendChoice | null {
    return this.#trainer.backend;
  }

  /** A setting has changed: look at all of them again. */
  wake(): void {
    this.#signal.wake();
  }

  /** An obstacle may be gone. A rest goes on. */
  obstacleChanged(): void {
    if (this.#obstacle !== null) this.#signal.wake();
  }

  /** Weights came from the aggregator. A rest goes on: the next round takes them up. */
  weightsInstalled(): void {
    if (this.state === 'waiting' || this.state === 'finished') this.#signal.wake();
  }

  /** There are models to judge. A rest goes on: they are judged before the next round. */
  modelsDue(): void {
    if (this.state === 'finished') this.#signal.wake();
  }

  /** How to train was decided anew: the running round is broken off, and another trainer begins it again. */
  methodChanged(): void {
    this.#trainer.replace();
    this.#trainer.cancel();
    if (this.state === 'failed' || this.state === 'recovering') this.wake();
  }

  /** Breaks off the running round, so that the PC is free at once; it starts afresh after the pause. */
  interrupt(): void {
    this.#trainer.cancel();
    this.wake();
  }

  /**
   * The schedule has changed its mind. Where training may not run any more, the running round is broken off, unless the
   * plan alone is against it and it is nearly done; where training may run again, it goes on.
   */
  holdChanged(): void {
    const hold = this.#context.hold();
    if (hold === null) {
      if (this.state === 'held') this.wake();
      return;
    }
    if (this.state === 'resting') this.wake();
    if (this.state !== 'training') return;
    if (hold.reason === 'outside-plan' && this.#isNearlyDone()) this.#allowOvertime();
    else this.interrupt();
  }

  /** There are other examples: the next round takes them. */
  examplesChanged(): void {
    const isHelped = this.state === 'failed' && this.problem?.code.startsWith('dataset/') === true;
    if (this.state === 'waiting' || this.state === 'recovering' || isHelped) this.wake();
  }

  #isNearlyDone(): boolean {
    if (this.current === null) return false;
    const leftMs = remainingMs(this.current, Date.now());
    return leftMs !== null && leftMs <= NEARLY_DONE_MS;
  }

  /** An estimate may be wrong; the promise to leave the PC to others is not. */
  #allowOvertime(): void {
    this.#overtime ??= setTimeout(() => {
      this.#overtime = null;
      if (this.#context.hold() !== null && this.state === 'training') this.interrupt();
    }, NEARLY_DONE_MS);
  }

  /** Ends the loop and its trainer. */
  stop(): void {
    this.#isStopped = true;
    // Its pending work, loading included, fails at once.
    void this.#trainer.close();
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
    const obstacle = this.#context.obstacle();
    if (obstacle !== null) return this.#waitFor(obstacle);
    if (this.#obstacle !== null) this.#forgetObstacle();
    const startWeights = client.weights();
    if (startWeights === null || this.#context.examples() === null) return this.#sleep('waiting');
    if (this.#context.hold() !== null) return this.#sleep('held');
    if (this.#isFinished(roundLimit)) return this.#sleep('finished');
    const trainer = await this.#readyTrainer();
    await this.#measuring.installed(trainer, this.#trainer.loadedVersion);
    // Weights that came while others were judged are the next step's: no round beyond the limit for them.
    if (this.#areRoundsDone(roundLimit)) return;
    // It may have taken a while to get ready.
    if (this.#context.hold() !== null || settings().isPaused) return;
    await this.#trainRound(trainer, startWeights);
    if (restSeconds > 0) await this.#sleep('resting', restSeconds * 1000);
  }

  /** All rounds are done, and what came from the aggregator last is judged. */
  #isFinished(roundLimit: number | null): boolean {
    const { client, models } = this.#context;
    const isJudged = client.unmeasuredInstall() === null && !models.isJudgingDue;
    return this.#areRoundsDone(roundLimit) && isJudged;
  }

  #areRoundsDone(roundLimit: number | null): boolean {
    return roundLimit !== null && this.#context.roundsDone() >= roundLimit;
  }

  async #waitFor(obstacle: AppError): Promise<void> {
    this.#obstacle = obstacle;
    this.problem = obstacle;
    await this.#sleep('failed', OBSTACLE_RETRY_MS);
  }

  #forgetObstacle(): void {
    if (this.problem === this.#obstacle) this.problem = null;
    this.#obstacle = null;
  }

  async #sleep(state: LoopState, timeoutMs?: number): Promise<void> {
    this.sleepsUntilMs = timeoutMs === undefined ? null : Date.now() + timeoutMs;
    this.#setState(state);
    const idleMs = this.#context.trainerIdleMs ?? TRAINER_IDLE_MS;
    // A rest that ends soon after is no reason: a new trainer would cost more than it saves.
    const isLong = timeoutMs === undefined || timeoutMs > 2 * idleMs;
    const ending = isLong ? setTimeout(() => void this.#endTrainer(), idleMs) : undefined;
    await this.#signal.sleep(timeoutMs);
    clearTimeout(ending);
    this.sleepsUntilMs = null;
  }

  async #endTrainer(): Promise<void> {
    await this.#trainer.end();
    this.#context.onIdle?.();
  }

  async #readyTrainer(): Promise<Trainer> {
    const before = this.backend;
    const trainer = await this.#trainer.ready(this.#context.examples()!);
    if (this.backend !== before) this.#context.onChange();
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
    const figures = await this.#measuring.round(trainer, result.weights);
    const { validation } = figures;
    const scores = scoresOf(figures);
    const base = this.#context.client.base();
    const isKept = await this.#keep({
      startWeights,
      trainedWeights: result.weights,
      examples: result.examples,
      loss: result.loss,
      validationAccuracy: validation?.accuracy ?? null,
      scores,
      durationMs: result.durationMs,
      backend: this.backend!.name,
    });
    this.current = null;
    // Stopped before it was kept: the round will be trained again, under the same number.
    if (!isKept) return;
    this.problem = null;
    this.#trainer.proven();
    const { loss, durationMs } = result;
    log.info({ round: number, loss, scores, durationMs }, 'round finished');
    this.#context.onRoundDone();
    // With weights that came meanwhile these are not what this plant has by now.
    if (validation === null || base?.baseId !== this.#context.client.base()?.baseId) return;
    const sync = { ...base!, round: number };
    await this.#measuring.consider(trainer, this.#trainer.loadedVersion, {
      weights: result.weights,
      validation,
      sync,
    });
  }

  #roundRequest(seed: number): RoundRequest {
    const { client } = this.#context;
    const task = this.#context.task();
    const { training, federation } = task;
    const { proximalCoefficient } = createStrategy(federation, weightLayout(task)).localTraining;
    const { sharePercent } = this.#context.settings();
    const startWeights = proximalCoefficient > 0 ? client.startWeights() : null;
    if (startWeights === null) return { seed, training, sharePercent };
    return { seed, training, sharePercent, proximal: { coefficient: proximalCoefficient, startWeights } };
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

  async #recover(error: AppError): Promise<void> {
    this.current = null;
    if (error.code === 'trainer/cancelled' || this.#isStopped) return;
    this.problem = error;
    this.#context.log.error(
      { code: error.code, detail: error.detail, cause: error.cause },
      'round broken off',
    );
    if (!error.isRetryable) return this.#sleep('failed');
    await this.#sleep('recovering', error.code === 'trainer/crashed' ? this.#trainer.died(error) : RETRY_MS);
  }
}
