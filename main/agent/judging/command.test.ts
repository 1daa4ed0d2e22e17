import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { SettingsStore } from '../store/settings.ts';
import { addJudgeCommand } from './command.ts';
import { keepReading, SIDES, sidePicture, sidesWeights } from './fixtures.ts';
import { addRejectionCommand } from './rejection-command.ts';

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

async function run(...args: readonly string[]): Promise<string[]> {
  const printed: string[] = [];
  const host = { appVersion: '0', defaultDataFolder: '', print: (text: string) => printed.push(text) };
  const program = new Command();
  addJudgeCommand(program, host);
  addRejectionCommand(program, host);
  onTestFinished(() => {
    process.exitCode = 0;
  });
  await program.parseAsync(args, { from: 'user' });
  return printed;
}

it('judges without a running agent: for people, for programs, and as a table', async () => {
  const { root, write } = temporaryFolder();
  const data = join(root, 'データ');
  knownTask(data);
  const folder = join(root, '検査');
  write('検査/=1+1.png', await sidePicture(1));
  write('検査/b.png', 'not a picture');
  const lines = await run('judge', folder, '--data', data, '--lang', 'ja');
  expect(lines[0]).toBe('=1+1.png  左  確信度 96.1%');
  expect(lines[1]).toMatch(/^b\.png {2}判定できません。ファイルが壊れているか/);
  expect(lines[2]).toBe('1件を判定しました（判定できなかったもの 1件）、左：1件');
  expect(process.exitCode).toBe(36);

  const objects = (await run('judge', folder, '--data', data, '--json')).map((line) => JSON.parse(line));
  expect(objects).toMatchObject([{ name: '=1+1.png', verdict: { className: '左' } }, { verdict: null }]);

  const table = join(root, '結果.csv');
  await run('judge', folder, '--data', data, '--lang', 'en', '--csv', table);
  const [head, first, second] = readFileSync(table, 'utf8').split('\r\n');
  expect(head).toBe('\uFEFFfile,line,series,result,unit,certainty,score,threshold,not judged because');
  expect(first).toBe("'=1+1.png,,,左,,0.9608,,,");
  expect(second).toMatch(/^b\.png,,,,,,,,"?This cannot be judged/);
  await expect(
    run('judge', folder, '--data', data, '--csv', join(root, '無い', 'a.csv')),
  ).rejects.toMatchObject({
    code: 'judging/file-not-writable',
  });
});

it('sets how many good parts may be rejected, and says what that does', async () => {
  const { root, write } = temporaryFolder();
  const data = join(root, 'データ');
  knownTask(data);
  // Right is bad. Good parts have 50 to 88 % of their light on the left, bad ones 45 to 26 %.
  for (let part = 0; part < 20; part++) {
    write(`学習/左/${part}.png`, await sidePicture(0.5 + part / 50));
    write(`学習/右/${part}.png`, await sidePicture(0.45 - part / 100));
  }
  await keepReading(data, join(root, '学習'), SIDES);
  const options = ['--data', data, '--lang', 'ja'];
  expect(await run('reject-good', ...options)).toEqual([
    '良品のクラスを指定してください。指定すると、良品をどこまで不良と判定してよいかを決められます。',
  ]);
  const set = await run('reject-good', '10%', '--good-class', '左', ...options);
  expect(set.slice(0, 3)).toEqual([
    '良品：左',
    '不良と判定してよい良品の割合：10%',
    // Two good and two bad parts are held out; none of two may go.
    // Of the few good parts that are held out the worst one is beyond what the others would have allowed.
    '良品100個のうち、50個が誤って不良と判定されます。不良品100個のうち、100個が見つかります。',
  ]);
  expect(set[3]).toBe('検証用の良品2個・不良品2個で調べた結果です。数が少ないため、目安と考えてください。');
  // It is kept, and the next judgement says so.
  const [item] = await run('judge', write('新しい.png', await sidePicture(0.3)), '--data', data, '--json');
  expect(JSON.parse(item!)).toMatchObject({
    verdict: { className: '右', isGood: false, threshold: expect.any(Number) },
  });
  await expect(run('reject-good', '1%', '--good-class', '無い', ...options)).rejects.toMatchObject({
    code: 'judging/unknown-class',
  });
  expect((await run('reject-good', 'off', ...options))[1]).toBe('確率が最も高いクラスを判定結果とします。');
});
