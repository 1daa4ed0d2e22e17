import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  daysLeft,
  fingerprintOf,
  isFor,
  issueServerCertificate,
  makeAuthority,
  namesOf,
} from './certificates.ts';

const NOW = new Date('2026-11-23T06:00:00Z');
const AUTHORITY = await makeAuthority(NOW);

const issue = (names: readonly string[], now = NOW) => issueServerCertificate(AUTHORITY, { names, now });

describe('an authority', () => {
  it('vouches for itself, may vouch for others, and lasts twenty years', async () => {
    const { certificate, key } = AUTHORITY;
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.validFromDate.toISOString()).toBe('2026-11-22T06:00:00.000Z');
    expect(daysLeft(certificate, NOW)).toBe(20 * 365);
  });

  it('is another one each time', async () => {
    const { certificate: other } = await makeAuthority(NOW);
    expect(other.subject).not.toBe(AUTHORITY.certificate.subject);
    expect(fingerprintOf(other)).not.toBe(fingerprintOf(AUTHORITY.certificate));
  });

  it('writes years from 2050 on as they are', async () => {
    // RFC 5280: two digits of the year until 2049, four from then on.
    const { certificate } = await makeAuthority(new Date('2035-01-01T00:00:00Z'));
    expect(certificate.validToDate.getUTCFullYear()).toBe(2054);
    expect(certificate.validFromDate.getUTCFullYear()).toBe(2034);
  });
});

describe('a server certificate', () => {
  it('comes from its authority, may vouch for nobody, and lasts 397 days', async () => {
    const { certificate, key } = await issue(['genba.example']);
    expect(certificate.checkIssued(AUTHORITY.certificate)).toBe(true);
    expect(certificate.verify(AUTHORITY.certificate.publicKey)).toBe(true);
    const other = await makeAuthority(NOW);
    expect(certificate.verify(other.certificate.publicKey)).toBe(false);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(daysLeft(certificate, NOW)).toBe(397);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is for its names only', async () => {
    const names = ['genba.example', 'localhost', '192.0.2.7', '::1', 'fd00::1:2', '2001:db8::192.0.2.1'];
    const { certificate } = await issue(names);
    expect(namesOf(certificate)).toHaveLength(names.length);
    expect(names.filter((name) => isFor(certificate, name))).toEqual(names);
    const others = ['example', 'x.genba.example', 'genba.example.com', '192.0.2.8', '::2', 'fd00::1'];
    expect(others.filter((name) => isFor(certificate, name))).toEqual([]);
  });

  it('is for any IP address it was made for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.ipV4(), fc.ipV6()), async (address) => {
        const { certificate } = await issue([address]);
        expect(isFor(certificate, address)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('holds more names than fit into a short length', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `plant-${index}.genba.example`);
    const { certificate } = await issue(names);
    expect(names.every((name) => isFor(certificate, name))).toBe(true);
    expect(new X509Certificate(certificate.toString()).raw.equals(certificate.raw)).toBe(true);
  });
});
