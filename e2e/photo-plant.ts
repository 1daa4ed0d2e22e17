import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { type PhotoClass, writePhotos } from '../demo/inspection-photos.ts';
import { readMnist } from '../demo/mnist.ts';
import { windowAddressOf } from './agent-window.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';

/** What is inspected: photos that are OK or NG. */
const TASK = {
  id: 'cap-inspection',
  name: { en: 'Bottle cap inspection', ja: 'キャップの外観検査' },
  input: { kind: 'image', width: 28, height: 28, channels: 1 },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [16] },
};

/** An aggregator with TLS and, on the same PC, an agent that knows nothing yet: as a plant begins. */
export class PhotoPlant {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'genba 初回 '));
  /** Photos by class, in a folder with Japanese and a space in its name. */
  readonly photos = path.join(this.folder, '検査 写真');
  readonly agentFolder = path.join(this.folder, '検査 ライン 2');
  readonly #serverFolder = path.join(this.folder, '集約 サーバー');
  readonly #aggregator = new Program(PROGRAMS.aggregator);
  readonly #agent = new Program(PROGRAMS.agent);
  #port = '0';

  /**
   * Starts both and writes the photos.
   * @param isDataKnown whether the agent knows already where they are
   */
  static async start(
    classes: readonly PhotoClass[],
    { isDataKnown = false }: { readonly isDataKnown?: boolean } = {},
  ): Promise<PhotoPlant> {
    const plant = new PhotoPlant();
    writeFileSync(path.join(plant.folder, 'task.json'), JSON.stringify(TASK));
    await writePhotos(plant.photos, readMnist('test'), classes);
    await plant.heal();
    const dataset = isDataKnown ? ['--dataset', plant.photos] : [];
    const args = ['--data', plant.agentFolder, '--backend', 'wasm', '--rest', '0.5', ...dataset];
    await plant.#agent.start(args);
    return plant;
  }

  /** Where the agent's window opens in a browser. */
  get windowAddress(): string {
    return windowAddressOf(this.agentFolder);
  }

  /** Has the aggregator invite a plant; gives the link. */
  async invite(plantName: string): Promise<string> {
    const file = path.resolve(import.meta.dirname, '..', PROGRAMS.aggregator);
    const args = ['invite', '--data', this.#serverFolder, '--plant', plantName, '--task', TASK.id];
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, [file, ...args], (error, output) =>
        error ? reject(error) : resolve(output),
      );
    });
    const link = /^genba:\S+$/m.exec(stdout)?.[0];
    if (link === undefined) throw new Error(`No link in: ${stdout}`);
    return link;
  }

  /** Enrols the agent while it runs, as IT does by command. */
  async enrol(plantName: string): Promise<void> {
    const link = await this.invite(plantName);
    const { exitCode, stderr } = await runProgram('agent', 'enrol', link, '--data', this.agentFolder);
    if (exitCode !== 0) throw new Error(stderr);
  }

  /** Rounds of all plants that this aggregator's model holds. */
  roundsMerged(): number {
    const database = new Database(path.join(this.#serverFolder, 'catalogue.sqlite'), { readonly: true });
    try {
      const sum = database.prepare("SELECT coalesce(sum(rounds), 0) FROM updates WHERE state = 'applied'");
      return sum.pluck().get() as number;
    } finally {
      database.close();
    }
  }

  /** The aggregator cannot be reached any more. */
  async cut(): Promise<void> {
    await this.#aggregator.end('SIGKILL');
  }

  /** The aggregator is there, at the address it had. */
  async heal(): Promise<void> {
    const task = path.join(this.folder, 'task.json');
    const fixed = ['--data', this.#serverFolder, '--task', task, '--host', '127.0.0.1'];
    const line = await this.#aggregator.start([...fixed, '--port', this.#port]);
    this.#port = /:(\d+)\D*$/.exec(line)?.[1] ?? this.#port;
  }

  async end(): Promise<void> {
    await Promise.all([this.#aggregator.end('SIGKILL'), this.#agent.end('SIGKILL')]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
