import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { digitsTask, writeDigits } from '../digits.ts';
import { PROGRAMS } from '../program.ts';
import { ChaosProxy } from './chaos-proxy.ts';
import { SmallDisk } from './small-disk.ts';
import { type BentTime, Supervised } from './supervised.ts';

/** Room for database and journal of the tiny model, several times over. */
const PLANT_DISK_BYTES = 24e6;
const AGGREGATOR_DISK_BYTES = 64e6;

const KEEP_WEIGHTS = path.join(import.meta.dirname, 'keep-weights.ts');

const EXAMPLES_PER_PLANT = 60;

/** The tiny task of all worlds. Screening would hold updates for a person who is not there. */
export const CHAOS_TASK = digitsTask(8, { training: { batchSize: 20 }, screening: { enabled: false } });

/** One plant with its network, its disk and its clock. */
export interface Plant {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly disk: SmallDisk;
  readonly clockFile: string;
  readonly proxy: ChaosProxy;
  readonly agent: Supervised;
  /** Of the life that its agent lives. */
  trainerPid: number | null;
}

export interface WorldOptions {
  /** An empty one. */
  readonly folder: string;
  readonly plantNames: readonly string[];
  /** TLS and enrolment, or an open aggregator on this computer. */
  readonly isEncrypted: boolean;
  readonly rounds: number;
  readonly restSeconds: number;
  readonly time: BentTime;
  /** What the first plant's position among the examples is. */
  readonly firstExample: number;
}

/** One aggregator and its plants: real processes, each plant behind a proxy of its own, each folder on a small disk. */
export class World {
  readonly aggregatorDisk: SmallDisk;
  readonly aggregatorClock: string;
  readonly aggregator: Supervised;
  readonly plants: Plant[] = [];
  readonly #options: WorldOptions;
  readonly #keptFolder: string;
  #port = 0;

  constructor(options: WorldOptions) {
    const { folder, time } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'task.json'), JSON.stringify(CHAOS_TASK));
    this.aggregatorDisk = SmallDisk.mount(path.join(folder, '集約'), AGGREGATOR_DISK_BYTES);
    this.aggregatorClock = path.join(folder, '集約の時計');
    this.#keptFolder = path.join(folder, '手放した重み');
    mkdirSync(this.#keptFolder);
    this.aggregator = new Supervised({
      program: PROGRAMS.aggregator,
      args: () => this.#aggregatorArgs(),
      time,
      clockFile: this.aggregatorClock,
      preload: KEEP_WEIGHTS,
      environment: { GENBA_CHAOS_KEEP: this.#keptFolder },
    });
  }

  /** Starts everything; resolves when all plants are enrolled and their agents run. */
  async start(): Promise<void> {
    const line = await this.aggregator.start();
    this.#port = Number(/:(\d+)\D*$/.exec(line)![1]);
    for (const [index, name] of this.#options.plantNames.entries()) {
      this.plants.push(await this.#addPlant(name, index));
    }
    await Promise.all(this.plants.map(({ agent }) => agent.start()));
  }

  /** Asks all programs to end, then takes the network away. Disks stay, to be looked at. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    await Promise.all(this.plants.map(({ agent }) => agent.stop(signal)));
    await this.aggregator.stop(signal);
    await Promise.all(this.plants.map(({ proxy }) => proxy.close()));
  }

  unmount(): void {
    for (const disk of [this.aggregatorDisk, ...this.plants.map((plant) => plant.disk)]) disk.unmount();
  }

  /** Where the aggregator keeps its data: a folder on its disk. */
  get aggregatorFolder(): string {
    return path.join(this.aggregatorDisk.folder, 'data');
  }

  /** A vector by its digest: at the aggregator, or where it was copied to when the aggregator let go of it. */
  vector(digest: string): Float32Array {
    const stored = path.join(this.aggregatorFolder, 'weights', digest.slice(0, 2), digest);
    const bytes = readFileSync(existsSync(stored) ? stored : path.join(this.#keptFolder, digest));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }

  #aggregatorArgs(): string[] {
    const { folder, isEncrypted } = this.#options;
    const where = ['--data', this.aggregatorFolder, '--task', path.join(folder, 'task.json')];
    const mode = isEncrypted ? ['--host', '127.0.0.1'] : ['--open-loopback'];
    return ['serve', ...where, ...mode, '--port', `${this.#port}`, '--reserve', '1kB'];
  }

  async #addPlant(name: string, index: number): Promise<Plant> {
    const { folder, isEncrypted, rounds, restSeconds, time, firstExample } = this.#options;
    const dataset = path.join(folder, 'データ', name);
    await writeDigits(dataset, EXAMPLES_PER_PLANT, firstExample + index * EXAMPLES_PER_PLANT);
    const disk = SmallDisk.mount(path.join(folder, name), PLANT_DISK_BYTES);
    const proxy = await ChaosProxy.lay(() => this.#port);
    const clockFile = path.join(folder, `${name}の時計`);
    if (isEncrypted) await this.#enrol({ name, folder: disk.folder, port: proxy.port });
    const training = ['--dataset', dataset, '--rounds', `${rounds}`, '--rest', `${restSeconds}`];
    const server = isEncrypted ? [] : ['--server', `127.0.0.1:${proxy.port}`];
    const args = ['--data', disk.folder, '--plant', name, '--backend', 'wasm', ...training, ...server];
    const plant: Plant = {
      name,
      isEncrypted,
      disk,
      clockFile,
      proxy,
      agent: new Supervised({
        program: PROGRAMS.agent,
        args: () => args,
        time,
        clockFile,
        onLine: ({ msg, pid }) => {
          if (msg === 'training method') plant.trainerPid = pid as number;
        },
      }),
      trainerPid: null,
    };
    return plant;
  }

  /** Invites a plant and enrols it through its own proxy, so that this is the only way it knows. */
  async #enrol({ name, folder, port }: { name: string; folder: string; port: number }): Promise<void> {
    const wish = ['--data', this.aggregatorFolder, '--plant', name, '--task', CHAOS_TASK.id];
    const { stdout } = await run(PROGRAMS.aggregator, ['invite', ...wish]);
    const link = new URL(/^genba:\S+$/m.exec(stdout)![0]);
    link.searchParams.delete('server');
    link.searchParams.append('server', `wss://127.0.0.1:${port}`);
    await run(PROGRAMS.agent, ['enrol', link.href, '--data', folder]);
  }
}

/** Runs a command to its end. @throws Error unless it succeeds */
export function run(program: string, args: readonly string[]): Promise<{ stdout: string }> {
  const file = path.resolve(import.meta.dirname, '../..', program);
  return promisify(execFile)(process.execPath, [file, ...args]);
}
