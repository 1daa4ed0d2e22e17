import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { daysLeft, fingerprintOf, isFor } from './certificates.ts';
import { copyAuthority, OwnCertificate } from './own-certificate.ts';

const NOW = new Date('2026-11-23T06:00:00Z');
const NAMES = ['genba.example', '127.0.0.1'];

const after = (days: number) => new Date(NOW.getTime() + days * 24 * 60 * 60 * 1000);
const folder = async () => join(await temporaryFolder(), 'identity');

function marks({ presented }: OwnCertificate) {
  return { server: fingerprintOf(presented.certificate), anchor: fingerprintOf(presented.anchor) };
}

describe('a certificate of our own', () => {
  it('is made at the first start and kept over the next ones', async () => {
    const path = await folder();
    const first = marks(await OwnCertificate.open(path, NAMES, NOW));
    expect(marks(await OwnCertificate.open(path, NAMES, after(300)))).toEqual(first);
    expect((await readdir(path)).sort()).toEqual(['authority.pem', 'server.pem']);
  });

  it.skipIf(process.platform === 'win32')('lies where nobody else may read it', async () => {
    const path = await folder();
    await OwnCertificate.open(path, NAMES, NOW);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(path)) expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['other names', [...NAMES, 'second.example'], NOW],
    ['fewer names', NAMES.slice(1), NOW],
    ['less than 30 days left', NAMES, after(397 - 29)],
  ])('is issued anew for %s, by the same authority', async (_, names, now) => {
    const path = await folder();
    const first = marks(await OwnCertificate.open(path, NAMES, NOW));
    const opened = await OwnCertificate.open(path, names, now);
    const { server, anchor } = marks(opened);
    expect(anchor).toBe(first.anchor);
    expect(server).not.toBe(first.server);
    expect(names.every((name) => isFor(opened.presented.certificate, name))).toBe(true);
    expect(daysLeft(opened.presented.certificate, now)).toBe(397);
  });

  it('is renewed while it runs, when it is time', async () => {
    const certificate = await OwnCertificate.open(await folder(), NAMES, NOW);
    const first = marks(certificate);
    expect(await certificate.renew(after(397 - 30))).toBeNull();
    const renewed = await certificate.renew(after(397 - 29));
    expect(renewed).toEqual(certificate.presented);
    expect(marks(certificate).anchor).toBe(first.anchor);
    expect(marks(certificate).server).not.toBe(first.server);
  });

  it('is damaged when its file is: nothing new is made in its place', async () => {
    const path = await folder();
    await mkdir(path);
    await writeFile(join(path, 'authority.pem'), '-----BEGIN PRIVATE KEY-----\n');
    const damaged = { code: 'store/damaged' };
    await expect(OwnCertificate.open(path, NAMES, NOW)).rejects.toMatchObject(damaged);
    await expect(copyAuthority(path, await folder())).rejects.toMatchObject(damaged);
  });

  it('goes on under the same authority in a copy of its folder', async () => {
    const [path, copy] = [await folder(), await folder()];
    const { anchor } = marks(await OwnCertificate.open(path, NAMES, NOW));
    await copyAuthority(path, copy);
    expect(marks(await OwnCertificate.open(copy, NAMES, NOW)).anchor).toBe(anchor);
  });
});
