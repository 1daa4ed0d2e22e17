import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { askAgent, readAgentStatus } from '../main/agent/local-api/ask-agent.ts';
import { readEndpoint } from '../main/agent/local-api/find-agent.ts';

const CLI = join(import.meta.dirname, '..', 'main', 'agent', 'cli.ts');

/** Of how many ticks Linux makes a second of processor time; the same on all its machines that we know. */
const TICKS_PER_SECOND = 100;

/** A real agent in a process of its own, with the real command line. */
export class PlantProcess {
  readonly dataFolder: string;
  readonly #child: ChildProcess;

  private constructor(dataFolder: string, child: ChildProcess) {
    this.dataFolder = dataFolder;
    this.#child = child;
  }

  /** Starts it; `performance.now()` before the call is the moment its process begins. */
  static start(dataFolder: string, args: readonly string[]): PlantProcess {
    const child = spawn(process.execPath, [CLI, '--data', dataFolder, '--log-level', 'warn', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new PlantProcess(dataFolder, child);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it tells its windows; null as long as it does not answer. */
  async status(): Promise<AgentStatus | null> {
    const endpoint = await this.#endpoint();
    return endpoint === null ? null : await readAgentStatus(endpoint).catch(() => null);
  }

  async pause(): Promise<void> {
    await askAgent((await this.#endpoint())!, { id: 1, command: 'pause' });
  }

  async resume(): Promise<void> {
    await askAgent((await this.#endpoint())!, { id: 1, command: 'resume' });
  }

  /** Its trainer's process; null while it has none. */
  trainerPid(): number | null {
    const pids = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim();
    return pids === '' ? null : Number(pids.split(' ')[0]);
  }

  /** Ends it and waits for its end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await exited;
  }

  /** The file of an agent that was killed tells of its end; only that of this process counts. */
  async #endpoint(): Promise<LocalApiEndpoint | null> {
    const endpoint = await readEndpoint(this.dataFolder);
    return endpoint?.pid === this.pid ? endpoint : null;
  }
}

/** Processor time of a process since its start, milliseconds; Linux only. */
export function processCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

/** Memory of a process: all that is resident, and what it shares with no other, bytes; Linux only. */
export function processMemory(pid: number): { residentBytes: number; ownBytes: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  const own = kilobytes('Private_Clean') + kilobytes('Private_Dirty');
  return { residentBytes: kilobytes('Rss') * 1024, ownBytes: own * 1024 };
}
