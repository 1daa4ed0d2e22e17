import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { _electron, type Browser, chromium, type ElectronApplication, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { stopAgent } from '../main/agent/local-api/take-over.ts';
import { electronPath } from '../tools/requirements.ts';
import { digitsTask } from './digits.ts';
import { shellStart } from './electron-window.ts';
import { PROGRAMS, Program } from './program.ts';
import { runProgram } from './run-program.ts';
import type { Display } from './virtual-display.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TASK = digitsTask();
const STOP_MS = 20_000;
const CONNECT_MS = 10_000;

/** What the window does not need of an environment that a test driver has. */
const AS_ROOT = process.getuid?.() === 0 ? '--no-sandbox' : '';

/** A real aggregator, and a PC that has enrolled with it and whose program lies in one file, as an AppImage does. */
export class UpdatingPlant {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'genba 更新 '));
  readonly serverFolder = path.join(this.folder, '集約 サーバー');
  readonly dataFolder = path.join(this.folder, '検査 ライン 3');
  /** The program's one file. Its name has no version, so that it keeps it. */
  readonly appImage = path.join(this.folder, '現場', 'Genba.AppImage');
  readonly aggregator = new Program(PROGRAMS.aggregator);
  readonly #display: Display;
  #port = '0';

  private constructor(display: Display) {
    this.#display = display;
  }

  static async start(display: Display): Promise<UpdatingPlant> {
    const plant = new UpdatingPlant(display);
    writeFileSync(path.join(plant.folder, 'task.json'), JSON.stringify(TASK));
    mkdirSync(path.dirname(plant.appImage));
    writeFileSync(plant.appImage, plant.program('0.1.0'), { mode: 0o755 });
    await plant.serve(plant.serverFolder);
    const wish = ['--data', plant.serverFolder, '--plant', '仙台', '--task', TASK.id];
    const { stdout } = await runProgram('aggregator', 'invite', ...wish);
    const invitation = /^genba:\S+$/m.exec(stdout)![0];
    const enrolled = await runProgram('agent', 'enrol', invitation, '--data', plant.dataFolder);
    expect(enrolled).toMatchObject({ exitCode: 0 });
    return plant;
  }

  /** Starts an aggregator, always on the same port. */
  async serve(folder: string): Promise<void> {
    const task = path.join(this.folder, 'task.json');
    const fixed = ['--data', folder, '--task', task, '--host', '127.0.0.1', '--port', this.#port];
    this.#port = /:(\d+)\D*$/.exec(await this.aggregator.start(fixed))![1]!;
  }

  /** A program of a version as one file: it opens this checkout as that version, and may be looked into. */
  program(version: string): string {
    const checkout = path.join(this.folder, `checkout ${version}`);
    mkdirSync(checkout, { recursive: true });
    const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as object;
    writeFileSync(path.join(checkout, 'package.json'), JSON.stringify({ ...manifest, version }));
    for (const name of ['main', 'renderer', 'node_modules']) {
      rmSync(path.join(checkout, name), { force: true });
      symlinkSync(path.join(ROOT, name), path.join(checkout, name));
    }
    return `#!/bin/sh
APPIMAGE="$(readlink -f "$0")" exec "${electronPath()}" ${AS_ROOT} --remote-debugging-port=0 "${checkout}" --lang=ja
`;
  }

  /** Publishes a version whose program is the given text. */
  async publish(version: string, program: string, more: readonly string[] = []): Promise<void> {
    const from = path.join(this.folder, `release ${version}`);
    const name = `Genba-${version}.AppImage`;
    const bytes = Buffer.from(program);
    const sha512 = createHash('sha512').update(bytes).digest('base64');
    mkdirSync(from);
    writeFileSync(path.join(from, name), bytes);
    chmodSync(path.join(from, name), 0o755);
    writeFileSync(
      path.join(from, 'latest-linux.yml'),
      `version: ${version}
files:
  - url: ${name}
    sha512: ${sha512}
    size: ${bytes.byteLength}
path: ${name}
sha512: ${sha512}
releaseNotes: |
  ・検査の速さが2倍になりました
  <b>Judging is twice as fast</b>
releaseDate: '2026-11-26T00:00:00.000Z'
`,
    );
    const published = ['--data', this.serverFolder, '--from', from, ...more];
    expect(await runProgram('aggregator', 'updates', 'publish', ...published)).toMatchObject({ exitCode: 0 });
  }

  /** Opens the window as a person does, or the system. */
  async open(language: 'ja' | 'en' = 'ja'): Promise<ElectronApplication> {
    const { executable, args } = shellStart(this.dataFolder, this.#display, [`--lang=${language}`]);
    return _electron.launch({ executablePath: executable, args: [...args], env: this.environment });
  }

  /** Runs the program until it ends by itself. @throws Error where it does not end well */
  async run(more: Record<string, string> = {}): Promise<void> {
    const { executable, args } = shellStart(this.dataFolder, this.#display, []);
    const options = { env: { ...this.environment, ...more }, timeout: STOP_MS };
    await promisify(execFile)(executable, [...args], options);
  }

  /** Of the programs of this PC: nothing of the real home is touched. */
  get environment(): Record<string, string> {
    const { env } = shellStart(this.dataFolder, this.#display, []);
    return {
      ...env,
      APPIMAGE: this.appImage,
      HOME: this.folder,
      XDG_CONFIG_HOME: path.join(this.folder, 'config'),
      XDG_CACHE_HOME: path.join(this.folder, 'cache'),
    };
  }

  /** Ends aggregator and agent, and removes everything. */
  async end(): Promise<void> {
    await this.aggregator.end('SIGKILL');
    await stopAgent({ dataFolder: this.dataFolder, waitMs: STOP_MS, isForced: true }).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Waits until a window's process has ended. The driver would wait for its agent, too, which outlives it and holds its pipes. */
export async function endOf(app: ElectronApplication): Promise<void> {
  const process = app.process();
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}

/** Closes a window's program as its own menu does. @throws Error where it goes on */
export async function quit(app: ElectronApplication): Promise<void> {
  const ended = endOf(app).then(() => true);
  // The answer may be lost with the program.
  app.evaluate((electron) => electron.app.quit()).catch(() => undefined);
  const isEnded = await Promise.race([ended, delay(STOP_MS, false, { ref: false })]);
  if (!isEnded) throw new Error(`the window's program goes on ${STOP_MS / 1000} s after it was closed`);
}

/** In its own folder, where a browser says by which port one may look into it. */
const DOOR_FILE = path.join('window', 'DevToolsActivePort');

/**
 * The window on a data folder, of a program that somebody else has started.
 * @param deadlineMs how long it may take to do something in it
 * @throws Error while there is none
 */
export async function windowOn(
  dataFolder: string,
  deadlineMs: number,
): Promise<{ browser: Browser; page: Page }> {
  // Of the program before, it leads nowhere.
  const [port] = readFileSync(path.join(dataFolder, DOOR_FILE), 'utf8').split('\n');
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { timeout: CONNECT_MS });
  const page = browser.contexts()[0]?.pages()[0];
  if (page !== undefined) {
    page.setDefaultTimeout(deadlineMs);
    return { browser, page };
  }
  // Who is connected before the window opens may never hear of it.
  await browser.close();
  throw new Error('no window yet');
}
