import { execFile } from 'node:child_process';
import path from 'node:path';
import { PROGRAMS } from './program.ts';

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No command that a test gives takes as long, milliseconds: its program hangs. */
const DEADLINE_MS = 90_000;

/** Runs a program with one of its commands to the end. Where it hangs, its exit code is NaN. */
export function runProgram(program: keyof typeof PROGRAMS, ...args: readonly string[]): Promise<Ended> {
  const file = path.resolve(import.meta.dirname, '..', PROGRAMS[program]);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { timeout: DEADLINE_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? Number.NaN), stdout, stderr });
    });
  });
}
