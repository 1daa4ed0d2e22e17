import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openDataFolder } from './data-folder.ts';

it('is held by one opener at a time', async () => {
  const path = join(await temporaryFolder(), 'new', 'フォルダー');
  const first = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'startup/already-running' });
  first.release();
  (await openDataFolder(path)).release();
});

it('is waited for as long as its opener has patience', async () => {
  const path = await temporaryFolder();
  const command = await openDataFolder(path);
  const server = openDataFolder(path, { patienceMs: 60_000 });
  await expect(openDataFolder(path, { patienceMs: 150 })).rejects.toMatchObject({
    code: 'startup/already-running',
  });
  command.release();
  (await server).release();
});

it('is free again when its holder is killed', async () => {
  const path = await temporaryFolder();
  const module = new URL('./data-folder.ts', import.meta.url).href;
  const script = `
    const { openDataFolder } = await import('${module}');
    globalThis.held = await openDataFolder(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await once(holder.stdout, 'data');
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'startup/already-running' });
  holder.kill('SIGKILL');
  await once(holder, 'close');
  (await openDataFolder(path)).release();
});

it('must be a folder that can be written', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below')]) {
    await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'startup/data-not-writable' });
  }
});
