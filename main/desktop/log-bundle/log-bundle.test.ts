import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { DEFAULT_SCHEDULE } from '@genba/shared/local-api/schedule';
import { TextWriter, Uint8ArrayReader, ZipReader } from '@zip.js/zip.js';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type LogBundleContext, logBundleName, writeLogBundle } from './log-bundle.ts';

const TOKEN = '5f'.repeat(32);
const OLDER_TOKEN = 'c3'.repeat(32);
const CODE = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const KEY_BODY = 'MC4CAQAwBQYDK2VwBCIEIJ9';
const AT = '2026-11-26T08:00:00.000Z';

const ENDPOINT: LocalApiEndpoint = { pid: 1, address: 'http://127.0.0.1:4001', token: TOKEN };

/** Words that must not be in a bundle, one per place where they could come from. */
const SECRETS = [
  ...[TOKEN, OLDER_TOKEN, CODE, KEY_BODY, 'proxy-pa55word', 'sato:hunter2', '4G8K-0000'],
  ...['raw-measurement', 'secret-class', 'torque-column', 'secret-plant', 'secret-folder'],
];

const STATUS: AgentStatus = {
  appVersion: '0.1.0',
  clientId: 'client-03',
  plantName: 'secret-plant',
  phase: 'training',
  standstill: null,
  schedule: DEFAULT_SCHEDULE,
  problem: { code: 'dataset/not-found', detail: '/secret-folder' },
  notice: null,
  network: {
    state: 'offline',
    server: 'wss://genba.example.co.jp:8600',
    since: AT,
    until: null,
    proxy: null,
    syncNow: null,
  },
  security: 'enrolled',
  identity: null,
  backend: null,
  task: {
    id: 'digits',
    name: { en: 'secret-class', ja: 'secret-class' },
    input: 'image',
    classes: ['secret-class'],
  },
  dataset: {
    path: '/secret-folder',
    training: 400,
    validation: 100,
    skipped: 2,
    classes: [{ name: 'secret-class', count: 500 }],
    readAt: AT,
    change: null,
    isReachable: true,
  },
  reading: null,
  model: null,
  drift: null,
  round: null,
  roundLimit: null,
  queue: {
    roundsDone: 9,
    roundsWaiting: 4,
    updatesWaiting: 1,
    updatesDelivered: 5,
    updatesRefused: 0,
    roundsWaitingPeak: 4,
    lastSyncAt: null,
  },
  held: null,
  refused: [],
  disk: null,
  base: null,
  history: [],
};

const LOG = `{"level":30,"msg":"started"}
Genba agent: http://127.0.0.1:4001/#token=${TOKEN}
Genba agent: http://127.0.0.1:4000/#token=${OLDER_TOKEN}
enrolled by genba://enrol?v=1&code=${CODE}&task=digits
typed code 4G8K-0000-0000-0000-0000-0000-0000-0000
proxy http://sato:hunter2@proxy.example:8080 answered 407
{"level":40,"password":"proxy-pa55word","msg":"login refused"}
-----BEGIN PRIVATE KEY-----
${KEY_BODY}
-----END PRIVATE KEY-----
{"level":30,"msg":"round 9 finished"}
`;

let folder: string;
let context: LogBundleContext;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genba ログ '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries({
    'agent.log': LOG,
    'agent.json': JSON.stringify(ENDPOINT),
    'proxy-login.json': '{"user":"sato","password":"proxy-pa55word"}',
    'keys/1.pem': `-----BEGIN PRIVATE KEY-----\n${KEY_BODY}\n`,
    'dataset/examples.bin': 'raw-measurement',
    'agent.sqlite': 'raw-measurement torque-column',
  })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  context = {
    dataFolder: folder,
    logFiles: ['agent.log', 'old.log'],
    surroundings: { appVersion: '0.1.0', processors: 2 },
    find: async () => ENDPOINT,
    status: async () => STATUS,
    examine: async () => Promise.reject(new AppError('local/unauthorised')),
    now: () => new Date(AT),
  };
});

async function contentOf(path: string): Promise<Record<string, string>> {
  const archive = new ZipReader(new Uint8ArrayReader(new Uint8Array(readFileSync(path))));
  const entries = await archive.getEntries();
  const texts = entries.map(async (entry) =>
    entry.directory ? [] : [[entry.filename, await entry.getData(new TextWriter())] as const],
  );
  return Object.fromEntries((await Promise.all(texts)).flat());
}

describe('writeLogBundle', () => {
  it('holds logs, status, connection and versions, and nothing that is secret or of the data', async () => {
    const target = join(folder, 'IT 用.zip');
    await writeLogBundle(target, context);
    const content = await contentOf(target);
    expect(Object.keys(content).sort()).toEqual([
      'about.json',
      'agent.log',
      'connection.json',
      'old.log',
      'status.json',
    ]);
    const all = JSON.stringify(content);
    for (const secret of SECRETS) expect(all).not.toContain(secret);
    expect(content['agent.log']).toContain('round 9 finished');
    expect(content['agent.log']).toContain('proxy.example:8080 answered 407');
    expect(JSON.parse(content['status.json']!)).toMatchObject({
      problem: 'dataset/not-found',
      queue: { roundsWaiting: 4 },
      dataset: { training: 400, classCount: 1 },
    });
    expect(JSON.parse(content['connection.json']!)).toEqual({ missing: 'local/unauthorised' });
    expect(content['old.log']).toContain('ENOENT');
  });

  it('would have found each secret where it lies, so that the test above proves something', () => {
    const everything = `${LOG}${JSON.stringify(STATUS)}${readdirSync(folder, {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('')}`;
    for (const secret of SECRETS) expect(everything).toContain(secret);
  });

  it('is written without an agent too', async () => {
    const target = join(folder, 'a.zip');
    await writeLogBundle(target, { ...context, find: async () => null });
    expect(JSON.parse((await contentOf(target))['status.json']!)).toEqual({ missing: 'no agent runs' });
  });

  it('takes the end of a long log, from a whole line on', async () => {
    const line = `${'x'.repeat(99)}\n`;
    writeFileSync(join(folder, 'agent.log'), `first${line.repeat(60_000)}last`);
    const target = join(folder, 'a.zip');
    await writeLogBundle(target, context);
    const log = (await contentOf(target))['agent.log']!;
    expect(log).not.toContain('first');
    expect(log.slice(0, 100)).toBe(line);
    expect(log).toMatch(/\nlast$/);
  });

  it('leaves nothing where it cannot be written', async () => {
    const target = join(folder, 'none', 'a.zip');
    await expect(writeLogBundle(target, context)).rejects.toMatchObject({
      code: 'operation/target-not-writable',
    });
    // A folder stands where the file should go.
    mkdirSync(join(folder, 'b.zip', 'full'), { recursive: true });
    await expect(writeLogBundle(join(folder, 'b.zip'), context)).rejects.toMatchObject({
      code: 'operation/target-not-writable',
    });
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

it('is named by day and time, in a form that every system takes', () => {
  expect(logBundleName(new Date(2026, 10, 6, 9, 5))).toBe('genba-logs 2026-11-06 0905.zip');
});
