import { createServer as createPlainServer, request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import pino from 'pino';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LocalApiServer } from '../local-api/local-api-server.ts';
import { type Dial, Dialler, dialDirect } from '../network/dial.ts';
import { RoutePlanner } from '../network/route.ts';
import { RateLimit } from '../sync/rate-limit.ts';
import type { SyncTargets } from '../sync/sync-client.ts';
import { encryptedTarget } from '../sync/target.ts';
import { type Authority, issue, makeAuthority, toPem } from '../testing/certificates.ts';
import { TestProxy } from '../testing/test-proxy.ts';
import { askForFile } from './release-files.ts';

const log = pino({ level: 'silent' });
const INSTALLER = Buffer.from('installer '.repeat(20_000));
const NAME = 'genba.example';

let authority: Authority;
let release: Server;
let where: SyncTargets | null;
let dial: Dial;
let door: LocalApiServer;
/** What the aggregator was asked for. */
let asked: string[];

beforeEach(async () => {
  authority = makeAuthority('CA');
  asked = [];
  dial = dialDirect;
  release = createServer(issue([authority], { names: [NAME, '127.0.0.1'] }), (question, response) => {
    asked.push(question.url!);
    if (question.url === '/updates/latest-linux.yml') response.end('version: 0.2.0\n');
    else if (question.url === '/updates/moved.yml')
      response.writeHead(302, { location: 'https://elsewhere.example/' }).end();
    else if (question.url === '/updates/busy.exe') response.writeHead(503, { 'retry-after': '60' }).end();
    else if (question.url === '/updates/cut.exe') {
      response.writeHead(200, { 'content-length': INSTALLER.byteLength });
      response.write(INSTALLER.subarray(0, 100), () => response.destroy());
    } else if (question.headers.range === 'bytes=10-19')
      response.writeHead(206, { 'content-range': 'bytes 10-19/200000' }).end(INSTALLER.subarray(10, 20));
    else if (question.url === '/updates/Genba%200.2.0.AppImage') response.end(INSTALLER);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => release.listen(0, '127.0.0.1', resolve));
  where = enrolledAt(`wss://127.0.0.1:${portOf(release)}`);
  door = new LocalApiServer({
    status: vi.fn(),
    execute: vi.fn(),
    answer: vi.fn(),
    findPicture: vi.fn(),
    stop: vi.fn(),
    pagesFolder: '',
    release: {
      ask: (wish) => askForFile({ where, dial }, wish),
      rate: () => new RateLimit(null),
    },
    log,
  });
  await door.listen(0);
  onTestFinished(async () => {
    await door.close();
    release.closeAllConnections();
    release.close();
  });
});

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

function enrolledAt(server: string): SyncTargets {
  return { targets: [encryptedTarget(server, toPem(authority.certificate))], enrolledTask: 'digits' };
}

interface Answer {
  readonly status: number;
  /** The status text. */
  readonly reason: string;
  readonly body: Buffer;
}

function ask(
  path: string,
  headers: Record<string, string> = { authorization: `Bearer ${door.token}` },
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(`${door.address}${path}`, { method, headers }, (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode!, reason: response.statusMessage!, body }),
        reject,
      );
    })
      .once('error', reject)
      .end();
  });
}

describe('files of the app’s release, through the agent', () => {
  it('come as the aggregator sends them, whole and in part', async () => {
    expect((await ask('/updates/latest-linux.yml?noCache=1abc')).body.toString()).toBe('version: 0.2.0\n');
    expect((await ask('/updates/Genba%200.2.0.AppImage')).body).toEqual(INSTALLER);
    const part = await ask('/updates/Genba%200.2.0.AppImage', {
      authorization: `Bearer ${door.token}`,
      range: 'bytes=10-19',
    });
    expect(part).toMatchObject({ status: 206, body: INSTALLER.subarray(10, 20) });
    expect(await ask('/updates/latest-mac.yml')).toMatchObject({ status: 404 });
  });

  it('go to nobody without this start’s token', async () => {
    for (const authorization of ['', 'Bearer ', `Bearer ${'0'.repeat(64)}`, door.token])
      expect(await ask('/updates/latest-linux.yml', { authorization })).toMatchObject({ status: 401 });
    expect(asked).toEqual([]);
  });

  it.each(['/updates/', '/updates/a/b', '/updates/..%2Fsecret', '/updates/.hidden', '/updates/%E0%A4%A'])(
    'are plain names; %s is none',
    async (path) => {
      expect(await ask(path)).toMatchObject({ status: 404 });
      expect(await ask('/updates/latest-linux.yml', undefined, 'POST')).toMatchObject({ status: 404 });
      expect(asked).toEqual([]);
    },
  );

  it('are asked of nobody before the enrolment', async () => {
    where = null;
    expect(await ask('/updates/latest-linux.yml')).toMatchObject({
      status: 502,
      reason: 'identity/not-enrolled',
    });
    // An aggregator on this computer without encryption proves nothing.
    where = { targets: [{ address: 'ws://127.0.0.1:1', anchor: null }], enrolledTask: null };
    expect(await ask('/updates/latest-linux.yml')).toMatchObject({ reason: 'identity/not-enrolled' });
  });

  it('are not taken from a server with another certificate than the enrolled one', async () => {
    authority = makeAuthority('CA');
    where = enrolledAt(`wss://127.0.0.1:${portOf(release)}`);
    expect(await ask('/updates/latest-linux.yml')).toMatchObject({ status: 502, reason: 'tls/untrusted' });
    expect(asked).toEqual([]);
  });

  it('are not taken from elsewhere', async () => {
    expect(await ask('/updates/moved.yml')).toMatchObject({ status: 502, reason: 'updates/unreachable' });
    expect(asked).toEqual(['/updates/moved.yml']);
  });

  it('say that the aggregator has no time, and that nobody answers', async () => {
    expect(await ask('/updates/busy.exe')).toMatchObject({ status: 502, reason: 'updates/busy' });
    const nobody = createPlainServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    where = enrolledAt(`wss://127.0.0.1:${portOf(nobody)}`);
    nobody.close();
    expect(await ask('/updates/latest-linux.yml')).toMatchObject({ reason: 'updates/unreachable' });
  });

  it('are cut where the aggregator’s answer is cut, and never end as if they were whole', async () => {
    await expect(ask('/updates/cut.exe')).rejects.toThrow();
  });

  it('come through the plant’s proxy with its login, and its refusal is told as its own', async () => {
    const proxy = await TestProxy.start({ port: () => portOf(release), login: 'plant:secret' });
    onTestFinished(() => proxy.close());
    where = enrolledAt(`wss://${NAME}:443`);
    const planner = new RoutePlanner({
      setting: () => `http://127.0.0.1:${proxy.port}`,
      login: () => ({ user: 'plant', password: 'secret' }),
    });
    dial = new Dialler({ planner, extraAuthorities: () => null }).dial;
    expect((await ask('/updates/latest-linux.yml')).body.toString()).toBe('version: 0.2.0\n');
    expect(proxy.asked).toEqual([`${NAME}:443`, `${NAME}:443`]);
    proxy.manner = 403;
    expect(await ask('/updates/latest-linux.yml')).toMatchObject({ status: 502, reason: 'proxy/forbidden' });
  });
});
