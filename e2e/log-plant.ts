import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseTask, type Task } from '@genba/shared/model/task';
import { readStatus, windowAddressOf } from './agent-window.ts';
import { PROGRAMS, Program } from './program.ts';

/** Temperature and vibration of a spindle: eight rows at a time, every four rows. */
export const SPINDLE = parseTask({
  id: 'spindle',
  name: { en: 'Spindle', ja: '主軸の監視' },
  input: { kind: 'series', columns: ['温度', '振動'], windowRows: 8, strideRows: 4, labelColumn: '判定' },
  classes: ['OK', 'NG'],
  training: { epochs: 20, batchSize: 8, learningRate: 0.1 },
  model: { template: 'mlp', hiddenUnits: [8] },
});

/** The same, row by row. */
export const SHAFTS = parseTask({
  id: 'shafts',
  name: { en: 'Shafts', ja: '軸の寸法検査' },
  input: { kind: 'table', columns: ['温度', '振動'], labelColumn: '判定' },
  classes: ['OK', 'NG'],
  training: { epochs: 10, batchSize: 8, learningRate: 0.2 },
  model: { template: 'mlp', hiddenUnits: [] },
});

/** 「温度,振動,判定」 in Shift_JIS, as machines in Japan still write. */
const HEADER = Buffer.from([
  ...[0x89, 0xb7, 0x93, 0x78, 0x2c],
  ...[0x90, 0x55, 0x93, 0xae, 0x2c],
  ...[0x94, 0xbb, 0x92, 0xe8, 0x0d, 0x0a],
]);

const READY_DEADLINE_MS = 60_000;

/** Rows of a log: bad ones are hot and shake. @param isBad by number of the row */
export function logRows(from: number, to: number, isBad: (row: number) => boolean): string {
  let text = '';
  for (let row = from; row < to; row++) {
    const ripple = ((row * 7) % 11) / 20;
    const [heat, shake] = isBad(row) ? [31, 2.8] : [20, 0.9];
    text += `${(heat + ripple).toFixed(2)},${(shake + ripple / 5).toFixed(3)},${isBad(row) ? 'NG' : 'OK'}\r\n`;
  }
  return text;
}

/** Sixteen good rows, sixteen bad ones, and so on. */
export const alternately = (row: number): boolean => Math.floor(row / 16) % 2 === 1;

/** A real aggregator and a real agent that have learnt a task about logs; folders with Japanese names and spaces. */
export class LogPlant {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'genba 記録 '));
  readonly dataFolder = path.join(this.folder, 'データ');
  /** Where machines write. */
  readonly logs = path.join(this.folder, '1号機 ログ');
  readonly #aggregator = new Program(PROGRAMS.aggregator);
  readonly #agent = new Program(PROGRAMS.agent);
  #agentArgs: string[] = [];

  static async start(task: Task): Promise<LogPlant> {
    const plant = new LogPlant();
    await plant.#start(task);
    return plant;
  }

  async #start(task: Task): Promise<void> {
    mkdirSync(this.logs);
    const dataset = path.join(this.folder, '学習データ.csv');
    writeFileSync(dataset, HEADER);
    appendFileSync(dataset, logRows(0, 1600, alternately));
    const taskFile = path.join(this.folder, 'task.json');
    writeFileSync(taskFile, JSON.stringify(task));
    const serve = ['--open-loopback', '--data', path.join(this.folder, 'server'), '--port', '0'];
    const address = /http:\S+/.exec(await this.#aggregator.start([...serve, '--task', taskFile]))![0];
    this.#agentArgs = [
      ...['--data', this.dataFolder, '--server', new URL(address).host, '--dataset', dataset],
      ...['--plant', '仙台', '--rounds', '2', '--rest', '0', '--backend', 'wasm'],
    ];
    await this.startAgent();
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (((await readStatus(this.dataFolder)).model?.inUse.globalVersion ?? 0) === 0) {
      if (Date.now() > deadline) throw new Error('the plant has learnt nothing');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The page of this agent, with its token. */
  get page(): string {
    return windowAddressOf(this.dataFolder);
  }

  /** Begins a log. @returns where */
  begin(name: string): string {
    const file = path.join(this.logs, name);
    writeFileSync(file, HEADER);
    return file;
  }

  async startAgent(): Promise<void> {
    await this.#agent.start(this.#agentArgs);
  }

  /** Ends the agent at once, without a goodbye. */
  async killAgent(): Promise<void> {
    await this.#agent.end('SIGKILL');
  }

  /** Ends the aggregator: the plant is offline from then on. */
  async cutOff(): Promise<void> {
    await this.#aggregator.end('SIGKILL');
  }

  async end(): Promise<void> {
    await this.#agent.end('SIGKILL');
    await this.#aggregator.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
