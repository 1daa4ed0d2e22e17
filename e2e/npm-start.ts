import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

const ROOT = path.resolve(import.meta.dirname, '..');
const POLL_MS = 100;

/** Chromium refuses its own sandbox to root, as which some CI containers run. */
const AS_ROOT = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** `npm start` as a person types it, with a look into the Electron that it opens. */
export class NpmStart {
  readonly #child: ChildProcess;
  readonly #port: number;
  #output = '';
  #browser: Browser | null = null;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
    this.ended = once(child, 'exit').then(([code]) => code as number | null);
  }

  /** Starts it. @param env beside this process's own */
  static async run(env: Readonly<Record<string, string>>, ...further: readonly string[]): Promise<NpmStart> {
    const port = await freePort();
    const switches = [...AS_ROOT, `--remote-debugging-port=${port}`].join(' ');
    const child = spawn('npm', ['start', ...(further.length > 0 ? ['--', ...further] : [])], {
      cwd: ROOT,
      env: { ...process.env, ...env, GENBA_ELECTRON_SWITCHES: switches },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, as a terminal makes one: Ctrl+C reaches all of it.
      detached: true,
    });
    return new NpmStart(child, port);
  }

  /** All it has said so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has said something. @throws Error when it ends before, or not in time */
  async said(wanted: RegExp, deadlineMs: number): Promise<RegExpExecArray> {
    return this.#until(deadlineMs, String(wanted), async () => wanted.exec(this.#output));
  }

  /** The page in the window that it has opened. */
  async page(deadlineMs: number): Promise<Page> {
    return this.#until(deadlineMs, 'a window', async () => {
      this.#browser ??= await chromium.connectOverCDP(`http://127.0.0.1:${this.#port}`).catch(() => null);
      return this.#browser?.contexts()[0]?.pages()[0] ?? null;
    });
  }

  /** Ctrl+C. */
  async interrupt(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      process.kill(-this.#child.pid!, 'SIGINT');
    await this.ended;
  }

  async #until<Value>(deadlineMs: number, what: string, look: () => Promise<Value | null>): Promise<Value> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const value = await look();
      if (value !== null) return value;
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`npm start never came to ${what}:\n${this.#output}`);
      }
      await sleep(POLL_MS);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
