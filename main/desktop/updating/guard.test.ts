import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Launched } from './go-back.ts';
import { type GuardPatience, guard } from './guard.ts';
import { endTrial } from './trial.ts';
import { UpdateJournal, type UpdateTrial } from './update-journal.ts';

/** A busy machine takes seconds until a script begins; one that never does is waited for in vain. */
const PATIENCE: GuardPatience = { lookMs: 20, beginMs: 20_000, succeedMs: 1_500 };
const NODE = process.execPath;

let folder: string;
let journal: UpdateJournal;
/** What was started, by whom and why is not told. */
let started: string[];
let program: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genba 見守り '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  journal = new UpdateJournal(join(folder, 'updates.json'));
  program = join(folder, 'Genba.AppImage');
  started = [];
});

/** An update has put a program in place that does what is given, as a script for Node. */
function install(script: string, change: Partial<UpdateTrial> = {}): void {
  const kept = join(folder, 'kept.AppImage');
  writeFileSync(kept, 'the version before');
  writeFileSync(program, script);
  journal.write({
    trial: {
      version: '0.2.0',
      from: '0.1.0',
      starts: 0,
      process: null,
      startedAt: null,
      isLeftAlone: false,
      installation: 'appimage',
      program,
      earlierProgram: program,
      keptProgram: kept,
      keptDatabase: null,
      ...change,
    },
  });
}

/** Really starts what is there; the version before is a text and ends at once. */
function start(): Launched {
  started.push(readFileSync(program, 'utf8'));
  const child = spawn(NODE, ['--input-type=module', '-e', started.at(-1)!], { stdio: 'ignore' });
  return { hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

const watch = (patience = PATIENCE) =>
  guard({
    journal,
    dataFolder: folder,
    version: '0.2.0',
    patience,
    stopAgent: async () => undefined,
    now: () => new Date(),
    start,
  });

/** A script that begins as the shell does, and then does something else. */
function begins(then: string): string {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  return `
    const { UpdateJournal } = await import(${module('./update-journal.ts')});
    const { beginStart, endTrial, leaveStart } = await import(${module('./trial.ts')});
    const journal = new UpdateJournal(${JSON.stringify(journal.path)});
    beginStart(journal, '0.2.0', new Date());
    ${then}`;
}

describe('the guard of a new version', () => {
  it('goes back from one that ends at once, which counts nothing itself', async () => {
    install('process.exit(1)');
    start();
    expect(await watch({ ...PATIENCE, beginMs: 200 })).toBe('went-back');
    expect(started).toEqual([...Array(3).fill('process.exit(1)'), 'the version before']);
    expect(journal.read()).toMatchObject({
      trial: null,
      refused: ['0.2.0'],
      wentBack: { from: '0.2.0', to: '0.1.0' },
    });
  });

  it('goes back from one that begins and falls over', async () => {
    install(begins('process.exit(1)'));
    start();
    expect(await watch()).toBe('went-back');
    expect(started).toHaveLength(4);
  }, 30_000);

  it('goes back from one that hangs, and ends its processes', async () => {
    const pids = join(folder, 'pids');
    appendFileSync(pids, '');
    const noted = `(await import('node:fs')).appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');`;
    install(begins(`${noted} setInterval(() => {}, 1000);`));
    start();
    expect(await watch()).toBe('went-back');
    const known = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(known).toHaveLength(3);
    for (const pid of known) await expect.poll(() => isAlive(pid)).toBe(false);
  }, 30_000);

  it('ends when the version has proven itself, at the first start or a later one', async () => {
    install(begins('endTrial(journal); setTimeout(() => {}, 300);'));
    start();
    expect(await watch()).toBe('proven');
    install(begins('if (journal.read().trial.starts < 3) process.exit(1); endTrial(journal);'));
    start();
    expect(await watch()).toBe('proven');
    expect(started).toHaveLength(4);
    expect(journal.read()).toEqual({ trial: null, refused: [], wentBack: null });
  }, 30_000);

  it('does not start what a person has closed', async () => {
    install(begins('setTimeout(() => { leaveStart(journal, new Date()); process.exit(0); }, 50);'));
    start();
    expect(await watch()).toBe('left-alone');
    expect(started).toHaveLength(1);
    expect(journal.read().trial).toMatchObject({ starts: 0 });
  }, 30_000);

  it('says that it is stuck where nothing was kept', async () => {
    install('process.exit(1)', { keptProgram: null });
    start();
    expect(await watch({ ...PATIENCE, beginMs: 200 })).toBe('stuck');
    expect(journal.read().trial).toMatchObject({ starts: 3 });
    endTrial(journal);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended stays until its parent has taken notice.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
