import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { doctorReportSchema } from '@genba/shared/local-api/doctor';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../agent.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { writeEndpointFile } from '../local-api/endpoint-file.ts';
import { LocalApiServer } from '../local-api/local-api-server.ts';
import { type Authority, issue, makeAuthority } from '../testing/certificates.ts';
import { invite } from '../testing/invite.ts';
import { TestAggregator } from '../testing/test-aggregator.ts';

const CLI = path.join(import.meta.dirname, '../cli.ts');
const log = pino({ level: 'silent' });

let authority: Authority;
let aggregator: TestAggregator;
let dataFolder: string;

beforeEach(async () => {
  authority = makeAuthority('Genba 集約サーバー');
  aggregator = await TestAggregator.start(issue([authority]));
  onTestFinished(() => aggregator.close());
  dataFolder = path.join(temporaryFolder().root, '検査 ライン 2');
});

const open = () => new Agent({ dataFolder, appVersion: '0.0.0', log, settings: {} });

async function enrol(): Promise<void> {
  const agent = open();
  await agent.enrol(invite(aggregator, authority), () => undefined);
  await agent.stop();
}

function doctor(...args: readonly string[]) {
  const all = [CLI, 'doctor', '--data', dataFolder, '--lang', 'ja', ...args];
  return new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, all, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const reportOf = (stdout: string) => doctorReportSchema.parse(JSON.parse(stdout));

/** Everything in the data folder that counts. */
const contents = () =>
  readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(sqlite|pem)$/.test(name))
    .sort()
    .map((name) => [name, readFileSync(path.join(dataFolder, name)).toString('base64')]);

describe('genba-agent doctor', () => {
  it('examines an enrolled PC and leaves it as it was', async () => {
    await enrol();
    const before = contents();
    const { exitCode, stdout } = await doctor();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('[正常] このパソコンの登録');
    expect(stdout).toContain('すべて正常です。');
    expect(contents()).toEqual(before);
    expect(readdirSync(dataFolder).filter((name) => name.endsWith('.temporary'))).toEqual([]);
  });

  it('ends with a code of its own and a sentence for IT when something is wrong', async () => {
    await enrol();
    aggregator.devices[0]!.isRevoked = true;
    const { exitCode, stdout, stderr } = await doctor('--json');
    expect(exitCode).toBe(EXIT_CODES['doctor/problem-found']);
    expect(reportOf(stdout).conclusion.verdict).toBe('identity/revoked');
    expect(stderr).toContain(ERROR_CATALOGUE['doctor/problem-found'].ja);
  });

  it('examines an invitation before it is used, and makes no data folder for that', async () => {
    const link = invite(aggregator, authority);
    const { exitCode, stdout } = await doctor('--json', '--invitation', link);
    expect(exitCode).toBe(0);
    expect(reportOf(stdout).conclusion.verdict).toBe('well');
    expect(existsSync(dataFolder)).toBe(false);
    expect([...aggregator.codes.values()]).toEqual([null]);
  });

  it('examines an address that is given', async () => {
    await enrol();
    const { port } = aggregator;
    const known = await doctor('--json', '--server', `127.0.0.1:${port}`);
    expect(reportOf(known.stdout).ways.map(({ address }) => address)).toEqual([`wss://127.0.0.1:${port}`]);
    expect(known.exitCode).toBe(0);
    const wrong = await doctor('--server', 'wss://:0');
    expect(wrong).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining(ERROR_CATALOGUE['server/bad-address'].ja),
    });
  });

  it('asks the agent that runs, which alone can open its database', async () => {
    await enrol();
    const agent = open();
    const localApi = new LocalApiServer({
      status: () => agent.status(),
      execute: (command) => agent.execute(command),
      answer: (query) => agent.answer(query),
      findPicture: (picture) => agent.findPicture(picture),
      stop: () => undefined,
      pagesFolder: dataFolder,
      log,
    });
    await localApi.listen(0);
    onTestFinished(async () => {
      await localApi.close();
      await agent.stop();
    });
    writeEndpointFile(dataFolder, { pid: process.pid, address: localApi.address, token: localApi.token });
    const { exitCode, stdout } = await doctor('--json');
    expect(exitCode).toBe(0);
    expect(reportOf(stdout)).toMatchObject({ appVersion: '0.0.0', conclusion: { verdict: 'well' } });
  });

  it('says so where no aggregator is set', async () => {
    await open().stop();
    const { exitCode, stdout } = await doctor();
    expect(exitCode).toBe(EXIT_CODES['doctor/problem-found']);
    expect(stdout).toContain('集約サーバーがまだ設定されていません');
  });
});
