import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { beginStart, endTrial, leaveStart } from './trial.ts';
import { refusing, UpdateJournal, type UpdateTrial } from './update-journal.ts';

const NOW = new Date('2026-11-26T09:00:00.000Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);

const TRIAL: UpdateTrial = {
  version: '0.2.0',
  from: '0.1.0',
  starts: 0,
  process: null,
  startedAt: null,
  isLeftAlone: false,
  installation: 'appimage',
  program: '/現場/Genba.AppImage',
  earlierProgram: '/現場/Genba.AppImage',
  keptProgram: '/data/window/update-kept/Genba.AppImage',
  keptDatabase: '/data/window/update-kept/agent.sqlite',
};

let journal: UpdateJournal;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'genba 更新 '));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  journal = new UpdateJournal(join(folder, 'window', 'updates.json'));
});

describe('the first starts of a new version', () => {
  it('are counted before they can fail, and the fourth is none', () => {
    journal.write({ trial: TRIAL });
    for (const starts of [1, 2, 3]) {
      expect(beginStart(journal, '0.2.0', NOW)).toBe('trial');
      expect(new UpdateJournal(journal.path).read().trial).toMatchObject({ starts, process: process.pid });
    }
    expect(beginStart(journal, '0.2.0', NOW)).toBe('give-up');
    expect(journal.read().trial?.starts).toBe(3);
  });

  it('go on where nothing was kept to go back to', () => {
    journal.write({ trial: { ...TRIAL, starts: 3, keptProgram: null } });
    expect(beginStart(journal, '0.2.0', NOW)).toBe('ordinary');
  });

  it('are over with the first that works', () => {
    journal.write({ trial: TRIAL, refused: ['0.1.5'] });
    beginStart(journal, '0.2.0', NOW);
    endTrial(journal);
    expect(journal.read()).toEqual({ trial: null, refused: ['0.1.5'], wentBack: null });
    expect(beginStart(journal, '0.2.0', NOW)).toBe('ordinary');
  });

  it.each(['0.1.0', '0.3.0'])('are over once %s works on with the database instead', (version) => {
    journal.write({ trial: TRIAL });
    expect(beginStart(journal, version, NOW)).toBe('ordinary');
    // What was kept would by now be older than what has been queued since.
    expect(journal.read().trial).toBeNull();
  });

  it('do not count where a person ends one before anybody can tell, and do afterwards', () => {
    journal.write({ trial: TRIAL });
    beginStart(journal, '0.2.0', NOW);
    leaveStart(journal, later(5_000));
    expect(journal.read().trial).toMatchObject({ starts: 0, process: null, isLeftAlone: true });
    beginStart(journal, '0.2.0', later(10_000));
    expect(journal.read().trial).toMatchObject({ starts: 1, isLeftAlone: false });
    leaveStart(journal, later(100_000));
    expect(journal.read().trial).toMatchObject({ starts: 1, isLeftAlone: true });
  });

  it('of no update are ordinary ones, and leave no file behind', () => {
    expect(beginStart(journal, '0.1.0', NOW)).toBe('ordinary');
    endTrial(journal);
    leaveStart(journal, NOW);
    expect(() => readFileSync(journal.path)).toThrow('ENOENT');
  });
});

describe('the journal', () => {
  it.each(['', '{', '[]', '{"trial":{"version":7},"refused":"x","wentBack":1}'])(
    'counts as empty where it is damaged: %j',
    (text) => {
      mkdirSync(join(journal.path, '..'));
      writeFileSync(journal.path, text);
      expect(journal.read()).toEqual({ trial: null, refused: [], wentBack: null });
      expect(journal.write({ refused: ['0.2.0'] }).refused).toEqual(['0.2.0']);
    },
  );

  it('remembers a version once, and no more than fifty', () => {
    for (let number = 0; number < 60; number++)
      journal.write({ refused: refusing(`0.2.${number}`, journal.read().refused) });
    journal.write({ refused: refusing('0.2.30', journal.read().refused) });
    const { refused } = journal.read();
    expect(refused).toHaveLength(50);
    expect(refused.at(-1)).toBe('0.2.30');
    expect(refused.filter((version) => version === '0.2.30')).toHaveLength(1);
  });
});
