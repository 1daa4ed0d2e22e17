import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { parseTask } from '@genba/shared/model/task';
import pino from 'pino';
import type { RoundRequest } from '../../trainer/messages.ts';
import type { CurrentExamples } from '../dataset/dataset-keeper.ts';
import { PlantModels } from '../model/plant-models.ts';
import { RoundLoop, type RoundLoopContext } from '../rounds/round-loop.ts';
import type { Trainer } from '../rounds/trainer-at-hand.ts';
import type { TrainingHold } from '../schedule/training-hold.ts';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { Outbox } from '../store/outbox.ts';
import { type AgentSettings, SettingsStore } from '../store/settings.ts';

export const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [1] },
});

const EXAMPLES = { inputs: Float32Array.of(1, 2), labels: Uint16Array.of(0, 1) };

export const currentExamples = (version: number): CurrentExamples => ({
  version,
  request: { training: EXAMPLES, validation: EXAMPLES, check: null },
  validationCount: 2,
  checkCount: 0,
});

/** A trainer that adds 1 to every weight, at once or when told. */
class FakeTrainer implements Trainer {
  readonly pid = 1;
  /** What the next rounds do instead of succeeding, in order. */
  failures: AppError[] = [];
  trainedCount = 0;
  startedCount = 0;
  readonly #crashes: () => boolean;
  #cancel: (() => void) | null = null;
  /** Rounds wait for `cancel` instead of ending. */
  isEndless = false;
  /** Of a round, of which one is done at once. */
  batches = 2;

  loadCount = 0;
  loadFailures: AppError[] = [];
  isClosed = false;

  /** @param how.crashes takes it down in a round, or not */
  constructor(how: { readonly crashes: () => boolean; readonly evaluate: Trainer['evaluate'] }) {
    this.#crashes = how.crashes;
    this.evaluate = how.evaluate;
  }

  load: Trainer['load'] = async () => {
    const failure = this.loadFailures.shift();
    if (failure !== undefined) throw failure;
    this.loadCount += 1;
    return { name: 'cpu', note: null, isRequested: false };
  };

  /** What each round was to train with. */
  readonly rounds: RoundRequest[] = [];

  train: Trainer['train'] = async (weights, round, onProgress) => {
    this.startedCount += 1;
    this.rounds.push(round);
    onProgress?.({ type: 'progress', id: 1, epoch: 1, epochs: 1, batch: 1, batches: this.batches, loss: 1 });
    if (this.#crashes()) throw new AppError('trainer/crashed');
    if (this.isEndless) {
      await new Promise<void>((resolve) => {
        this.#cancel = resolve;
      });
      throw new AppError('trainer/cancelled');
    }
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (this.isSlow) {
      await new Promise<void>((resolve) => {
        this.#cancel = () => {
          throw new Error('cancelled although it is nearly done');
        };
        this.#finish = resolve;
      });
      this.#cancel = null;
    }
    this.trainedCount += 1;
    return { weights: weights.map((value) => value + 1), loss: 0.5, examples: 2, durationMs: 1 };
  };

  evaluate: Trainer['evaluate'];

  /** Rounds wait for `finish`. */
  isSlow = false;
  #finish: (() => void) | null = null;

  finish(): void {
    this.#finish?.();
  }

  cancel(): void {
    this.#cancel?.();
  }

  close: Trainer['close'] = async () => {
    this.isClosed = true;
    this.cancel();
  };
}

/** The loop of rounds over a real database, with a trainer that adds 1 to every weight. */
export class RoundLoopBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'genba-loop-'));
  readonly database: AgentDatabase = openAgentDatabase(this.folder);
  readonly client = new ClientStore(this.database);
  readonly settings = new SettingsStore(this.database, 'plant');
  /** All that were started. */
  readonly trainers: FakeTrainer[] = [];
  onRoundDone: () => void = () => undefined;
  hold: TrainingHold | null = null;
  examples: CurrentExamples | null = currentExamples(1);
  damagedCount = 0;
  trainerIdleMs = 3_600_000;
  /** So many rounds yet take their trainer down. */
  crashesLeft = 0;
  obstacle: AppError | null = null;
  methods: RoundLoopContext['methods'] = { choose: async () => ({ backend: null }), died: () => false };
  readonly #evaluate: Trainer['evaluate'];
  #loop: RoundLoop | null = null;
  #running: Promise<void> = Promise.resolve();

  /** @param evaluate how its trainers judge */
  constructor(evaluate: Trainer['evaluate']) {
    this.#evaluate = evaluate;
  }

  /** From {@link start} on. */
  get loop(): RoundLoop {
    return this.#loop!;
  }

  /** @param prepare is given the first trainer before it does anything */
  start(given: Partial<AgentSettings>, prepare: (trainer: FakeTrainer) => void = () => undefined): void {
    const { client, database, settings, trainers } = this;
    settings.write(given);
    const outbox = new Outbox(database);
    this.#loop = new RoundLoop({
      client,
      models: new PlantModels(database, () => undefined),
      validationPictures: () => () => [],
      task: () => client.task() ?? TASK,
      examples: () => this.examples,
      methods: this.methods,
      onExamplesDamaged: () => {
        this.damagedCount += 1;
      },
      hold: () => this.hold,
      trainerIdleMs: this.trainerIdleMs,
      settings: () => settings.read(),
      obstacle: () => this.obstacle,
      roundsDone: () => outbox.figures().roundsDone,
      startTrainer: (onExit) => {
        const trainer = new FakeTrainer({ crashes: () => this.#crashes(onExit), evaluate: this.#evaluate });
        if (trainers.length === 0) prepare(trainer);
        trainers.push(trainer);
        return trainer;
      },
      log: pino({ level: 'silent' }),
      onRoundDone: () => this.onRoundDone(),
      onChange: () => undefined,
    });
    this.#running = this.#loop.run();
  }

  install(baseId: string): void {
    const weights = new Float32Array(6);
    this.client.install({ baseId, globalVersion: 0, staleness: null, updateId: null, weights });
  }

  roundsKept(): number {
    return new Outbox(this.database).figures().roundsDone;
  }

  async end(): Promise<void> {
    this.#loop?.stop();
    await this.#running;
    this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #crashes(onExit: () => void): boolean {
    if (this.crashesLeft === 0) return false;
    this.crashesLeft -= 1;
    onExit();
    return true;
  }
}
