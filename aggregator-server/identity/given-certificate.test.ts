import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { type Credentials, fingerprintOf, issueServerCertificate, makeAuthority } from './certificates.ts';
import { GivenCertificate } from './given-certificate.ts';

const NOW = new Date('2026-11-23T06:00:00Z');
const NAMES = ['genba.example'];
const AUTHORITY = await makeAuthority(NOW);
const SERVER = await issueServerCertificate(AUTHORITY, { names: NAMES, now: NOW });
const OTHER = await issueServerCertificate(AUTHORITY, { names: NAMES, now: NOW });

const after = (days: number) => new Date(NOW.getTime() + days * 24 * 60 * 60 * 1000);
const pemOf = ({ key }: Credentials) => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** Files in a folder with spaces and Japanese. */
async function files(chain: string, key: string) {
  const folder = await temporaryFolder();
  const given = { certificatePath: join(folder, '証明書 chain.pem'), keyPath: join(folder, '鍵 key.pem') };
  await writeFile(given.certificatePath, chain);
  await writeFile(given.keyPath, key);
  return given;
}

describe('a certificate from IT', () => {
  it.each([
    ['with its chain', `${SERVER.certificate}${AUTHORITY.certificate}`, AUTHORITY],
    ['alone', `${SERVER.certificate}`, SERVER],
    ['with text between', `subject=x\n${SERVER.certificate}\nissuer=y\n${AUTHORITY.certificate}`, AUTHORITY],
  ])('is presented %s, and its top one is what agents pin', async (_, chain, top) => {
    const given = await GivenCertificate.open(await files(chain, pemOf(SERVER)), NAMES, NOW);
    expect(fingerprintOf(given.presented.certificate)).toBe(fingerprintOf(SERVER.certificate));
    expect(fingerprintOf(given.presented.anchor)).toBe(fingerprintOf(top.certificate));
  });

  const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  }) as string;
  const chain = `${SERVER.certificate}${AUTHORITY.certificate}`;

  it.each([
    ['of another key', chain, pemOf(OTHER), NAMES, NOW, 'startup/tls-mismatch', /証明書/],
    ['that is over', chain, pemOf(SERVER), NAMES, after(398), 'startup/tls-expired', /Genba aggregator/],
    ['that has not begun', chain, pemOf(SERVER), NAMES, after(-2), 'startup/tls-expired', /2026/],
    ['for other names', chain, pemOf(SERVER), ['a.example'], NOW, 'startup/tls-names', /a\.example/],
    ['that is none', 'text', pemOf(SERVER), NAMES, NOW, 'startup/tls-unreadable', /no certificate/],
    ['that is cut short', chain.slice(60), pemOf(SERVER), NAMES, NOW, 'startup/tls-mismatch', /証明書/],
    [
      'that is broken',
      chain.replace(/M/g, 'A'),
      pemOf(SERVER),
      NAMES,
      NOW,
      'startup/tls-unreadable',
      /certificate 1/,
    ],
    ['whose key is none', chain, 'text', NAMES, NOW, 'startup/tls-unreadable', /no private key/],
    ['whose key has a password', chain, encrypted, NAMES, NOW, 'startup/tls-unreadable', /encrypted/],
    [
      'with a chain in another order',
      `${AUTHORITY.certificate}${SERVER.certificate}`,
      pemOf(AUTHORITY),
      [],
      NOW,
      'startup/tls-unreadable',
      /certificate 2 does not vouch/,
    ],
  ] as const)('is refused %s', async (_, chain_, key, names, now, code, detail) => {
    const given = await files(chain_, key);
    await expect(GivenCertificate.open(given, names, now)).rejects.toMatchObject({
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it('is refused when there is no file', async () => {
    const given = await files(chain, pemOf(SERVER));
    const missing = { ...given, keyPath: `${given.keyPath}.missing` };
    await expect(GivenCertificate.open(missing, NAMES, NOW)).rejects.toMatchObject({
      code: 'startup/tls-unreadable',
      detail: expect.stringContaining('ENOENT'),
    });
  });

  it('is taken anew when its files were replaced, unless they are wrong', async () => {
    const given = await files(chain, pemOf(SERVER));
    const certificate = await GivenCertificate.open(given, NAMES, NOW);
    expect(await certificate.renew(NOW)).toBeNull();
    await writeFile(given.certificatePath, `${OTHER.certificate}${AUTHORITY.certificate}`);
    await expect(certificate.renew(NOW)).rejects.toMatchObject({ code: 'startup/tls-mismatch' });
    expect(certificate.presented.keyPem).toBe(pemOf(SERVER));
    await writeFile(given.keyPath, pemOf(OTHER));
    expect((await certificate.renew(NOW))?.keyPem).toBe(pemOf(OTHER));
    expect(fingerprintOf(certificate.presented.certificate)).toBe(fingerprintOf(OTHER.certificate));
  });
});
