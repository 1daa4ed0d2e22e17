import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './dataset/temporary-folder.ts';
import { EXIT_CODES, EXIT_USAGE } from './exit-codes.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Runs `genba-agent` as a process of its own; it is killed when the running test ends. */
function launch(...args: readonly string[]): Launched {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ exitCode: code as number | null, stdout, stderr }));
  return { child, ended };
}

/** Runs it until it prints its first line. */
async function launchUntilUp(...args: readonly string[]): Promise<Launched & { readonly line: string }> {
  const launched = launch(...args);
  const [line] = (await once(createInterface({ input: launched.child.stdout! }), 'line')) as [string];
  return { ...launched, line };
}

/** A data folder as plants have them: Japanese, spaces, and not there yet. */
const newDataFolder = () => join(temporaryFolder().root, '検査 ライン 2', 'data');

function expectRefusal({ exitCode, stdout, stderr }: Ended, code: ErrorCode): void {
  expect(exitCode).toBe(EXIT_CODES[code]);
  expect(stdout).toBe('');
  expect(stderr).toContain(ERROR_CATALOGUE[code].en);
  expect(stderr).toContain(ERROR_CATALOGUE[code].ja);
}

describe('genba-agent', () => {
  it('starts unconfigured in a folder with spaces and Japanese, prints its address, stops on SIGTERM', async () => {
    const data = newDataFolder();
    const { child, ended, line } = await launchUntilUp('--data', data);
    const [, address, token] = /^Genba agent: (http:\/\/127\.0\.0\.1:\d+)\/#token=([0-9a-f]{64})$/.exec(
      line,
    )!;
    expect(address).toBeDefined();
    expect(token).toBeDefined();
    expect(existsSync(join(data, 'agent.json'))).toBe(true);
    child.kill('SIGTERM');
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(0);
    expect(existsSync(join(data, 'agent.json'))).toBe(false);
    for (const entry of stderr.trim().split('\n')) expect(JSON.parse(entry)).toHaveProperty('level');
  });

  it.skipIf(process.platform === 'win32')(
    'makes a folder and files that only its account may read',
    async () => {
      const modes = (folder: string) =>
        readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode] as const);
      const made = newDataFolder();
      await launchUntilUp('--data', made);
      expect(statSync(made).mode & 0o777).toBe(0o700);
      const given = temporaryFolder().root;
      chmodSync(given, 0o755);
      await launchUntilUp('--data', given);
      // The folder that was there keeps its rights; what the agent puts in it is private all the same.
      expect(statSync(given).mode & 0o777).toBe(0o755);
      for (const folder of [made, given]) {
        expect(modes(folder).length).toBeGreaterThan(1);
        for (const [name, mode] of modes(folder))
          expect({ name, forOthers: mode & 0o077 }).toEqual({ name, forOthers: 0 });
      }
    },
  );

  it('leaves a data folder alone that another agent uses', async () => {
    const data = newDataFolder();
    await launchUntilUp('--data', data);
    expectRefusal(await launch('--data', data).ended, 'startup/already-running');
    expect(existsSync(join(data, 'agent.json'))).toBe(true);
  });

  it('names a data folder that it cannot make', async () => {
    const file = temporaryFolder().write('file', '');
    expectRefusal(await launch('--data', join(file, 'below')).ended, 'startup/data-not-writable');
  });

  it('names a port in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => {
      blocker.close();
    });
    const { port } = blocker.address() as { port: number };
    expectRefusal(await launch('--data', newDataFolder(), '--port', `${port}`).ended, 'startup/port-in-use');
  });
});

describe('wrong usage of genba-agent', () => {
  const { 'server/bad-address': badAddress, 'startup/host-not-loopback': notLoopback } = ERROR_CATALOGUE;

  it.each<[string, readonly string[], RegExp | string]>([
    ['an unknown option', ['--sever', 'localhost:1'], /unknown option '--sever'.*--server/s],
    ['a word too many', ['now'], 'too many arguments'],
    ['a plant name over 100 characters', ['--plant', '工'.repeat(101)], /1 to 100 characters/],
    ['an empty plant name', ['--plant', ' '], /1 to 100 characters/],
    ['an unknown log level', ['--log-level', 'loud'], /Allowed choices are fatal, error, warn, info/],
    ['an unknown backend', ['--backend', 'gpu'], /Allowed choices are tensorflow, webgpu, wasm, cpu/],
    ['half a round', ['--rounds', '1.5'], /whole number from 0/],
    ['a quota without a unit', ['--quota', '20'], /a size of 100MB or more/],
    ['a quota too small for anything', ['--quota', '1MB'], /a size of 100MB or more/],
    ['what is no address', ['--server', 'not an address'], badAddress.en],
    ['what is no address, in Japanese', ['--server', 'not an address'], badAddress.ja],
    ['an encrypted address', ['--server', 'https://localhost:8600'], badAddress.en],
    ['another computer', ['--server', '192.0.2.1:8600'], notLoopback.en],
  ])('is %s', async (_, args, words) => {
    const folder = temporaryFolder().root;
    const data = join(folder, 'data');
    const { exitCode, stdout, stderr } = await launch('--data', data, ...args).ended;
    expect(exitCode).toBe(EXIT_USAGE);
    expect(stdout).toBe('');
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/internal\/bug|\n\s+at /);
    expect(existsSync(data)).toBe(false);
  });

  it('is neither help nor version', async () => {
    expect(await launch('--help').ended).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--data'),
    });
    expect(await launch('--version').ended).toMatchObject({ exitCode: 0 });
  });
});
