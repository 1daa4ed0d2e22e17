import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openAgentDatabase } from '../../agent/store/database.ts';
import { SettingsStore } from '../../agent/store/settings.ts';
import { goBack } from './go-back.ts';
import { keepVersion } from './kept-version.ts';
import { UpdateJournal, type UpdateTrial } from './update-journal.ts';

const NOW = new Date('2026-11-26T09:00:00.000Z');

let folder: string;
let dataFolder: string;
let program: string;
let journal: UpdateJournal;
let stopped: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genba 戻す '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  dataFolder = join(folder, 'データ');
  program = join(folder, 'Genba.AppImage');
  writeFileSync(program, 'version 0.1.0', { mode: 0o755 });
  journal = new UpdateJournal(join(dataFolder, 'window', 'updates.json'));
  stopped = 0;
});

/** The plant's name is what the database knows here. */
function writeName(plantName: string): void {
  const database = openAgentDatabase(dataFolder);
  new SettingsStore(database, 'PC').write({ plantName });
  database.close();
}

function readName(): string {
  const database = openAgentDatabase(dataFolder);
  const { plantName } = new SettingsStore(database, 'PC').read();
  database.close();
  return plantName;
}

/** A database as it is when its agent is killed: the first name is in it, the second beside it only. */
function leaveUnclosed(name: string, nameBeside: string): void {
  writeName(name);
  const wal = join(dataFolder, 'agent.sqlite-wal');
  const database = openAgentDatabase(dataFolder);
  new SettingsStore(database, 'PC').write({ plantName: nameBeside });
  const [main, unfinished] = [readFileSync(join(dataFolder, 'agent.sqlite')), readFileSync(wal)];
  database.close();
  writeFileSync(join(dataFolder, 'agent.sqlite'), main);
  writeFileSync(wal, unfinished);
}

/** What a newer program's migration does; left in the WAL where it is killed at once. */
function makeNewer(isKilled: boolean): void {
  const database = openAgentDatabase(dataFolder);
  database.exec('CREATE TABLE news (id INTEGER PRIMARY KEY) STRICT');
  database.pragma('user_version = 99');
  const path = join(dataFolder, 'agent.sqlite-wal');
  const unfinished = isKilled ? readFileSync(path) : null;
  const main = isKilled ? readFileSync(join(dataFolder, 'agent.sqlite')) : null;
  database.close();
  if (unfinished === null) return;
  writeFileSync(join(dataFolder, 'agent.sqlite'), main!);
  writeFileSync(path, unfinished);
}

/** As an update does it: keeps the version, and puts another in its place. */
function update(newProgram = program): UpdateTrial {
  const kept = keepVersion(join(dataFolder, 'window', 'update-kept'), { program, dataFolder });
  rmSync(program);
  writeFileSync(newProgram, 'version 0.2.0', { mode: 0o755 });
  const trial: UpdateTrial = {
    version: '0.2.0',
    from: '0.1.0',
    starts: 3,
    process: null,
    startedAt: NOW.toISOString(),
    isLeftAlone: false,
    installation: 'appimage',
    program: newProgram,
    earlierProgram: program,
    ...kept,
  };
  journal.write({ trial });
  return trial;
}

const back = (trial: UpdateTrial) =>
  goBack(trial, {
    journal,
    dataFolder,
    stopAgent: async () => {
      stopped++;
    },
    now: NOW,
  });

const CHANGES = ['copyFileSync', 'linkSync', 'renameSync', 'rmSync', 'chmodSync'] as const;

/**
 * Does something until it has changed that many files or names, and cuts it off before the next one.
 * @returns whether it came to its end
 */
async function cutOffAfter(changes: number, work: () => Promise<unknown>): Promise<boolean> {
  const real = Object.fromEntries(CHANGES.map((name) => [name, fs[name] as (...args: unknown[]) => void]));
  let left = changes;
  let isCut = false;
  const counting =
    (name: string) =>
    (...args: unknown[]) => {
      // A process that is gone tidies nothing up either.
      if (left-- <= 0) isCut = true;
      if (isCut) throw new Error('cut off');
      real[name]!(...args);
    };
  Object.assign(fs, Object.fromEntries(CHANGES.map((name) => [name, counting(name)])));
  syncBuiltinESMExports();
  try {
    await work();
    return true;
  } catch (thrown) {
    if (!isCut) throw thrown;
    return false;
  } finally {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
}

describe('going back to the version before', () => {
  it.each([
    ['ended in order', false],
    ['was killed', true],
  ])(
    'puts program and database back where the newer agent has changed its form and %s',
    async (_, isKilled) => {
      writeName('仙台');
      const trial = update();
      makeNewer(isKilled);
      expect(() => readName()).toThrow(/newer/i);
      expect(await back(trial)).toEqual({ program, args: [] });
      expect(readFileSync(program, 'utf8')).toBe('version 0.1.0');
      expect(statSync(program).mode & 0o111).not.toBe(0);
      expect(readName()).toBe('仙台');
      expect(stopped).toBe(1);
      expect(journal.read()).toEqual({
        trial: null,
        refused: ['0.2.0'],
        wentBack: { from: '0.2.0', to: '0.1.0', at: NOW.toISOString() },
      });
    },
  );

  it('leaves a database alone whose form is the same: it has all that the kept one has, and more', async () => {
    writeName('仙台');
    const trial = update();
    writeName('名古屋');
    await back(trial);
    expect(readName()).toBe('名古屋');
  });

  it('brings a database along that was never closed', async () => {
    leaveUnclosed('仙台', '名古屋');
    const trial = update();
    makeNewer(false);
    await back(trial);
    expect(readName()).toBe('名古屋');
  });

  it('removes a program of another name, and works on a PC that had no database yet', async () => {
    mkdirSync(dataFolder, { recursive: true });
    const trial = update(join(folder, 'Genba-0.2.0.AppImage'));
    expect(trial.keptDatabase).toBeNull();
    await back(trial);
    expect(existsSync(trial.program)).toBe(false);
    expect(readFileSync(program, 'utf8')).toBe('version 0.1.0');
  });

  it('can be done again after it was cut off before any change of a file', async () => {
    leaveUnclosed('仙台', '名古屋');
    const trial = update();
    makeNewer(false);
    const newer = readFileSync(join(dataFolder, 'agent.sqlite'));
    let isThrough = false;
    for (let changes = 0; !isThrough; changes++) {
      rmSync(join(dataFolder, 'agent.sqlite-wal'), { force: true });
      writeFileSync(join(dataFolder, 'agent.sqlite'), newer);
      // Not over the one there, which may be the kept one by another name.
      rmSync(program, { force: true });
      writeFileSync(program, 'version 0.2.0');
      journal.write({ trial, refused: [], wentBack: null });
      isThrough = await cutOffAfter(changes, () => back(trial));
      if (!isThrough) await back(trial);
      expect([changes, readFileSync(program, 'utf8')]).toEqual([changes, 'version 0.1.0']);
      expect([changes, readName()]).toEqual([changes, '名古屋']);
      expect(readdirSync(folder).sort()).toEqual(['Genba.AppImage', 'データ']);
      expect(journal.read()).toMatchObject({ trial: null, refused: ['0.2.0'] });
      if (isThrough) expect(changes).toBeGreaterThan(6);
    }
  });

  it('runs the kept installer on Windows', async () => {
    writeName('仙台');
    const installer = join(folder, 'installer.exe');
    writeFileSync(installer, 'installer of 0.1.0');
    const kept = keepVersion(join(dataFolder, 'kept'), { program: installer, dataFolder });
    const trial = { ...update(), ...kept, installation: 'nsis' as const };
    const next = await back(trial);
    expect(next.args).toEqual(['--updated', '/S', '--force-run']);
    expect(readFileSync(next.program, 'utf8')).toBe('installer of 0.1.0');
  });

  it('is refused where nothing was kept', async () => {
    const kept = keepVersion(join(dataFolder, 'kept'), { program: join(folder, 'no.exe'), dataFolder });
    expect(kept).toEqual({ keptProgram: null, keptDatabase: null });
    await expect(back({ ...update(), keptProgram: null })).rejects.toThrow('not kept');
  });
});
