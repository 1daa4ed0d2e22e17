import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine, PROGRAMS } from '../program.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TIME_SHIFT = path.join(import.meta.dirname, 'time-shift.ts');

/** Wait before a program that has ended is started again, milliseconds: as a service manager does. */
const RESTART_MS = 200;

/** How long a program may take to stop when it is asked to, milliseconds. */
const STOP_MS = 20_000;

/** Lines of a program's log that are kept to explain a failure. */
const KEPT_LINES = 400;

/** How a program's life ended that nobody had asked to end. */
export interface UnexpectedEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last words. */
  readonly words: string;
}

/** The bent time of a run; see `time-shift.ts`. */
export interface BentTime {
  readonly speed: number;
  readonly epoch: number;
}

/** A program that is started again whenever it ends, as by a service manager, with a clock of its own. */
export class Supervised {
  readonly unexpectedEnds: UnexpectedEnd[] = [];
  /** What it has logged as a bug of its own. */
  readonly bugs: LogLine[] = [];
  readonly #file: string;
  readonly #args: () => readonly string[];
  readonly #preloads: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #onLine: (line: LogLine) => void;
  readonly #tail: string[] = [];
  #child: ChildProcess | null = null;
  #isWanted = false;
  #isEndExpected = false;
  #running: Promise<void> = Promise.resolve();
  #ready = Promise.withResolvers<string>();

  constructor(options: {
    program: (typeof PROGRAMS)[keyof typeof PROGRAMS];
    args: () => readonly string[];
    time: BentTime;
    clockFile: string;
    onLine?: (line: LogLine) => void;
    /** Another module to load before the program, and what it needs. */
    preload?: string;
    environment?: NodeJS.ProcessEnv;
  }) {
    this.#file = path.join(ROOT, options.program);
    this.#args = options.args;
    this.#preloads = [TIME_SHIFT, ...(options.preload === undefined ? [] : [options.preload])];
    this.#onLine = options.onLine ?? (() => undefined);
    this.#environment = {
      ...process.env,
      ...options.environment,
      GENBA_CHAOS_CLOCK: options.clockFile,
      GENBA_CHAOS_SPEED: `${options.time.speed}`,
      GENBA_CHAOS_EPOCH: `${options.time.epoch}`,
    };
  }

  /** Starts it for good. @returns its first line of output */
  start(): Promise<string> {
    this.#isWanted = true;
    this.#running = this.#superviseLives();
    return this.#ready.promise;
  }

  /** Its first line of output in this life, or the next one if it is down. */
  get ready(): Promise<string> {
    return this.#ready.promise;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** The last of what it has logged. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  /** Ends this life. @returns false when there was none */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<boolean> {
    const child = this.#child;
    if (child === null) return false;
    this.#isEndExpected = true;
    child.kill(signal);
    const kill = setTimeout(() => {
      this.unexpectedEnds.push({
        code: null,
        signal,
        words: `it does not stop: ${this.#tail.slice(-8).join('\n')}`,
      });
      child.kill('SIGKILL');
    }, STOP_MS);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(kill);
    return true;
  }

  /** Holds it for a time, as a PC that is put to sleep. */
  async pause(ms: number): Promise<boolean> {
    const child = this.#child;
    if (child === null || !child.kill('SIGSTOP')) return false;
    await sleep(ms);
    child.kill('SIGCONT');
    return true;
  }

  /** Ends it for good. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    this.#isWanted = false;
    await this.end(signal);
    await this.#running;
  }

  async #superviseLives(): Promise<void> {
    while (this.#isWanted) {
      await this.#live();
      if (this.#isWanted) await sleep(RESTART_MS);
    }
  }

  async #live(): Promise<void> {
    const preloads = this.#preloads.flatMap((module) => ['--import', module]);
    const child = spawn(process.execPath, [...preloads, this.#file, ...this.#args()], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment,
    });
    this.#child = child;
    this.#isEndExpected = false;
    createInterface({ input: child.stderr }).on('line', (line) => this.#keep(line));
    const output = createInterface({ input: child.stdout });
    output.once('line', (line) => this.#ready.resolve(line));
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    this.#child = null;
    this.#ready.resolve('');
    this.#ready = Promise.withResolvers<string>();
    if (!this.#isEndExpected) {
      this.unexpectedEnds.push({ code, signal, words: this.#tail.slice(-8).join('\n') });
    }
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > KEPT_LINES) this.#tail.shift();
    if (!line.startsWith('{')) return;
    const entry = JSON.parse(line) as LogLine;
    if (entry.code === 'internal/bug') this.bugs.push(entry);
    this.#onLine(entry);
  }
}
