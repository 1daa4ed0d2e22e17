import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import type { AppError } from '@genba/shared/errors/app-error';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { NO_PROXY, type SystemProxy } from './proxy-answer.ts';
import type { ProxyLogin } from './proxy-setting.ts';
import { RoutePlanner, type Routes } from './route.ts';

const AGGREGATOR = { host: 'genba.example', port: 443 };
const LOGIN: ProxyLogin = { user: 'taro', password: 'p' };

interface Situation {
  readonly setting?: string;
  readonly system?: SystemProxy;
  readonly login?: ProxyLogin;
  readonly onPassedOver?: (error: AppError) => void;
}

const planner = ({ setting = 'system', system = NO_PROXY, login, onPassedOver }: Situation) =>
  new RoutePlanner({
    setting: () => setting,
    login: () => login ?? null,
    readSystem: async () => system,
    onPassedOver,
  });

/** As one would say it: DIRECT, or scheme and address of the proxy. */
const said = (routes: Routes) =>
  routes.map(({ proxy }) => (proxy === null ? 'DIRECT' : `${proxy.scheme}://${proxy.host}:${proxy.port}`));

/** Serves a proxy script; gives its address. */
async function serveScript(script: string): Promise<string> {
  const server = createServer((_, response) => response.end(script));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/proxy.pac`;
}

beforeEach(() => {
  for (const name of ['https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
  onTestFinished(() => void vi.unstubAllEnvs());
});

describe('a route', () => {
  it.each(['127.0.0.1', '::1', 'localhost'])('to %s never leads over a proxy', async (host) => {
    vi.stubEnv('HTTPS_PROXY', 'http://env.example:8080');
    for (const setting of ['system', 'http://proxy.example:8080', 'pac+http://gone.invalid/proxy.pac']) {
      const system = { ...NO_PROXY, server: 'system.example:8080' };
      expect(said(await planner({ setting, system }).routesTo({ host, port: 443 }))).toEqual(['DIRECT']);
    }
  });

  it('follows the setting before anything else', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://env.example:8080');
    const system = { ...NO_PROXY, server: 'system.example:8080' };
    const fixed = await planner({ setting: 'proxy.example:3128', system, login: LOGIN }).routesTo(AGGREGATOR);
    expect(said(fixed)).toEqual(['http://proxy.example:3128']);
    expect(fixed[0].login).toEqual(LOGIN);
    expect(said(await planner({ setting: 'none', system }).routesTo(AGGREGATOR))).toEqual(['DIRECT']);
  });

  it('follows the environment before the system', async () => {
    const system = { ...NO_PROXY, server: 'system.example:8080' };
    const toAggregator = async () => (await planner({ system }).routesTo(AGGREGATOR))[0];
    expect(await toAggregator()).toMatchObject({ source: 'system', proxy: { host: 'system.example' } });
    vi.stubEnv('https_proxy', 'env.example:8080');
    const proxy = { scheme: 'http', host: 'env.example', port: 8080 };
    expect(await toAggregator()).toMatchObject({ source: 'environment', proxy });
    vi.stubEnv('no_proxy', 'other.example,.example');
    expect(await toAggregator()).toMatchObject({ source: 'environment', proxy: null });
  });

  it('takes a login from the environment, before the one that is kept', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://hanako:q%40@env.example:8080');
    const [route] = await planner({ login: LOGIN }).routesTo(AGGREGATOR);
    expect(route.login).toEqual({ user: 'hanako', password: 'q@' });
  });

  it('leads past the exceptions of the system', async () => {
    const system = { ...NO_PROXY, server: 'system.example:8080', exceptions: ['*.plant.example'] };
    const to = async (host: string) => said(await planner({ system }).routesTo({ host, port: 443 }));
    expect(await to('genba.plant.example')).toEqual(['DIRECT']);
    expect(await to('genba.example')).toEqual(['http://system.example:8080']);
  });

  it('follows a proxy script served over HTTP, in its order', async () => {
    const url = await serveScript(`function FindProxyForURL(url, host) {
      if (dnsDomainIs(host, '.example') && url.substring(0, 6) === 'https:')
        return 'PROXY a.example:8080; HTTPS b.example:8443; SOCKS c.example:1080; DIRECT';
      return 'DIRECT';
    }`);
    const routes = await planner({ setting: `pac+${url}`, login: LOGIN }).routesTo(AGGREGATOR);
    expect(said(routes)).toEqual(['http://a.example:8080', 'https://b.example:8443', 'DIRECT']);
    expect(routes[0].login).toEqual(LOGIN);
    const other = { host: 'genba.test', port: 443 };
    expect(said(await planner({ setting: `pac+${url}` }).routesTo(other))).toEqual(['DIRECT']);
  });

  it('follows a proxy script in a file with spaces and Japanese in its name', async () => {
    const file = temporaryFolder().write(
      '工場 設定.pac',
      'function FindProxyForURL() { return "PROXY a.example:1" }',
    );
    const setting = `pac+${pathToFileURL(file).href}`;
    expect(said(await planner({ setting }).routesTo(AGGREGATOR))).toEqual(['http://a.example:1']);
  });

  it.each([
    ['no program', 'this is no program (', 'proxy/script-broken'],
    ['a program without the function', 'var x = 1;', 'proxy/script-broken'],
    ['one that fails', 'function FindProxyForURL() { throw new Error("x") }', 'proxy/script-broken'],
    ['one that never ends', 'function FindProxyForURL() { for (;;); }', 'proxy/script-broken'],
    [
      'one that eats memory',
      'function FindProxyForURL() { for (var a = []; ; ) a.push("x" + a) }',
      'proxy/script-broken',
    ],
    [
      'one that only knows SOCKS',
      'function FindProxyForURL() { return "SOCKS a.example:1080" }',
      'proxy/unsupported',
    ],
    ['one that names no address', 'function FindProxyForURL() { return "PROXY" }', 'proxy/bad-setting'],
  ])('is not found with a script that is %s', async (_, script, code) => {
    const setting = `pac+${await serveScript(script)}`;
    await expect(planner({ setting }).routesTo(AGGREGATOR)).rejects.toMatchObject({ code });
  });

  it('keeps a script from everything but looking up names', async () => {
    const url = await serveScript(`function FindProxyForURL() {
      var make = Function;
      var outside = make('return typeof process');
      return 'PROXY ' + [typeof process, typeof require, typeof fetch, outside()].join('-') + ':1';
    }`);
    const [route] = await planner({ setting: `pac+${url}` }).routesTo(AGGREGATOR);
    expect(route.proxy?.host).toBe('undefined-undefined-undefined-undefined');
  });

  it('is not found without the script that was set', async () => {
    const setting = 'pac+http://127.0.0.1:1/proxy.pac';
    await expect(planner({ setting }).routesTo(AGGREGATOR)).rejects.toMatchObject({
      code: 'proxy/script-unreachable',
    });
  });

  it('leads on without a script that only the system names, and says so once', async () => {
    const system = { script: 'http://127.0.0.1:1/proxy.pac', server: 'system.example:8080', exceptions: [] };
    const passedOver: string[] = [];
    const onPassedOver = ({ code }: AppError) => passedOver.push(code);
    const routes = planner({ system, onPassedOver });
    for (let turn = 0; turn < 2; turn++) {
      expect(said(await routes.routesTo(AGGREGATOR))).toEqual(['http://system.example:8080']);
    }
    expect(passedOver).toEqual(['proxy/script-unreachable']);
  });

  it('goes on with an old script when it cannot be fetched again', async () => {
    let isThere = true;
    const server = createServer((_, response) => {
      response.statusCode = isThere ? 200 : 500;
      response.end('function FindProxyForURL() { return "PROXY a.example:1" }');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    const setting = `pac+http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const routes = planner({ setting });
    expect(said(await routes.routesTo(AGGREGATOR))).toEqual(['http://a.example:1']);
    isThere = false;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(said(await routes.routesTo(AGGREGATOR))).toEqual(['http://a.example:1']);
  });
});
