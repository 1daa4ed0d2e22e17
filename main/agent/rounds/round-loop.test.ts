import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { parseTask } from '@genba/shared/model/task';
import Database from 'better-sqlite3';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgement } from '../../trainer/fixtures.ts';
import type { RoundRequest } from '../../trainer/messages.ts';
import type { CurrentExamples } from '../dataset/dataset-keeper.ts';
import { PlantModels } from '../model/plant-models.ts';
import type { TrainingHold } from '../schedule/training-hold.ts';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { readHistory } from '../store/history.ts';
import { Outbox } from '../store/outbox.ts';
import { type AgentSettings, SettingsStore } from '../store/settings.ts';
import { RoundLoop, type RoundLoopContext } from './round-loop.ts';
import type { Trainer } from './trainer-at-hand.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [1] },
});

const EXAMPLES = { inputs: Float32Array.of(1, 2), labels: Uint16Array.of(0, 1) };

const currentExamples = (version: number): CurrentExamples => ({
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
  #cancel: (() => void) | null = null;
  /** Rounds wait for `cancel` instead of ending. */
  isEndless = false;
  /** Of a round, of which one is done at once. */
  batches = 2;

  loadCount = 0;
  loadFailures: AppError[] = [];
  isClosed = false;

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
    if (crashesLeft > 0) {
      crashesLeft -= 1;
      exits[trainers.indexOf(this)]!();
      throw new AppError('trainer/crashed');
    }
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

  evaluate: Trainer['evaluate'] = async () => judgement(0.75);

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

let folder: string;
let database: AgentDatabase;
let client: ClientStore;
let settings: SettingsStore;
let trainers: FakeTrainer[];
let exits: (() => void)[];
let loop: RoundLoop;
let running: Promise<void>;
let onRoundDone: () => void;
let hold: TrainingHold | null;
let examples: CurrentExamples | null;
let damagedCount: number;
let trainerIdleMs: number;
/** So many rounds yet take their trainer down. */
let crashesLeft: number;
let obstacle: AppError | null;
let methods: RoundLoopContext['methods'];

const RADEON = { name: 'Radeon', driver: '', isSoftware: false };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba-loop-'));
  database = openAgentDatabase(folder);
  client = new ClientStore(database);
  settings = new SettingsStore(database, 'plant');
  trainers = [];
  exits = [];
  onRoundDone = () => undefined;
  hold = null;
  methods = { choose: async () => ({ backend: null }), died: () => false };
  examples = currentExamples(1);
  damagedCount = 0;
  trainerIdleMs = 3_600_000;
  crashesLeft = 0;
  obstacle = null;
});

afterEach(async () => {
  loop.stop();
  await running;
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(
  given: Partial<AgentSettings>,
  prepare: (trainer: FakeTrainer) => void = () => undefined,
): void {
  settings.write(given);
  const outbox = new Outbox(database);
  loop = new RoundLoop({
    client,
    models: new PlantModels(database, () => undefined),
    validationPictures: () => () => [],
    task: () => client.task() ?? TASK,
    examples: () => examples,
    methods,
    onExamplesDamaged: () => {
      damagedCount += 1;
    },
    hold: () => hold,
    trainerIdleMs,
    settings: () => settings.read(),
    obstacle: () => obstacle,
    roundsDone: () => outbox.figures().roundsDone,
    startTrainer: (onExit) => {
      const trainer = new FakeTrainer();
      if (trainers.length === 0) prepare(trainer);
      trainers.push(trainer);
      exits.push(onExit);
      return trainer;
    },
    log: pino({ level: 'silent' }),
    onRoundDone: () => onRoundDone(),
    onChange: () => undefined,
  });
  running = loop.run();
}

function install(baseId: string): void {
  client.install({ baseId, globalVersion: 0, staleness: null, updateId: null, weights: new Float32Array(6) });
}

const roundsKept = () => new Outbox(database).figures().roundsDone;

describe('the round loop', () => {
  it('waits for the first weights, then trains up to the limit', async () => {
    start({ restSeconds: 0, roundLimit: 3 });
    await vi.waitFor(() => expect(loop.state).toBe('waiting'));
    install('a');
    loop.weightsInstalled();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(roundsKept()).toBe(3);
    expect(client.weights()).toEqual(new Float32Array(6).fill(3));
    expect(loop.backend?.name).toBe('cpu');
  });

  it('rests between rounds, whatever comes from the aggregator', async () => {
    install('a');
    start({ restSeconds: 3600 });
    await vi.waitFor(() => expect(loop.state).toBe('resting'));
    for (let message = 0; message < 5; message++) loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(loop.state).toBe('resting');
    expect(roundsKept()).toBe(1);
  });

  it('breaks a round off when it is paused, and starts it afresh when resumed', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.isEndless = true;
    });
    await vi.waitFor(() => expect(trainers[0]?.startedCount).toBe(1));
    settings.write({ isPaused: true });
    loop.interrupt();
    await vi.waitFor(() => expect(loop.state).toBe('paused'));
    expect(loop.current).toBeNull();
    expect(loop.problem).toBeNull();
    trainers[0]!.isEndless = false;
    settings.write({ isPaused: false });
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(roundsKept()).toBe(1);
  });

  it('says why a round failed, tries again, and forgets the problem', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.failures = [new AppError('trainer/diverged')];
    });
    await vi.waitFor(() => expect(loop.problem?.code).toBe('trainer/diverged'));
    expect(roundsKept()).toBe(0);
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(loop.problem).toBeNull();
  });

  it('does not train while the schedule is against it, and goes on when it no longer is', async () => {
    install('a');
    hold = { reason: 'pc-in-use', untilMs: null };
    start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(loop.state).toBe('held'));
    loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(loop.state).toBe('held');
    expect(trainers).toHaveLength(0);
    hold = null;
    loop.holdChanged();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(roundsKept()).toBe(1);
  });

  it.each(['pc-in-use', 'on-battery', 'outside-plan'] as const)(
    'breaks the running round off when the PC is to be left: %s',
    async (reason) => {
      install('a');
      start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
        trainer.isEndless = true;
        // At this pace the round has hours to go.
        trainer.batches = 1e9;
      });
      await vi.waitFor(() => expect(trainers[0]?.startedCount).toBe(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      hold = { reason, untilMs: null };
      loop.holdChanged();
      await vi.waitFor(() => expect(loop.state).toBe('held'));
      expect(roundsKept()).toBe(0);
      expect(loop.problem).toBeNull();
    },
  );

  it('lets a round end that is nearly done when the plan closes, but starts no other', async () => {
    install('a');
    start({ restSeconds: 0 }, (trainer) => {
      trainer.isSlow = true;
    });
    await vi.waitFor(() => expect(trainers[0]?.startedCount).toBe(1));
    hold = { reason: 'outside-plan', untilMs: null };
    loop.holdChanged();
    trainers[0]!.finish();
    await vi.waitFor(() => expect(loop.state).toBe('held'));
    expect(roundsKept()).toBe(1);
  });

  it('does not train the rounds a pause has left out: one, then a rest', async () => {
    install('a');
    hold = { reason: 'outside-plan', untilMs: null };
    start({ restSeconds: 3600 });
    await vi.waitFor(() => expect(loop.state).toBe('held'));
    hold = null;
    for (let change = 0; change < 5; change++) loop.holdChanged();
    await vi.waitFor(() => expect(loop.state).toBe('resting'));
    for (let change = 0; change < 5; change++) loop.holdChanged();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(roundsKept()).toBe(1);
  });

  it('keeps the trainer through a short pause, and ends it when there is nothing to do for long', async () => {
    install('a');
    trainerIdleMs = 500;
    start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    settings.write({ roundLimit: 2 });
    loop.wake();
    await vi.waitFor(() => expect(roundsKept()).toBe(2));
    expect(trainers).toHaveLength(1);
    expect(trainers[0]!.loadCount).toBe(1);
    await vi.waitFor(() => expect(trainers[0]!.isClosed).toBe(true));
    settings.write({ roundLimit: 3 });
    loop.wake();
    await vi.waitFor(() => expect(roundsKept()).toBe(3));
    expect(trainers).toHaveLength(2);
  });

  it('gives the trainer other examples between two rounds', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    examples = currentExamples(2);
    loop.examplesChanged();
    settings.write({ roundLimit: 3 });
    loop.wake();
    await vi.waitFor(() => expect(roundsKept()).toBe(3));
    expect(trainers).toHaveLength(1);
    expect(trainers[0]!.loadCount).toBe(2);
  });

  it('waits for examples, and has those read anew that are damaged', async () => {
    install('a');
    examples = null;
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.loadFailures = [new AppError('dataset/damaged')];
    });
    await vi.waitFor(() => expect(loop.state).toBe('waiting'));
    examples = currentExamples(1);
    loop.examplesChanged();
    await vi.waitFor(() => expect(loop.problem?.code).toBe('dataset/damaged'));
    expect(damagedCount).toBe(1);
    examples = currentExamples(2);
    loop.examplesChanged();
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
  });

  it('starts a trainer that died anew at once, one that dies again and again ever later', async () => {
    install('a');
    crashesLeft = 2;
    start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(trainers).toHaveLength(2));
    await vi.waitFor(() => expect(loop.problem?.code).toBe('trainer/crashed'));
    await vi.waitFor(() => expect(loop.sleepsUntilMs! - Date.now()).toBeGreaterThan(1_000));
    expect(loop.state).toBe('recovering');
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(trainers).toHaveLength(3);
    expect(trainers[2]!.trainedCount).toBe(2);
    expect(loop.problem).toBeNull();
  });

  it('goes on at once by another method where one takes its trainer down', async () => {
    install('a');
    const died: unknown[] = [];
    methods = {
      choose: async () => ({ backend: null, order: died.length === 0 ? ['webgpu', 'cpu'] : ['cpu'] }),
      died: (what) => died.push(what) > 0,
    };
    crashesLeft = 1;
    const loads: unknown[] = [];
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.load = async ({ order }) => {
        loads.push(order);
        return { name: 'webgpu', note: null, isRequested: false, device: RADEON };
      };
    });
    await vi.waitFor(() => expect(loop.state).toBe('finished'), { timeout: 1000 });
    expect(died).toEqual([{ name: 'webgpu', device: 'Radeon', reason: expect.any(String), deathsInARow: 1 }]);
    expect(loads).toEqual([['webgpu', 'cpu']]);
    expect(trainers).toHaveLength(2);
    expect(loop.backend?.name).toBe('cpu');
  });

  it('counts deaths from the last finished round on', async () => {
    install('a');
    const counts: number[] = [];
    methods = { ...methods, died: ({ deathsInARow }) => counts.push(deathsInARow) < 0 };
    crashesLeft = 1;
    onRoundDone = () => {
      if (roundsKept() === 1) crashesLeft = 1;
    };
    start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(counts).toEqual([1, 1]);
  });

  it('takes another trainer where one is out of memory and lives on', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.failures = [
        new AppError('trainer/crashed', { detail: 'RuntimeError: memory access out of bounds' }),
      ];
    });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(trainers).toHaveLength(2);
    expect(trainers[0]!.isClosed).toBe(true);
  });

  it('begins the running round again when another method is chosen', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.isEndless = true;
    });
    await vi.waitFor(() => expect(trainers[0]?.startedCount).toBe(1));
    loop.methodChanged();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(trainers).toHaveLength(2);
    expect(trainers[0]!.isClosed).toBe(true);
    expect(loop.problem).toBeNull();
    expect(roundsKept()).toBe(1);
  });

  it('stops, and says so, where only a person can help', async () => {
    install('a');
    start({ restSeconds: 0 }, (trainer) => {
      trainer.failures = [new AppError('trainer/no-backend')];
    });
    await vi.waitFor(() => expect(loop.state).toBe('failed'));
    expect(loop.problem?.code).toBe('trainer/no-backend');
  });

  it('holds a finished round until the disk takes it', async () => {
    install('a');
    const commit = vi.spyOn(client, 'commitRound').mockImplementationOnce(() => {
      throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    });
    start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(loop.problem?.code).toBe('store/disk-full'));
    expect(roundsKept()).toBe(0);
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(roundsKept()).toBe(1);
    expect(commit).toHaveBeenCalledTimes(2);
    expect(trainers[0]!.trainedCount).toBe(1);
  });

  it('goes on by itself after the disk was full while it judged what was installed, or offered a round', async () => {
    const full = () => new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    vi.spyOn(client, 'saveInstallScores').mockImplementationOnce(() => {
      throw full();
    });
    onRoundDone = vi.fn().mockImplementationOnce(() => {
      throw full();
    });
    install('a');
    start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(loop.problem?.code).toBe('store/disk-full'));
    expect(loop.state).toBe('recovering');
    loop.wake();
    await vi.waitFor(() => expect(onRoundDone).toHaveBeenCalledTimes(1));
    expect(loop).toMatchObject({ state: 'recovering', problem: { code: 'store/disk-full' } });
    loop.wake();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(loop.problem).toBeNull();
    expect(roundsKept()).toBe(2);
  });

  it('begins no round while there is an obstacle, says which, and goes on when it is gone', async () => {
    install('a');
    obstacle = new AppError('store/space-needed');
    start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(loop.problem?.code).toBe('store/space-needed'));
    expect(loop.state).toBe('failed');
    loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([roundsKept(), trainers.length]).toEqual([0, 0]);
    obstacle = null;
    loop.obstacleChanged();
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(loop.problem).toBeNull();
    expect(roundsKept()).toBe(2);
  });

  it('finishes and keeps the round that runs when an obstacle comes up', async () => {
    install('a');
    start({ restSeconds: 0 }, (trainer) => {
      const train = trainer.train;
      trainer.train = (...round) => {
        obstacle = new AppError('store/space-needed');
        return train(...round);
      };
    });
    await vi.waitFor(() => expect(loop.problem?.code).toBe('store/space-needed'));
    expect(roundsKept()).toBe(1);
  });

  it('trains each round with the task’s settings of the moment', async () => {
    client.saveTask(TASK);
    install('a');
    start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    const training = { ...TASK.training, epochs: 7 };
    const federation = { strategy: 'fedprox', proximalCoefficient: 0.5 };
    client.saveTask(parseTask({ ...TASK, training, federation }));
    settings.write({ roundLimit: 3 });
    loop.wake();
    await vi.waitFor(() => expect(roundsKept()).toBe(3));
    const [first, second, third] = trainers[0]!.rounds;
    expect(first).toMatchObject({ training: TASK.training });
    expect(first).not.toHaveProperty('proximal');
    expect(second).toMatchObject({ training });
    // Not the weights a round begins with, but those that were installed.
    const proximal = { coefficient: 0.5, startWeights: new Float32Array(6) };
    expect([second!.proximal, third!.proximal]).toEqual([proximal, proximal]);
  });

  it('trains no round beyond the limit for weights that come while others are judged', async () => {
    install('a');
    onRoundDone = () => install('b');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.evaluate = async () => {
        if (roundsKept() === 1 && client.base()!.baseId === 'b') install('c');
        return judgement(0.75);
      };
    });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(client.base()!.baseId).toBe('c');
    expect(client.unmeasuredInstall()).toBeNull();
    expect(roundsKept()).toBe(1);
  });

  it('judges installed weights before it trains on them', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 0 });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    expect(client.unmeasuredInstall()).toBeNull();
  });

  it('keeps scores of the kind that the task has, and reports the share judged right', async () => {
    install('a');
    start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.evaluate = async () => ({ ...judgement(0.75), score: 0.5, scoreKind: 'balanced-accuracy' });
    });
    await vi.waitFor(() => expect(loop.state).toBe('finished'));
    const scored = { scoreKind: 'balanced-accuracy', ownScore: 0.5, checkScore: null };
    expect(readHistory(database, 10)).toMatchObject([
      { event: 'installed', ...scored },
      { event: 'round', ...scored },
    ]);
    expect(new Outbox(database).next()?.report.metrics.validationAccuracy).toBe(0.75);
  });
});
