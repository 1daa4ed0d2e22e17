import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import { invitationFile, readInvitation } from '@genba/shared/identity/invitation';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { EXIT_CODES, EXIT_USAGE } from '../exit-codes.ts';
import { type Authority, issue, makeAuthority } from '../testing/certificates.ts';
import { invite } from '../testing/invite.ts';
import { type Cut, TestAggregator } from '../testing/test-aggregator.ts';

const CLI = path.join(import.meta.dirname, '../cli.ts');

let authority: Authority;
let aggregator: TestAggregator;
let folder: ReturnType<typeof temporaryFolder>;
let data: string;

beforeEach(async () => {
  authority = makeAuthority('CA');
  aggregator = await TestAggregator.start(issue([authority]));
  onTestFinished(() => aggregator.close());
  folder = temporaryFolder();
  data = path.join(folder.root, '検査 ライン 2', 'data');
});

function launch(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function genbaAgent(...args: readonly string[]) {
  const child = launch(...args);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.on('data', (text) => {
      output[stream] += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...output };
}

const enrol = (...words: readonly string[]) => genbaAgent('enrol', ...words, '--data', data);

/** An agent that runs on the data folder, set up or not. */
async function running(): Promise<ChildProcess> {
  const child = launch('--data', data, '--log-level', 'silent');
  await once(createInterface({ input: child.stdout! }), 'line');
  return child;
}

async function expectRefusal(ended: ReturnType<typeof genbaAgent>, code: ErrorCode): Promise<void> {
  const { exitCode, stderr } = await ended;
  expect(stderr).toContain(ERROR_CATALOGUE[code].en);
  expect(stderr).toContain(ERROR_CATALOGUE[code].ja);
  expect(exitCode).toBe(EXIT_CODES[code]);
}

describe('genba-agent enrol', () => {
  it('takes a file whose path nobody quoted, and says what it does in both languages', async () => {
    const invitation = readInvitation(invite(aggregator, authority), new Date());
    const file = folder.write('招待 状/仙台 第一.genba-invite', invitationFile(invitation));
    const { exitCode, stdout } = await enrol(...file.split(' '));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Enrolling this PC as 仙台 第一工場 for the task digits\./);
    expect(stdout).toMatch(/このパソコンの登録が終わりました。/);
    const shown = await genbaAgent('identity', '--data', data);
    expect(shown.stdout).toContain(`Key / 鍵: ${aggregator.devices[0]!.keyId}`);
    expect(shown.stdout).toContain(`Aggregator / 集約サーバー: ${aggregator.address}`);
    expect(shown.stdout).toContain('Plant / 拠点: 仙台 第一工場');
  });

  it('has a running agent do it', async () => {
    await running();
    const { exitCode, stdout } = await enrol(invite(aggregator, authority));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/動作中のエージェント/);
    const shown = await genbaAgent('identity', '--data', data);
    expect(shown.stdout).toContain(aggregator.devices[0]!.keyId);
  });

  it('hears from a running agent why it could not', async () => {
    await running();
    const link = invite(aggregator, authority);
    aggregator.codes.clear();
    await expectRefusal(enrol(link), 'identity/code-unknown');
  });

  it.each<Cut>(['hello', 'enrol', 'enrolled'])('killed at %s works when it is run again', async (cut) => {
    const link = invite(aggregator, authority);
    aggregator.cut = cut;
    aggregator.isCutSilent = true;
    const child = launch('enrol', link, '--data', data);
    await expect.poll(() => aggregator.cut, { timeout: 30_000 }).toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await enrol(link)).exitCode).toBe(0);
    expect(aggregator.devices).toHaveLength(1);
    const shown = await genbaAgent('identity', '--data', data);
    expect(shown.stdout).toContain(aggregator.devices[0]!.keyId);
  });

  it.each<[string, () => string, ErrorCode]>([
    ['a file that is not there', () => path.join(folder.root, 'none.genba-invite'), 'invitation/not-found'],
    ['half a link', () => invite(aggregator, authority).slice(0, 100), 'invitation/broken'],
    [
      'an old invitation',
      () => invite(aggregator, authority, { expiresAt: '2020-01-01T00:00:00Z' }),
      'invitation/expired',
    ],
    ['a newer one', () => invite(aggregator, authority).replace('v=1', 'v=2'), 'invitation/newer-version'],
  ])('ends with a sentence and an exit code for %s', async (_, given, code) => {
    await expectRefusal(enrol(given()), code);
  });

  it('calls it wrong usage when nothing is given', async () => {
    expect((await enrol()).exitCode).toBe(EXIT_USAGE);
  });
});

describe('what follows from an enrolment', () => {
  it('is that no unencrypted aggregator is taken', async () => {
    await enrol(invite(aggregator, authority));
    await expectRefusal(genbaAgent('--data', data, '--server', '127.0.0.1:1'), 'tls/required');
  });

  it('is a key that can be replaced, while the agent runs or not', async () => {
    await expectRefusal(genbaAgent('rotate-key', '--data', data), 'identity/not-enrolled');
    await expectRefusal(genbaAgent('identity', '--data', data), 'identity/not-enrolled');
    await enrol(invite(aggregator, authority));
    expect((await genbaAgent('rotate-key', '--data', data)).exitCode).toBe(0);
    const before = await genbaAgent('identity', '--data', data);
    expect(before.stdout).toMatch(/Next key \/ 次の鍵: [0-9a-f]{64}/);
    await running();
    expect((await genbaAgent('rotate-key', '--data', data)).exitCode).toBe(0);
    expect((await genbaAgent('identity', '--data', data)).stdout).toBe(before.stdout);
  });
});
