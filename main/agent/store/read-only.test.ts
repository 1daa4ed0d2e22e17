import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { openAgentDatabase } from './database.ts';
import { isDataFolderInUse, openReadOnly } from './read-only.ts';

/** In one process SQLite's locks hold between its connections as between processes. */
function openFolder(): { readonly folder: string; readonly close: () => void } {
  const folder = path.join(temporaryFolder().root, '検査 ライン 2');
  const database = openAgentDatabase(folder);
  onTestFinished(() => {
    database.close();
  });
  database.exec("INSERT INTO setting (key, value) VALUES ('plantName', '\"仙台\"')");
  return { folder, close: () => database.close() };
}

describe('a data folder', () => {
  it('is in use as long as an agent has it, and not before or after', () => {
    const { folder, close } = openFolder();
    expect(isDataFolderInUse(folder)).toBe(true);
    expect(() => openReadOnly(folder)).toThrow(expect.objectContaining({ code: 'startup/already-running' }));
    close();
    expect(isDataFolderInUse(folder)).toBe(false);
    expect(isDataFolderInUse(path.join(folder, 'nothing here'))).toBe(false);
  });

  it('can be read without being changed', () => {
    const { folder, close } = openFolder();
    close();
    const file = path.join(folder, 'agent.sqlite');
    const before = readFileSync(file);
    const database = openReadOnly(folder)!;
    expect(database.prepare('SELECT value FROM setting').pluck().all()).toEqual(['"仙台"']);
    expect(() => database.exec('DELETE FROM setting')).toThrow(/readonly/);
    database.close();
    expect(readFileSync(file).equals(before)).toBe(true);
    // The next agent starts from it as ever.
    openAgentDatabase(folder).close();
    expect(readdirSync(folder)).toContain('agent.sqlite');
  });

  it('without a database is none', () => {
    expect(openReadOnly(temporaryFolder().root)).toBeNull();
  });
});
