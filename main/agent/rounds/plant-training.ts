import type { AppError } from '@genba/shared/errors/app-error';
import type { DriftNotice, KnownDrift } from '@genba/shared/local-api/drift';
import type { MethodSurvey } from '@genba/shared/local-api/methods';
import type { ReadingProgress } from '@genba/shared/local-api/preview';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import { DatasetKeeper, type DatasetState } from '../dataset/dataset-keeper.ts';
import type { LabelledPicture } from '../dataset/source-files.ts';
import { freeMemory } from '../free-memory.ts';
import type { PlantModels } from '../model/plant-models.ts';
import type { TrainingHold } from '../schedule/training-hold.ts';
import { TrainingSchedule, type UseReport } from '../schedule/training-schedule.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { AgentSettings } from '../store/settings.ts';
import { TrainerProcess } from '../trainer/trainer-process.ts';
import { TrainingMethods } from '../trainer/training-methods.ts';
import { RoundLoop } from './round-loop.ts';

/** What training needs of the agent. */
export interface PlantTrainingContext {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly keepSurvey: (survey: MethodSurvey | null) => void;
  readonly client: ClientStore;
  readonly models: PlantModels;
  /** As the aggregator last described it; known before training is made. */
  readonly task: () => Task;
  readonly settings: () => AgentSettings;
  /** Pictures that people have labelled, beside those in the class folders. */
  readonly labelled: () => Promise<readonly LabelledPicture[]>;
  /** See `RoundLoopContext`. */
  readonly obstacle: () => AppError | null;
  readonly roundsDone: () => number;
  /** A round was kept: there is an update to send. */
  readonly onRoundDone: () => void;
  /** The PC has woken up, or its clock has jumped. */
  readonly onWake: () => void;
  /** Something a window shows has changed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** A plant's training, all of it: its data as they are by now, the schedule, and the rounds. Once per start. */
export class PlantTraining {
  readonly loop: RoundLoop;
  readonly methods: TrainingMethods;
  readonly #keeper: DatasetKeeper;
  readonly #schedule: TrainingSchedule;
  #done: Promise<unknown> = Promise.resolve();

  constructor(context: PlantTrainingContext) {
    const { dataFolder, client, task, settings, obstacle, roundsDone, onRoundDone, onChange, log } = context;
    this.#keeper = new DatasetKeeper({
      dataFolder,
      settings,
      task,
      labelled: context.labelled,
      log,
      onChange: () => {
        this.loop.examplesChanged();
        onChange();
      },
      onProgress: onChange,
    });
    this.#schedule = new TrainingSchedule({
      settings,
      log,
      onChange: () => {
        this.loop.holdChanged();
        onChange();
      },
      onWake: () => {
        this.#keeper.look();
        context.onWake();
      },
    });
    this.methods = new TrainingMethods({
      appVersion: context.appVersion,
      settings,
      keepSurvey: context.keepSurvey,
      startTrainer: () => this.#startTrainer(settings().threads, () => undefined),
      onChange,
      log,
    });
    this.loop = new RoundLoop({
      methods: this.methods,
      client,
      models: context.models,
      validationPictures: (version) => this.#keeper.validationPictures(version),
      task,
      examples: () => this.#keeper.current,
      onExamplesDamaged: () => this.#keeper.discard(),
      hold: () => this.#schedule.hold(),
      settings,
      obstacle,
      roundsDone,
      startTrainer: (onExit) => this.#startTrainer(settings().threads, onExit),
      log,
      onRoundDone,
      onChange,
      onIdle: freeMemory,
    });
  }

  /** Reads, watches and trains until {@link stop}; returns at once. */
  start(): void {
    this.#schedule.start();
    this.#done = Promise.all([this.#keeper.run(), this.loop.run()]);
  }

  /** Ends all of it. What was finished is kept. */
  async stop(): Promise<void> {
    this.#schedule.stop();
    this.#keeper.stop();
    this.loop.stop();
    await this.methods.close();
    await this.#done;
  }

  /** Somebody has changed when or how training runs, or has paused it. */
  settingsChanged(isPaused: boolean): void {
    this.#schedule.settingsChanged();
    this.#keeper.look();
    if (isPaused) this.loop.interrupt();
    else if (this.loop.state === 'paused') this.loop.wake();
  }

  /** The data are to be others: they are looked at at once, and a reading of the old ones is broken off. */
  datasetChanged(): void {
    this.#keeper.cancel();
  }

  /** See `DatasetKeeper.storedPicture`. */
  storedPicture(path: string): Promise<Uint8Array | null> {
    return this.#keeper.storedPicture(path);
  }

  /** People have labelled pictures, or taken labels back. */
  labelsChanged(): void {
    this.#keeper.lookOnceStill();
  }

  /** In what newer data are unlike those before, until a person knows. */
  get drift(): DriftNotice | null {
    return this.#keeper.drift;
  }

  /** A person knows. */
  acknowledgeDrift(): void {
    this.#keeper.acknowledgeDrift();
  }

  /** The last notices about newer data that a person knows of, oldest first. */
  knownDrifts(): KnownDrift[] {
    return this.#keeper.knownDrifts();
  }

  /** How far a reading of the data has come; null while none is. */
  get reading(): ReadingProgress | null {
    return this.#keeper.progress;
  }

  /** The window tells when somebody last touched this PC. */
  report(use: UseReport): void {
    this.#schedule.report(use);
  }

  /** Why the schedule does not let training run; null when it does. */
  get hold(): TrainingHold | null {
    return this.#schedule.hold();
  }

  /** What is known of the data; null before they were read. */
  get dataset(): DatasetState | null {
    return this.#keeper.state();
  }

  /** Why the data cannot be used as they are now. */
  get datasetProblem(): AppError | null {
    return this.#keeper.problem;
  }

  #startTrainer(threads: number | null, onExit: () => void): TrainerProcess {
    return new TrainerProcess({
      threads,
      onBusy: () => this.#schedule.trainerBusy(),
      onUsage: (cpuMs, isBusy) => this.#schedule.trainerReported(cpuMs, isBusy),
      onExit: () => {
        this.#schedule.trainerGone();
        onExit();
      },
    });
  }
}
