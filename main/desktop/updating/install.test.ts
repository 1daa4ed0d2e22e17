import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openAgentDatabase } from '../../agent/store/database.ts';
import { type InstallContext, installUpdate } from './install.ts';
import { UpdateJournal } from './update-journal.ts';

let folder: string;
let program: string;
let journal: UpdateJournal;
/** What happened, in its order. */
let steps: string[];
let context: InstallContext;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genba 更新 '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dataFolder = join(folder, 'データ');
  openAgentDatabase(dataFolder).close();
  program = join(folder, 'Genba-0.1.0.AppImage');
  writeFileSync(program, 'version 0.1.0');
  journal = new UpdateJournal(join(dataFolder, 'window', 'updates.json'));
  steps = [];
  context = {
    engine: {
      find: async () => null,
      fetch: async () => undefined,
      destination: () => join(folder, 'Genba-0.2.0.AppImage'),
      install: (startsAfter) => {
        steps.push(
          `install, ${startsAfter ? 'then start' : 'no start'}, trial of ${journal.read().trial?.version}`,
        );
        rmSync(program);
        writeFileSync(join(folder, 'Genba-0.2.0.AppImage'), 'version 0.2.0');
      },
    },
    journal,
    installation: { kind: 'appimage', program },
    dataFolder,
    keptFolder: join(dataFolder, 'window', 'update-kept'),
    ownInstaller: join(folder, 'installer.exe'),
    stopAgent: async () => void steps.push('stop agent'),
    startGuard: () => void steps.push('guard'),
  };
});

const install = (change: Partial<InstallContext> = {}, startsAfter = true) =>
  installUpdate({ to: '0.2.0', from: '0.1.0', startsAfter }, { ...context, ...change });
const fails = (thrown: unknown) => () => {
  // As electron-updater does: the old file is gone before the new one is in place.
  rmSync(program);
  throw thrown;
};

describe('installing an update', () => {
  it('stops the agent, keeps what there is, writes it down, and only then replaces the program', async () => {
    await install();
    expect(steps).toEqual(['stop agent', 'guard', 'install, then start, trial of 0.2.0']);
    const { trial } = journal.read();
    expect(trial).toMatchObject({
      version: '0.2.0',
      from: '0.1.0',
      starts: 0,
      isLeftAlone: false,
      program: join(folder, 'Genba-0.2.0.AppImage'),
      earlierProgram: program,
    });
    expect(readFileSync(trial!.keptProgram!, 'utf8')).toBe('version 0.1.0');
    expect(existsSync(trial!.keptDatabase!)).toBe(true);
  });

  it('leaves the first start to a person where Genba was stopped', async () => {
    await install({}, false);
    expect(steps).toEqual(['stop agent', 'install, no start, trial of 0.2.0']);
    expect(journal.read().trial).toMatchObject({ isLeftAlone: true });
  });

  it('changes nothing where the agent does not stop', async () => {
    const stopAgent = async () => {
      throw new AppError('startup/agent-hangs');
    };
    await expect(install({ stopAgent })).rejects.toMatchObject({ code: 'startup/agent-hangs' });
    expect(steps).toEqual([]);
    expect(journal.read().trial).toBeNull();
    expect(readFileSync(program, 'utf8')).toBe('version 0.1.0');
  });

  it.each<[string, unknown, string]>([
    ['a full disk', Object.assign(new Error('no space'), { code: 'ENOSPC' }), 'store/disk-full'],
    ['anything else', Object.assign(new Error('denied'), { code: 'EACCES' }), 'updates/not-installed'],
    ['what the updater calls it', new AppError('updates/not-installed'), 'updates/not-installed'],
  ])('puts the program back where the updater fails half way, by %s', async (_, thrown, code) => {
    const engine = { ...context.engine, install: fails(thrown) };
    await expect(install({ engine })).rejects.toMatchObject({ code });
    expect(readFileSync(program, 'utf8')).toBe('version 0.1.0');
    expect(journal.read().trial).toBeNull();
  });

  it('goes on without a way back on Windows where no installer was left behind', async () => {
    await install({ installation: { kind: 'nsis', program } });
    expect(journal.read().trial).toMatchObject({ installation: 'nsis', keptProgram: null });
    writeFileSync(context.ownInstaller, 'installer of 0.1.0');
    writeFileSync(program, 'version 0.1.0');
    await install({ installation: { kind: 'nsis', program } });
    expect(readFileSync(journal.read().trial!.keptProgram!, 'utf8')).toBe('installer of 0.1.0');
  });
});
