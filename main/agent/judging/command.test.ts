import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { SettingsStore } from '../store/settings.ts';
import { addJudgeCommand } from './command.ts';
import { SIDES, sidePicture, sidesWeights } from './fixtures.ts';

/** A data folder as an agent leaves it that has its task and first weights. */
function knownTask(dataFolder: string): void {
  const database = openAgentDatabase(dataFolder);
  const client = new ClientStore(database);
  client.saveTask(SIDES);
  const weights = sidesWeights();
  client.install({ baseId: 'base', globalVersion: 4, staleness: null, updateId: null, weights });
  new SettingsStore(database, 'PC').write({ backend: 'cpu' });
  database.close();
}

async function judge(...args: readonly string[]): Promise<string[]> {
  const printed: string[] = [];
  const host = { appVersion: '0', defaultDataFolder: '', print: (text: string) => printed.push(text) };
  const program = new Command();
  addJudgeCommand(program, host);
  onTestFinished(() => {
    process.exitCode = 0;
  });
  await program.parseAsync(['judge', ...args], { from: 'user' });
  return printed;
}

it('judges without a running agent: for people, for programs, and as a table', async () => {
  const { root, write } = temporaryFolder();
  const data = join(root, 'データ');
  knownTask(data);
  const folder = join(root, '検査');
  write('検査/=1+1.png', await sidePicture(1));
  write('検査/b.png', 'not a picture');
  const lines = await judge(folder, '--data', data, '--lang', 'ja');
  expect(lines[0]).toBe('=1+1.png  左  確信度 96.1%');
  expect(lines[1]).toMatch(/^b\.png {2}判定できません。ファイルが壊れているか/);
  expect(lines[2]).toBe('1件を判定しました（判定できなかったもの 1件）、左：1件');
  expect(process.exitCode).toBe(36);

  const objects = (await judge(folder, '--data', data, '--json')).map((line) => JSON.parse(line));
  expect(objects).toMatchObject([{ name: '=1+1.png', verdict: { className: '左' } }, { verdict: null }]);

  const table = join(root, '結果.csv');
  await judge(folder, '--data', data, '--lang', 'en', '--csv', table);
  const [head, first, second] = readFileSync(table, 'utf8').split('\r\n');
  expect(head).toBe('\uFEFFfile,line,series,result,unit,certainty,score,threshold,not judged because');
  expect(first).toBe("'=1+1.png,,,左,,0.9608,,,");
  expect(second).toMatch(/^b\.png,,,,,,,,"?This cannot be judged/);
  await expect(judge(folder, '--data', data, '--csv', join(root, '無い', 'a.csv'))).rejects.toMatchObject({
    code: 'judging/file-not-writable',
  });
});
