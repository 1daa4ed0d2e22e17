import { readFileSync } from 'node:fs';
import path from 'node:path';
import { weightFilePath } from '@genba/aggregator-server/store/weight-files';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { parseTask, type Task } from '@genba/shared/model/task';
import { aggregatorStatusSchema, STATUS_PATH, type TaskStatus } from '@genba/shared/protocol/status';
import { Cable } from './cable.ts';
import { Child } from './child.ts';
import { PlantWindow } from './plant-window.ts';
import type { DemoPlant } from './plants.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const TASK_FILE = path.join(import.meta.dirname, 'task.json');
const AGGREGATOR = path.join(ROOT, 'aggregator-server/cli.ts');
const AGENT = path.join(ROOT, 'main/agent/cli.ts');

export interface WorldOptions {
  readonly folder: string;
  readonly plants: readonly DemoPlant[];
  /** Folder with each plant's digits, in the order of the plants. */
  readonly datasetFolders: readonly string[];
  readonly checkFolder: string;
  readonly rounds: number;
  readonly restSeconds: number;
  readonly seed: number;
  readonly backend: string | null;
  /** Which plant is reached through a cable that can be cut. */
  readonly cablePlant: number;
  readonly onFailure: (description: string) => void;
}

/** The aggregator and the plants as real processes, each with its own data folder. */
export class World {
  readonly task: Task;
  readonly cable: Cable;
  readonly windows: readonly PlantWindow[];
  readonly #children: readonly Child[];
  readonly #aggregatorAddress: string;
  readonly #aggregatorFolder: string;

  private constructor(parts: {
    readonly task: Task;
    readonly cable: Cable;
    readonly windows: readonly PlantWindow[];
    readonly children: readonly Child[];
    readonly aggregatorAddress: string;
    readonly aggregatorFolder: string;
  }) {
    this.task = parts.task;
    this.cable = parts.cable;
    this.windows = parts.windows;
    this.#children = parts.children;
    this.#aggregatorAddress = parts.aggregatorAddress;
    this.#aggregatorFolder = parts.aggregatorFolder;
  }

  /** Starts everything; on failure what was started is stopped again. */
  static async start(options: WorldOptions): Promise<World> {
    const children: Child[] = [];
    const aggregatorFolder = path.join(options.folder, 'aggregator');
    try {
      const aggregator = startAggregator(options, aggregatorFolder);
      children.push(aggregator);
      const aggregatorAddress = /http:\/\/\S+/.exec(await aggregator.ready())![0];
      const { hostname, port } = new URL(aggregatorAddress);
      const cable = await Cable.lay({ host: hostname, port: Number(port) });
      const folders = options.plants.map(({ name }) => path.join(options.folder, 'plants', name));
      const agents = options.plants.map((_, index) => {
        const server = index === options.cablePlant ? cable.address : `${hostname}:${port}`;
        return startAgent(options, { index, folder: folders[index]!, server });
      });
      children.push(...agents);
      await Promise.all(agents.map((agent) => agent.ready()));
      const windows = folders.map((folder) => new PlantWindow(folder));
      const task = parseTask(JSON.parse(readFileSync(TASK_FILE, 'utf8')));
      return new World({ task, cable, windows, children, aggregatorAddress, aggregatorFolder });
    } catch (error) {
      await Promise.all(children.map((child) => child.stop()));
      throw error;
    }
  }

  /** Newest status of each plant; null until its first came. */
  plantStatuses(): (AgentStatus | null)[] {
    return this.windows.map((window) => window.status);
  }

  /** How the aggregator sees the task. */
  async taskStatus(): Promise<TaskStatus> {
    const response = await fetch(new URL(STATUS_PATH, this.#aggregatorAddress));
    return aggregatorStatusSchema.parse(await response.json()).tasks[0]!;
  }

  /** The global weights with the given digest, or null when newer ones have replaced the file meanwhile. */
  globalWeights(digest: string): Float32Array | null {
    try {
      const bytes = readFileSync(weightFilePath(path.join(this.#aggregatorFolder, 'weights'), digest));
      return new Float32Array(Uint8Array.from(bytes).buffer);
    } catch {
      return null;
    }
  }

  /** Stops all processes and removes the cable. */
  async stop(): Promise<void> {
    for (const window of this.windows) window.close();
    await Promise.all(this.#children.map((child) => child.stop()));
    await this.cable.close();
  }
}

function startAggregator(options: WorldOptions, folder: string): Child {
  return new Child({
    program: AGGREGATOR,
    args: ['--data', folder, '--port', '0', '--task', TASK_FILE, '--open-loopback'],
    ready: /listens on http/,
    logFile: path.join(options.folder, 'logs', 'aggregator.log'),
    onUnexpectedExit: options.onFailure,
  });
}

function startAgent(
  options: WorldOptions,
  plant: { readonly index: number; readonly folder: string; readonly server: string },
): Child {
  const { name } = options.plants[plant.index]!;
  return new Child({
    program: AGENT,
    args: [
      ...['--data', plant.folder, '--server', plant.server, '--plant', name],
      ...['--dataset', options.datasetFolders[plant.index]!, '--check', options.checkFolder],
      ...['--rounds', String(options.rounds), '--rest', String(options.restSeconds)],
      ...['--seed', String(plantSeed(options.seed, plant.index))],
      ...(options.backend === null ? [] : ['--backend', options.backend]),
    ],
    ready: /^Genba agent: /,
    logFile: path.join(options.folder, 'logs', `plant-${plant.index + 1}.log`),
    onUnexpectedExit: options.onFailure,
  });
}

/** Every plant orders its examples in its own way. */
export function plantSeed(seed: number, plantIndex: number): number {
  return seed * 100 + plantIndex;
}
