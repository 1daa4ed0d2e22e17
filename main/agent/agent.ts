import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import type { AgentStatus, LocalMessage, LocalQuery } from '@genba/shared/local-api/messages';
import { AgentAnswers } from './agent-answers.ts';
import { carryOutCommand } from './agent-commands.ts';
import { type AgentOptions, type AgentParts, assembleParts } from './agent-parts.ts';
import type { EnrolStep } from './identity/enrol.ts';
import type { AgentCommand } from './local-api/local-api-server.ts';
import { PlantTraining } from './rounds/plant-training.ts';
import { describeAgent } from './status.ts';
import type { AgentSettings } from './store/settings.ts';
import { bytesPerSecond } from './sync/plant-sync.ts';
import { RateLimit } from './sync/rate-limit.ts';
import { askForFile, type FileWish } from './updates/release-files.ts';

/** How often it is looked whether the device's key is old enough to be replaced, milliseconds. */
const KEY_AGE_CHECK_MS = 3_600_000;

interface AgentEvents {
  /** Something a window shows has changed. */
  change: [];
}

/**
 * The agent of one plant PC: reads the dataset, trains round after round, queues and syncs. Works without a
 * window and without a network; everything that matters is in its database.
 */
export class Agent extends EventEmitter<AgentEvents> {
  /** What may be asked; see there. */
  readonly answers: AgentAnswers;
  readonly #parts: AgentParts;
  #keyAgeTimer: NodeJS.Timeout | null = null;
  #isOnTrial: boolean;
  #isStarted = false;
  #isStopped = false;

  /** @throws AppError as `assembleParts` does */
  constructor(options: AgentOptions) {
    super();
    this.#isOnTrial = options.isOnTrial === true;
    this.#parts = assembleParts(options, {
      onChange: () => this.emit('change'),
      onWelcome: () => this.#startTraining(),
      onDatasetChosen: () => this.#onDatasetChosen(),
      offline: (change) => this.#whileOffline(change),
    });
    this.answers = new AgentAnswers(this.#parts);
  }

  /** Starts to connect and to train, as far as it is set up; returns at once. */
  start(): void {
    if (this.#isOnTrial) return;
    const { client, disk, settings, shifts, sync, watches } = this.#parts;
    if (!this.#isStarted) watches.start();
    shifts.start();
    this.#isStarted = true;
    disk.start();
    const where = sync.targets();
    if (where === null || settings.read().dataset === null) return;
    sync.start(where);
    if (client.task() !== null) this.#startTraining();
    this.#renewOldKey();
    this.#keyAgeTimer ??= setInterval(() => this.#renewOldKey(), KEY_AGE_CHECK_MS);
  }

  /** Ends training and connection and closes the database. What was finished is kept. */
  async stop(): Promise<void> {
    const { data, database, disk, judge, labelling, ledger, shifts, sync, training, watches } = this.#parts;
    this.#isStopped = true;
    disk.stop();
    if (this.#keyAgeTimer !== null) clearInterval(this.#keyAgeTimer);
    sync.stop();
    data.stop();
    // The judge last: what is being judged for a folder fails with it otherwise, and is told as a problem.
    await Promise.all([training?.stop(), watches.stop(), labelling.stop()]);
    await judge.stop();
    ledger.stop();
    shifts.stop();
    database.close();
  }

  /**
   * Carries out what a window asks for; done when it resolves.
   * @throws AppError why it cannot be done
   */
  async execute(command: AgentCommand): Promise<ExchangeResult | null> {
    const enrol = (invitation: string) => this.enrol(invitation, () => undefined);
    const result = await this.#carryOut(command, enrol);
    this.emit('change');
    return result;
  }

  async #carryOut(command: AgentCommand, enrol: (invitation: string) => Promise<void>) {
    switch (command.command) {
      case 'begin-work':
        return this.#beginWork();
      case 'cancel-judging':
        this.answers.cancelJudging(command.key);
        return null;
      default:
        return carryOutCommand(this.#parts, command, enrol);
    }
  }

  /** The version on trial works. */
  #beginWork(): null {
    if (this.#isOnTrial) {
      this.#isOnTrial = false;
      this.start();
    }
    return null;
  }

  /** See `AgentAnswers`. */
  answer(query: LocalQuery, tell?: (message: LocalMessage) => Promise<void>): Promise<LocalMessage> {
    return this.answers.answer(query, tell);
  }

  /** Everything a window shows. */
  status(): AgentStatus {
    return describeAgent(this.#parts);
  }

  /** Where programs may ask for predictions. */
  predictSettings(): Pick<AgentSettings, 'predictPort' | 'predictHost'> {
    return this.#parts.settings.read();
  }

  /** Programs may ask at any moment from now on. */
  keepJudgeReady(): void {
    void this.#parts.judge.keepReady();
  }

  /** Where a picture lies that a window may see. @throws AppError `labels/unknown-picture`, `labels/folder-not-found` */
  async findPicture(picture: string): Promise<string> {
    const { labelling, watches } = this.#parts;
    return watches.find(picture) ?? labelling.pathOf(picture);
  }

  /** Asks the aggregator for a file of the app's release; see {@link askForFile}. */
  askForFile(wish: FileWish): Promise<IncomingMessage> {
    const { identity, network } = this.#parts;
    return askForFile({ where: identity.syncTargets(), dial: network.dial }, wish);
  }

  /** What the plant's line gives to downloads beside the weights. */
  downloadRate(): RateLimit {
    return new RateLimit(bytesPerSecond(this.#parts.settings.read().downloadLimit));
  }

  /**
   * Enrols this PC with an invitation, and goes on with the aggregator it names.
   * @param text the invitation: its link, or the content of its file
   * @throws AppError why that cannot be done; everything is as before then
   */
  async enrol(text: string, onStep: (step: EnrolStep) => void): Promise<void> {
    const { identity, sync } = this.#parts;
    await identity.enrol(text, onStep);
    sync.end();
    this.#startAgain();
  }

  /** A conversation that is open holds its own idea of update and base: it ends before these change, and a new one begins. */
  #whileOffline<Result>(change: () => Result): Result {
    this.#parts.sync.end();
    try {
      return change();
    } finally {
      this.#startAgain();
      this.#parts.training?.loop.weightsInstalled();
    }
  }

  #startAgain(): void {
    if (this.#isStarted && !this.#isStopped) this.start();
  }

  #renewOldKey(): void {
    this.#parts.identity.rotateOldKey();
    this.#parts.sync.announceKey();
  }

  #onDatasetChosen(): void {
    this.#parts.training?.datasetChanged();
    if (!this.#parts.sync.isStarted) this.#startAgain();
  }

  /** Trains until the agent stops. Once per start: training lives on across connections. */
  #startTraining(): void {
    const { client, disk, labelling, models, options, outbox, settings, sync, training } = this.#parts;
    if (training !== null || this.#isStopped) return;
    this.#parts.training = new PlantTraining({
      dataFolder: options.dataFolder,
      appVersion: options.appVersion,
      keepSurvey: (methodSurvey) => void settings.write({ methodSurvey }),
      client,
      models,
      task: () => client.task()!,
      settings: () => settings.read(),
      labelled: () => labelling.labelled(),
      obstacle: () => disk.obstacle(),
      roundsDone: () => outbox.figures().roundsDone,
      onRoundDone: () => sync.notify(),
      onWake: () => sync.wake(),
      onChange: () => this.emit('change'),
      log: options.log,
    });
    this.#parts.training.start();
  }
}
