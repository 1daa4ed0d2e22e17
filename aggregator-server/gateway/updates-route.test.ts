import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { startForTest } from '../testing/gateway-bench.ts';
import { releaseFolder } from '../testing/release-folder.ts';
import { publish } from '../updates/publish.ts';

/** `fetch` would tidy up the paths of an attack before they are sent. */
function ask(
  { address, ca }: { address: string; ca?: string },
  path: string,
  options: { headers?: Record<string, string>; method?: string } = {},
): Promise<IncomingMessage> {
  const { hostname, port, protocol } = new URL(address);
  const wish = { hostname, port, path, ca, ...options };
  return new Promise((resolve, reject) => {
    const asked = protocol === 'https:' ? requestHttps(wish, resolve) : requestHttp(wish, resolve);
    asked.once('error', reject).end();
  });
}

async function serverWithRelease() {
  const server = await startForTest();
  const release = await releaseFolder('0.2.0');
  await publish({ folder: join(server.dataFolder, 'updates'), from: release.from, sharePercent: 100 });
  return { server, ...release };
}

describe('the address of the app’s updates', () => {
  it('sends channel file, installer and block map, also as a part, over TLS to who has not enrolled', async () => {
    const server = await startEnrolled();
    const { from, installer, name } = await releaseFolder('0.2.0');
    await publish({ folder: join(server.dataFolder, 'updates'), from, sharePercent: 100 });
    const channel = await ask(server, '/updates/latest.yml?noCache=1abc');
    expect(channel.statusCode).toBe(200);
    expect(channel.headers['cache-control']).toBe('no-cache');
    expect(String(await buffer(channel))).toContain('version: 0.2.0\n');
    const whole = await ask(server, `/updates/${name}`);
    expect(whole.headers['content-length']).toBe(`${installer.byteLength}`);
    expect(await buffer(whole)).toEqual(installer);
    const part = await ask(server, `/updates/${name}`, { headers: { range: 'bytes=10-19' } });
    expect(part.statusCode).toBe(206);
    expect(await buffer(part)).toEqual(installer.subarray(10, 20));
    expect(String(await buffer(await ask(server, `/updates/${name}.blockmap`)))).toBe('block map');
    expect((await ask(server, `/updates/${name}`, { method: 'HEAD' })).statusCode).toBe(200);
  });

  it('has nothing where nothing is published', async () => {
    const server = await startForTest();
    expect((await ask(server, '/updates/latest.yml')).statusCode).toBe(404);
  });

  it.each([
    '/updates/',
    '/updates/earlier',
    '/updates/earlier/latest.yml',
    '/updates/../catalogue.sqlite',
    '/updates/..%2Fcatalogue.sqlite',
    '/updates/%2e%2e%2f%2e%2e%2fsecret.exe',
    '/updates/..%5Csecret.exe',
    '/updates/.hidden.exe',
    '/updates/latest.yml%00.exe',
    '/updates/%E0%A4%A.exe',
    '/updates/notes.txt',
    '/updates/folder.exe',
  ])('does not answer %s', async (path) => {
    const { server } = await serverWithRelease();
    await mkdir(join(server.dataFolder, 'updates', 'folder.exe'));
    await writeFile(join(server.dataFolder, 'updates', 'notes.txt'), 'not for others');
    await writeFile(join(server.dataFolder, 'updates', '.hidden.exe'), 'not for others');
    await writeFile(join(server.dataFolder, 'secret.exe'), 'not for others');
    const answer = await ask(server, path);
    expect(answer.statusCode).toBe(404);
    expect(String(await buffer(answer))).not.toContain('not for others');
  });

  it('takes nothing in', async () => {
    const { server, name } = await serverWithRelease();
    for (const method of ['PUT', 'POST', 'DELETE'])
      expect((await ask(server, `/updates/${name}`, { method })).statusCode).toBe(404);
  });

  it('sends some at once and asks the rest to come again, then has room for them', async () => {
    const { server, name } = await serverWithRelease();
    // More than what the sockets between take in.
    await writeFile(join(server.dataFolder, 'updates', name), Buffer.alloc(64_000_000));
    const open = await Promise.all(Array.from({ length: 16 }, () => ask(server, `/updates/${name}`)));
    expect(open.map(({ statusCode }) => statusCode)).toEqual(Array(16).fill(200));
    const refused = await ask(server, `/updates/${name}`);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '60']);
    expect((await ask(server, '/updates/latest.yml')).statusCode).toBe(200);
    for (const answer of open) answer.destroy();
    await expect.poll(async () => (await ask(server, `/updates/${name}`)).statusCode).toBe(200);
  });

  it('answers this computer’s own names only where everybody is let in', async () => {
    const { server } = await serverWithRelease();
    const answer = await ask(server, '/updates/latest.yml', { headers: { host: 'plant.example' } });
    expect(answer.statusCode).toBe(421);
  });
});
