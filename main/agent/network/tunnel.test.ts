import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { issue, makeAuthority, toPem } from '../testing/certificates.ts';
import { TestProxy, type TestProxyOptions } from '../testing/test-proxy.ts';
import { Dialler } from './dial.ts';
import { type ProxyLogin, readProxyServer } from './proxy-setting.ts';
import { RoutePlanner } from './route.ts';
import { openTunnel, type TunnelOptions } from './tunnel.ts';

const TO = { host: 'genba.example', port: 8600 };
const LOGIN: ProxyLogin = { user: '山田', password: 'p:ä' };

let echo: Server;

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('hello ');
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void echo.close());
});

async function startProxy(options: Omit<TestProxyOptions, 'port'> = {}): Promise<TestProxy> {
  const proxy = await TestProxy.start({ ...options, port: () => (echo.address() as AddressInfo).port });
  onTestFinished(() => proxy.close());
  return proxy;
}

const tunnel = (proxy: TestProxy, change: Partial<TunnelOptions> = {}) =>
  openTunnel({
    proxy: readProxyServer(proxy.address),
    to: TO,
    login: null,
    extraAuthorities: null,
    deadlineMs: 5_000,
    ...change,
  });

/** Whether what is sent comes back, after what the other end said first. */
async function expectEcho(opening: Promise<Socket>): Promise<void> {
  const socket = await opening;
  onTestFinished(() => void socket.destroy());
  socket.write('現場');
  let heard = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    heard += text;
  });
  await expect.poll(() => heard).toBe('hello 現場');
}

describe('a tunnel', () => {
  it('leads to the other end, by the name that was asked for', async () => {
    const proxy = await startProxy();
    await expectEcho(tunnel(proxy));
    expect(proxy.asked).toEqual(['genba.example:8600']);
    expect(proxy.shown).toEqual([null]);
  });

  it('shows a login only to a proxy that asks for one', async () => {
    const login = `${LOGIN.user}:${LOGIN.password}`;
    const [asking, open] = [await startProxy({ login }), await startProxy()];
    await expectEcho(tunnel(asking, { login: LOGIN }));
    expect(asking.shown).toEqual([null, `Basic ${Buffer.from(login).toString('base64')}`]);
    await expectEcho(tunnel(open, { login: LOGIN }));
    expect(open.shown).toEqual([null]);
  });

  it('leads over a proxy with a certificate that is trusted, and over no other', async () => {
    const authority = makeAuthority('Proxy CA');
    const proxy = await startProxy({ credentials: issue([authority]) });
    const extraAuthorities = toPem(authority.certificate);
    await expectEcho(tunnel(proxy, { extraAuthorities }));
    await expect(tunnel(proxy)).rejects.toMatchObject({ code: 'proxy/untrusted' });
    const other = toPem(makeAuthority('Proxy CA').certificate);
    await expect(tunnel(proxy, { extraAuthorities: other })).rejects.toMatchObject({
      code: 'proxy/untrusted',
    });
    const misnamed = await startProxy({ credentials: issue([authority], { names: ['other.example'] }) });
    await expect(tunnel(misnamed, { extraAuthorities })).rejects.toMatchObject({ code: 'proxy/untrusted' });
  });

  it('asks for a login, and says which of them were no good', async () => {
    const proxy = await startProxy({ login: 'a:b' });
    await expect(tunnel(proxy)).rejects.toMatchObject({ code: 'proxy/login-needed' });
    const refused = tunnel(proxy, { login: LOGIN });
    await expect(refused).rejects.toMatchObject({ code: 'proxy/login-refused' });
    await expect(refused).rejects.not.toThrow(/山田|p:ä|Basic/);
    expect(proxy.shown).toHaveLength(3);
  });

  it.each(['NTLM', 'Negotiate', 'Digest realm="x, Basic y", nonce="1"'])(
    'cannot log in with %s',
    async (challenge) => {
      const proxy = await startProxy({ challenge });
      await expect(tunnel(proxy, { login: LOGIN })).rejects.toMatchObject({
        code: 'proxy/login-unsupported',
      });
      expect(proxy.shown).toEqual([null]);
    },
  );

  it.each([
    [403, 'proxy/forbidden'],
    [405, 'proxy/forbidden'],
    [502, 'proxy/cannot-connect'],
    [504, 'proxy/cannot-connect'],
    [302, 'proxy/bad-answer'],
    ['babble', 'proxy/bad-answer'],
    ['close', 'proxy/no-answer'],
    ['hang', 'proxy/no-answer'],
  ] as const)('that is answered with %s fails with %s', async (manner, code) => {
    const proxy = await startProxy();
    proxy.manner = manner;
    await expect(tunnel(proxy, { deadlineMs: 300 })).rejects.toMatchObject({ code });
  });

  it('over a proxy that is not there says so', async () => {
    const proxy = readProxyServer('http://127.0.0.1:1');
    const opening = openTunnel({ proxy, to: TO, login: null, extraAuthorities: null, deadlineMs: 5_000 });
    await expect(opening).rejects.toMatchObject({ code: 'proxy/unreachable' });
  });

  it('that is cut ends, and nothing more', async () => {
    const proxy = await startProxy();
    const socket = await tunnel(proxy);
    socket.resume();
    proxy.cut();
    await once(socket, 'close');
    // With nobody listening on the socket for errors.
    const idle = await tunnel(proxy);
    const closed = new Promise((resolve) => idle.once('close', resolve));
    idle.destroy(new Error('cut'));
    await closed;
  });
});

describe('a dialler', () => {
  /** Goes the ways that a proxy script names. */
  function dialler(...proxies: TestProxy[]): Dialler {
    const answer = proxies.map(({ port }) => `PROXY 127.0.0.1:${port}`).join('; ');
    const script = `function FindProxyForURL() { return '${answer}' }`;
    const setting = `pac+${pathToFileURL(temporaryFolder().write('proxy.pac', script)).href}`;
    const planner = new RoutePlanner({ setting: () => setting, login: () => null });
    return new Dialler({ planner, extraAuthorities: () => null, deadlineMs: 300 });
  }

  it('takes the next proxy when one is gone or does not answer', async () => {
    const [gone, mute, good] = [await startProxy(), await startProxy(), await startProxy()];
    mute.manner = 'hang';
    const used = dialler(gone, mute, good);
    await gone.close();
    await expectEcho(used.dial(TO));
    expect(mute.asked).toHaveLength(1);
    expect(used.lastRoute?.proxy?.port).toBe(good.port);
  });

  it('takes a refusal for meant', async () => {
    const [strict, good] = [await startProxy(), await startProxy()];
    strict.manner = 403;
    await expect(dialler(strict, good).dial(TO)).rejects.toMatchObject({ code: 'proxy/forbidden' });
    expect(good.asked).toEqual([]);
  });
});
