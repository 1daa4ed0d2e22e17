import { execFile } from 'node:child_process';
import path from 'node:path';
import { PROGRAMS } from './program.ts';

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with one of its commands to the end. */
export function runProgram(program: keyof typeof PROGRAMS, ...args: readonly string[]): Promise<Ended> {
  const file = path.resolve(import.meta.dirname, '..', PROGRAMS[program]);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
