import { createHash, KeyObject, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
// `@peculiar/x509` needs it before itself.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long an authority lasts, days: longer than the PCs that trust it. */
const AUTHORITY_DAYS = 20 * 365;

/** How long a server's certificate lasts, days: the most that common clients accept. */
const SERVER_DAYS = 397;

/** Certificates begin in the past, so that a PC whose clock is behind accepts them. */
const BACKDATED_MS = DAY_MS;

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate with its private key. */
export interface Credentials {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Makes a certificate authority: ECDSA on P-256, for server certificates directly below it only. */
export async function makeAuthority(now: Date): Promise<Credentials> {
  const keys = await newKeys();
  // The name tells authorities of several aggregators apart.
  const name = `CN=Genba aggregator CA ${randomBytes(8).toString('hex')}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    name,
    ...validity(now, AUTHORITY_DAYS),
    serialNumber: newSerialNumber(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      // An authority, with no further authority below it.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return credentials(certificate, keys.privateKey);
}

/**
 * Issues a certificate for a server, with a new key.
 * @param names host names and IP addresses it will be reached by; at least one
 */
export async function issueServerCertificate(
  authority: Credentials,
  { names, now }: { readonly names: readonly string[]; readonly now: Date },
): Promise<Credentials> {
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate.raw);
  const certificate = await x509.X509CertificateGenerator.create({
    publicKey: keys.publicKey,
    signingKey: authority.key.toCryptoKey(KEY_ALGORITHM, false, ['sign']),
    subject: 'CN=Genba aggregator',
    issuer: issuer.subject,
    ...validity(now, SERVER_DAYS),
    serialNumber: newSerialNumber(),
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return credentials(certificate, keys.privateKey);
}

/** How a certificate is pinned: the sha256 of its DER, in lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** Host names and IP addresses a certificate is for. */
export function namesOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.map((name) => name.slice(name.indexOf(':') + 1));
}

/** Whether a certificate is for a host, given as a name or an IP address. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}

export function daysLeft(certificate: X509Certificate, now: Date): number {
  return (certificate.validToDate.getTime() - now.getTime()) / DAY_MS;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** The library does not know that the end of an IPv6 address may be written as an IPv4 address; `URL` does. */
function alternativeName(host: string): x509.JsonGeneralName {
  if (isIP(host) === 0) return { type: 'dns', value: host };
  const value = isIP(host) === 6 ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
  return { type: 'ip', value };
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

/** 126 random bits behind a 1, in hexadecimal: positive and never 0. */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function credentials(certificate: x509.X509Certificate, privateKey: webcrypto.CryptoKey): Credentials {
  return {
    certificate: new X509Certificate(Buffer.from(certificate.rawData)),
    key: KeyObject.from(privateKey),
  };
}
