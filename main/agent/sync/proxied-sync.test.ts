import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../agent.ts';
import type { AgentOptions } from '../agent-parts.ts';
import { writeIdx } from '../dataset/idx-writer.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { type Authority, issue, makeAuthority, toPem } from '../testing/certificates.ts';
import { invite } from '../testing/invite.ts';
import { TestAggregator } from '../testing/test-aggregator.ts';
import { TestProxy, type TestProxyOptions } from '../testing/test-proxy.ts';

/** A name that only proxies can resolve. */
const NAME = 'genba.example';
const LOGIN = { user: '工場', password: 'ひみつ%1' };

let authority: Authority;
let aggregator: TestAggregator;
let folder: string;
let logged: string;

beforeEach(async () => {
  for (const name of ['https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  authority = makeAuthority('CA');
  aggregator = await TestAggregator.start(issue([authority], { names: [NAME] }));
  onTestFinished(() => aggregator.close());
  folder = temporaryFolder().root;
  logged = '';
});

async function startProxy(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const proxy = await TestProxy.start({ port: () => aggregator.port, ...options });
  onTestFinished(() => proxy.close());
  return proxy;
}

const link = () => invite(aggregator, authority, { servers: [`wss://${NAME}:443`] });

function openAgent(change: Partial<AgentOptions>): Agent {
  const write = (line: string) => {
    logged += line;
  };
  const log = pino({ level: 'trace' }, { write });
  const agent = new Agent({ dataFolder: folder, appVersion: '0.0.0', log, settings: {}, ...change });
  onTestFinished(() => agent.stop());
  return agent;
}

/** A few pictures of each class of the task: what is wrong with the data would be shown first. */
async function writeDataset(): Promise<string> {
  const dataset = path.join(temporaryFolder().root, '写真');
  const labels = Uint8Array.from({ length: 20 }, (_, index) => index % 2);
  const images = Uint8Array.from({ length: labels.length * 16 }, (_, index) => (index * 7) % 256);
  await writeIdx(dataset, { images, labels, width: 4, height: 4 });
  return dataset;
}

/** Enrols; with a dataset, so that it would start. */
async function enrolled(change: Partial<AgentOptions>): Promise<Agent> {
  const { settings, ...others } = change;
  const agent = openAgent({ ...others, settings: { ...settings, dataset: await writeDataset() } });
  await agent.enrol(link(), () => undefined);
  return agent;
}

/** Enrols, and runs as the service does. */
async function startEnrolled(change: Partial<AgentOptions>): Promise<Agent> {
  const agent = await enrolled(change);
  agent.start();
  return agent;
}

const isOnline = (agent: Agent) =>
  expect.poll(() => agent.status().network.state, { timeout: 10_000 }).toBe('online');
const problemOf = ({ problem }: AgentStatus) => problem?.code ?? null;

describe('an agent behind a proxy', () => {
  it('enrols and syncs through it, with TLS up to the aggregator', async () => {
    const proxy = await startProxy();
    const agent = await startEnrolled({ settings: { proxy: proxy.address } });
    await isOnline(agent);
    expect(agent.status().network).toMatchObject({ server: `wss://${NAME}:443`, proxy: proxy.address });
    expect(new Set(proxy.asked)).toEqual(new Set([`${NAME}:443`]));
    // Each signature counts on one connection only, and the aggregator has verified them all.
    expect(aggregator.heard.map(({ type }) => type)).toEqual(expect.arrayContaining(['enrol', 'proof']));
  });

  it('logs in, and tells nobody the password', async () => {
    const proxy = await startProxy({ login: `${LOGIN.user}:${LOGIN.password}` });
    const agent = await startEnrolled({ settings: { proxy: proxy.address }, proxyLogin: LOGIN });
    await isOnline(agent);
    const secret = new RegExp(
      `${LOGIN.password}|${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`,
    );
    expect(JSON.stringify(agent.status())).not.toMatch(secret);
    expect(logged).not.toMatch(secret);
    await agent.stop();
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const holding = entries.filter(({ parentPath, name }) =>
      secret.test(readFileSync(path.join(parentPath, name), 'utf8')),
    );
    const files = holding.map(({ name }) => name);
    expect(files).toEqual(['proxy-login.json']);
    // The next start needs neither.
    const again = openAgent({});
    again.start();
    await isOnline(again);
  });

  it('goes over a proxy with a certificate of the plant’s own authority', async () => {
    const plant = makeAuthority('工場 CA');
    const proxy = await startProxy({ credentials: issue([plant]) });
    const settings = { proxy: proxy.address, proxyAuthorities: toPem(plant.certificate) };
    await isOnline(await startEnrolled({ settings }));
  });

  it('trusts an aggregator no more for that authority', async () => {
    const plant = makeAuthority('工場 CA');
    const inspecting = await TestAggregator.start(issue([plant], { names: [NAME] }));
    onTestFinished(() => inspecting.close());
    const proxy = await startProxy({ port: () => inspecting.port });
    const agent = openAgent({
      settings: { proxy: proxy.address, proxyAuthorities: toPem(plant.certificate) },
    });
    await expect(agent.enrol(link(), () => undefined)).rejects.toMatchObject({
      code: 'tls/other-certificate',
    });
    expect(inspecting.heard).toEqual([]);
  });

  it('follows the environment', async () => {
    const proxy = await startProxy({ login: 'a:b' });
    vi.stubEnv('HTTPS_PROXY', `http://a:b@127.0.0.1:${proxy.port}`);
    await isOnline(await startEnrolled({}));
    expect(logged).not.toContain('a:b@');
  });

  it.each([
    [403, 'proxy/forbidden'],
    [502, 'proxy/cannot-connect'],
    ['close', 'proxy/no-answer'],
  ] as const)('shows that it answered with %s, and goes on by itself', async (manner, code) => {
    const proxy = await startProxy();
    const agent = await enrolled({ settings: { proxy: proxy.address } });
    proxy.manner = manner;
    agent.start();
    await expect.poll(() => problemOf(agent.status()), { timeout: 10_000 }).toBe(code);
    expect(agent.status().network.state).not.toBe('online');
    proxy.manner = 'open';
    await isOnline(agent);
    expect(problemOf(agent.status())).not.toBe(code);
  });

  it('says at enrolment what the proxy refused', async () => {
    const proxy = await startProxy({ login: 'a:b' });
    const agent = openAgent({ settings: { proxy: proxy.address } });
    const enrolling = agent.enrol(link(), () => undefined);
    await expect(enrolling).rejects.toMatchObject({ code: 'proxy/login-needed' });
  });

  it('does not show a refused password again and again', async () => {
    const proxy = await startProxy();
    const agent = await enrolled({ settings: { proxy: proxy.address } });
    const strict = await startProxy({ login: 'a:b' });
    await agent.stop();
    const again = openAgent({ settings: { proxy: strict.address }, proxyLogin: LOGIN });
    again.start();
    await expect.poll(() => problemOf(again.status()), { timeout: 10_000 }).toBe('proxy/login-refused');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(strict.shown.filter((shown) => shown !== null)).toHaveLength(1);
  });
});
