import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const CLI = join(import.meta.dirname, '..', 'cli.ts');

/** How a run of the program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/**
 * Runs `genba-aggregator` as a process of its own; it is killed when the running test ends.
 * @param preload a module of this folder to run before the program
 */
export function launch(args: readonly string[], preload?: string): Launched {
  const nodeArgs = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href];
  const child = spawn(process.execPath, [...nodeArgs, CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([exitCode]) => ({
    exitCode: exitCode as number | null,
    stdout,
    stderr,
  }));
  return { child, ended };
}

/** The options of a server that lets everybody in, on any free port. */
export function openLoopback(data: string, taskFile: string, ...more: readonly string[]): string[] {
  return ['--open-loopback', '--data', data, '--port', '0', '--task', taskFile, ...more];
}

/** Runs the program until it prints where it listens. */
export async function listen(args: readonly string[]): Promise<Launched & { address: string }> {
  const { child, ended } = launch(args);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    ended.then(({ stderr }) => {
      throw new Error(stderr);
    }),
  ])) as [string];
  const address = /^Genba aggregator listens on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
  if (address === undefined) throw new Error(`unexpected line: ${line}`);
  return { child, ended, address };
}
