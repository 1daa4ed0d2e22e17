import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendName } from '@genba/main/trainer/messages';
import type { DemoStatus } from '@genba/shared/local-api/demo-status';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { TaskStatus } from '@genba/shared/protocol/status';
import { clearFolder, type DemoData, prepareData } from './data.ts';
import { Judge } from './judge.ts';
import { trainAlone } from './local-only.ts';
import { type DemoPlant, demoPlants } from './plants.ts';
import { type DemoFigures, demoFigures, summarise } from './summary.ts';
import { plantSeed, World } from './world.ts';

export interface DemoOptions {
  readonly folder: string;
  readonly seed: number;
  /** Rounds of every plant. */
  readonly rounds: number;
  /** Training images of every plant. */
  readonly examples: number;
  readonly restSeconds: number;
  /** null = the fastest that works. */
  readonly backend: BackendName | null;
}

/** Which plant loses its network. */
const CABLE_PLANT = 1;
/** It is cut once the plant has done this share of its rounds … */
const CUT_AFTER_SHARE = 0.3;
/** … and healed once this many rounds wait. */
const ROUNDS_OFFLINE = 4;

/** How often plants and aggregator are looked at, milliseconds. */
const POLL_MS = 300;

interface DemoEvents {
  change: [];
}

/** The demo from first to last step; {@link status} is what table and page show meanwhile. */
export class Demo extends EventEmitter<DemoEvents> {
  readonly #options: DemoOptions;
  readonly #plants: readonly DemoPlant[];
  readonly #startedAt = Date.now();
  readonly #curve: DemoStatus['curve'] = [];
  readonly #localOnly: (number | null)[];
  #phase: DemoStatus['phase'] = 'preparing';
  #world: World | null = null;
  #task: TaskStatus | null = null;
  #globalAccuracy: number | null = null;
  #summary: DemoStatus['summary'] = null;
  #failure: Error | null = null;

  constructor(options: DemoOptions) {
    super();
    this.#options = options;
    this.#plants = demoPlants(options.examples);
    this.#localOnly = this.#plants.map(() => null);
  }

  /**
   * Runs everything and returns the figures; aggregator and plants stay up until {@link stop}.
   * @throws Error when a process dies or data is missing
   */
  async run(): Promise<DemoFigures> {
    const { folder, seed, backend } = this.#options;
    clearFolder(folder);
    const data = await prepareData(folder, this.#plants, seed);
    const world = await this.#startWorld(data);
    const judge = new Judge(world.task, data.checkDigits, backend);
    try {
      await this.#train(world, judge);
    } finally {
      await judge.close();
    }
    this.#setPhase('comparing');
    return await this.#compare(world, data);
  }

  /** Stops all processes. */
  async stop(): Promise<void> {
    await this.#world?.stop();
  }

  /** What table and page show. */
  get status(): DemoStatus {
    const statuses = this.#world?.plantStatuses() ?? [];
    return {
      phase: this.#failure === null ? this.#phase : 'failed',
      elapsedSeconds: this.#elapsedSeconds(),
      globalVersion: this.#task?.globalVersion ?? 0,
      globalAccuracy: this.#globalAccuracy,
      plants: this.#plants.map((plant, index) => this.#plantRow(plant, index, statuses[index] ?? null)),
      curve: this.#curve,
      summary: this.#summary,
    };
  }

  #plantRow(plant: DemoPlant, index: number, status: AgentStatus | null): DemoStatus['plants'][number] {
    const newest = status?.history.findLast(({ ownScore }) => ownScore !== null);
    return {
      name: plant.name,
      digits: plant.ownDigits.join(' '),
      examples: plant.examples,
      network: status?.network.state ?? 'connecting',
      roundsDone: status?.queue.roundsDone ?? 0,
      roundsPlanned: this.#options.rounds,
      roundsWaiting: status?.queue.roundsWaiting ?? 0,
      updatesDelivered: status?.queue.updatesDelivered ?? 0,
      staleness: status?.base?.staleness ?? null,
      allAccuracy: newest?.checkScore ?? null,
      ownAccuracy: newest?.ownScore ?? null,
      localOnlyAccuracy: this.#localOnly[index] ?? null,
      windowAddress: this.#world?.windows[index]?.pageAddress ?? null,
    };
  }

  #elapsedSeconds(): number {
    return (Date.now() - this.#startedAt) / 1000;
  }

  #setPhase(phase: DemoStatus['phase']): void {
    this.#phase = phase;
    this.emit('change');
  }

  async #startWorld(data: DemoData): Promise<World> {
    this.#world = await World.start({
      ...this.#options,
      plants: this.#plants,
      datasetFolders: data.datasetFolders,
      checkFolder: data.checkFolder,
      cablePlant: CABLE_PLANT,
      onFailure: (description) => {
        this.#failure = new Error(description);
      },
    });
    this.#setPhase('training');
    return this.#world;
  }

  /** Watches the plants until all rounds are done and delivered; cuts and heals the cable on the way. */
  async #train(world: World, judge: Judge): Promise<void> {
    let measuredVersion = -1;
    while (this.#phase !== 'finishing' || !this.#isAllDelivered(world)) {
      if (this.#failure !== null) throw this.#failure;
      this.#task = await world.taskStatus();
      this.#steerCable(world);
      if (this.#task.globalVersion !== measuredVersion) {
        measuredVersion = this.#task.globalVersion;
        await this.#measureGlobal(world, judge, this.#task);
      }
      this.emit('change');
      await sleep(POLL_MS);
    }
    this.#task = await world.taskStatus();
  }

  /** Judges the global model; null when a newer version has replaced its file meanwhile. */
  async #measureGlobal(world: World, judge: Judge, task: TaskStatus): Promise<number | null> {
    const weights = world.globalWeights(task.globalWeightsDigest);
    if (weights === null) return null;
    this.#globalAccuracy = await judge.accuracy(weights);
    this.#curve.push({
      seconds: this.#elapsedSeconds(),
      globalVersion: task.globalVersion,
      accuracy: this.#globalAccuracy,
    });
    return this.#globalAccuracy;
  }

  #steerCable(world: World): void {
    const statuses = world.plantStatuses();
    const cableQueue = statuses[CABLE_PLANT]?.queue;
    const { rounds } = this.#options;
    if (this.#phase === 'training' && (cableQueue?.roundsDone ?? 0) >= Math.ceil(rounds * CUT_AFTER_SHARE)) {
      world.cable.cut();
      this.#setPhase('cut');
    } else if (this.#phase === 'cut' && (cableQueue?.roundsWaiting ?? 0) >= ROUNDS_OFFLINE) {
      world.cable.heal();
      this.#setPhase('healed');
    } else if (this.#phase === 'healed' && statuses.every((status) => status?.queue.roundsDone === rounds)) {
      this.#setPhase('finishing');
    }
  }

  #isAllDelivered(world: World): boolean {
    return world.plantStatuses().every((status) => {
      if (status === null) return false;
      const { roundsWaiting, updatesWaiting } = status.queue;
      return roundsWaiting === 0 && updatesWaiting === 0 && status.phase === 'idle';
    });
  }

  /** Trains every plant alone with the same rounds, and judges all on all test digits. */
  async #compare(world: World, data: DemoData): Promise<DemoFigures> {
    const { seed, rounds, backend } = this.#options;
    const judge = new Judge(world.task, data.testDigits, backend);
    let globalAccuracy: number | null;
    try {
      await Promise.all(
        data.datasetFolders.map(async (datasetFolder, index) => {
          const options = { task: world.task, datasetFolder, rounds, seed: plantSeed(seed, index), backend };
          this.#localOnly[index] = await judge.accuracy(await trainAlone(options));
          this.emit('change');
        }),
      );
      this.#task = await world.taskStatus();
      globalAccuracy = await this.#measureGlobal(world, judge, this.#task);
    } finally {
      await judge.close();
    }
    // All plants have finished, so nothing can replace it any more.
    if (globalAccuracy === null) throw new Error('the global weights cannot be read');
    const figures = demoFigures({
      seed,
      seconds: this.#elapsedSeconds(),
      globalAccuracy,
      localOnly: this.#localOnly.map((accuracy) => accuracy!),
      plants: world.plantStatuses().map((status) => status!),
      task: this.#task,
    });
    this.#summary = summarise(figures);
    this.#setPhase('done');
    return figures;
  }
}
