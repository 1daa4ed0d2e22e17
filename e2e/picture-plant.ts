import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import sharp from 'sharp';
import { readStatus, windowAddressOf } from './agent-window.ts';
import { PROGRAMS, Program } from './program.ts';

const TASK = parseTask({
  id: 'parts',
  name: { en: 'Parts', ja: '部品検査' },
  input: { kind: 'image', width: 16, height: 16, channels: 1 },
  classes: ['良品', 'キズ'],
  training: { epochs: 1, batchSize: 8 },
  model: { template: 'mlp', hiddenUnits: [4] },
});

const READY_DEADLINE_MS = 30_000;

/** A grey picture of its own, the darker the higher its number. */
export function partPicture(number: number, edge = 64): Promise<Buffer> {
  const shade = 250 - (number % 200);
  const background = { r: shade, g: shade, b: (shade + Math.floor(number / 200)) % 256 };
  return sharp({ create: { width: edge, height: edge, channels: 3, background } })
    .png()
    .toBuffer();
}

/** A real aggregator and a real agent that know a task about pictures; folders with Japanese names and spaces. */
export class PicturePlant {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'genba 検査 '));
  readonly dataFolder = path.join(this.folder, 'data');
  /** Where new pictures arrive. */
  readonly inbox = path.join(this.folder, 'カメラ 1');
  readonly #aggregator = new Program(PROGRAMS.aggregator);
  readonly #agent = new Program(PROGRAMS.agent);

  /**
   * @param rounds that it trains in all
   * @param classes of the task, with twenty pictures each
   */
  static async start({ rounds = 0, classes = TASK.classes } = {}): Promise<PicturePlant> {
    const plant = new PicturePlant();
    await plant.#start(rounds, classes);
    return plant;
  }

  async #start(rounds: number, classes: readonly string[]): Promise<void> {
    mkdirSync(this.inbox);
    const dataset = path.join(this.folder, '学習データ');
    for (const [index, name] of classes.entries()) {
      mkdirSync(path.join(dataset, name), { recursive: true });
      for (let number = 0; number < 20; number++) {
        writeFileSync(path.join(dataset, name, `${number}.png`), await partPicture(number + 100 * index));
      }
    }
    const taskFile = path.join(this.folder, 'task.json');
    writeFileSync(taskFile, JSON.stringify({ ...TASK, classes }));
    const serve = [
      '--open-loopback',
      '--data',
      path.join(this.folder, 'server'),
      '--port',
      '0',
      '--task',
      taskFile,
    ];
    const address = /http:\S+/.exec(await this.#aggregator.start(serve))![0];
    const settings = ['--server', new URL(address).host, '--dataset', dataset, '--plant', '仙台'];
    await this.#agent.start(['--data', this.dataFolder, ...settings, '--rounds', `${rounds}`]);
    const deadline = Date.now() + READY_DEADLINE_MS;
    while ((await readStatus(this.dataFolder)).base === null) {
      if (Date.now() > deadline) throw new Error('the plant has received no task');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The page of this agent, with its token. */
  get page(): string {
    return windowAddressOf(this.dataFolder);
  }

  /** A new picture arrives. */
  async add(name: string, picture: Uint8Array): Promise<void> {
    const file = path.join(this.inbox, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, picture);
  }

  /** Ends the aggregator: the plant is offline from then on. */
  async cutOff(): Promise<void> {
    await this.#aggregator.end('SIGKILL');
  }

  /** Ends the agent. */
  async endAgent(): Promise<void> {
    await this.#agent.end('SIGTERM');
  }

  async end(): Promise<void> {
    await this.#agent.end('SIGKILL');
    await this.#aggregator.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
