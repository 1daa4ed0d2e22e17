import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import {
  bitString,
  boolean,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  tagged,
  taggedValue,
  time,
  utf8String,
} from './der.ts';
import { ipBytes } from './host-names.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long an authority lasts, days: longer than the PCs that trust it. */
const AUTHORITY_DAYS = 20 * 365;

/** How long a server's certificate lasts, days: the most that common clients accept. */
const SERVER_DAYS = 397;

/** Certificates begin in the past, so that a PC whose clock is behind accepts them. */
const BACKDATED_MS = DAY_MS;

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));

/** A certificate with its private key. */
export interface Credentials {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Makes a certificate authority: ECDSA on P-256, for server certificates directly below it only. */
export function makeAuthority(now: Date): Credentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const keyName = subjectKeyId(publicDer);
  // The name tells authorities of several aggregators apart.
  const name = distinguishedName(`Genba aggregator CA ${keyName.toString('hex').slice(0, 16)}`);
  return certified({
    subject: name,
    issuer: name,
    publicDer,
    privateKey,
    signer: privateKey,
    now,
    days: AUTHORITY_DAYS,
    extensions: [
      // An authority, with no further authority below it.
      extension('2.5.29.19', sequence(boolean(true), integer(Buffer.of(0))), { isCritical: true }),
      // keyCertSign (5) and cRLSign (6).
      extension('2.5.29.15', bitString(Buffer.of(0b0000_0110), 1), { isCritical: true }),
      extension('2.5.29.14', octetString(keyName)),
    ],
  });
}

/**
 * Issues a certificate for a server, with a new key.
 * @param names host names and IP addresses it will be reached by; at least one
 */
export function issueServerCertificate(
  authority: Credentials,
  { names, now }: { readonly names: readonly string[]; readonly now: Date },
): Credentials {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicDer = publicKey.export({ type: 'spki', format: 'der' });
  const authorityDer = authority.certificate.publicKey.export({ type: 'spki', format: 'der' });
  const issuerKeyName = subjectKeyId(authorityDer);
  return certified({
    subject: distinguishedName('Genba aggregator'),
    issuer: distinguishedName(commonNameOf(authority.certificate)),
    publicDer,
    privateKey,
    signer: authority.key,
    now,
    days: SERVER_DAYS,
    extensions: [
      extension('2.5.29.19', sequence(), { isCritical: true }),
      // digitalSignature (0).
      extension('2.5.29.15', bitString(Buffer.of(0b1000_0000), 7), { isCritical: true }),
      // serverAuth.
      extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', sequence(...names.map(alternativeName))),
      extension('2.5.29.14', octetString(subjectKeyId(publicDer))),
      extension('2.5.29.35', sequence(taggedValue(0, issuerKeyName))),
    ],
  });
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
  const found = ipBytes(host) === null ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}

export function daysLeft(certificate: X509Certificate, now: Date): number {
  return (certificate.validToDate.getTime() - now.getTime()) / DAY_MS;
}

function certified(wanted: {
  subject: Uint8Array;
  issuer: Uint8Array;
  publicDer: Uint8Array;
  privateKey: KeyObject;
  signer: KeyObject;
  now: Date;
  days: number;
  extensions: readonly Uint8Array[];
}): Credentials {
  const { subject, issuer, publicDer, privateKey, signer, now, days, extensions } = wanted;
  const from = new Date(now.getTime() - BACKDATED_MS);
  const until = new Date(now.getTime() + days * DAY_MS);
  const content = sequence(
    // Version 3.
    tagged(0, integer(Buffer.of(2))),
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(from), time(until)),
    subject,
    publicDer,
    tagged(3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, { key: signer, dsaEncoding: 'der' });
  const der = sequence(content, ECDSA_WITH_SHA256, bitString(signature));
  return { certificate: new X509Certificate(der), key: privateKey };
}

/** 127 random bits, never 0. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

/** Method 1 of RFC 7093: the first 160 bits of the sha256 of the key's bits. */
function subjectKeyId(publicDer: Uint8Array): Buffer {
  // A P-256 key is the last 65 bytes of its SPKI: an uncompressed point.
  return createHash('sha256').update(publicDer.subarray(-65)).digest().subarray(0, 20);
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectId('2.5.4.3'), utf8String(commonName))));
}

function commonNameOf(certificate: X509Certificate): string {
  return certificate.subject.replace(/^CN=/, '');
}

function alternativeName(host: string): Buffer {
  const bytes = ipBytes(host);
  return bytes === null ? taggedValue(2, Buffer.from(host, 'ascii')) : taggedValue(7, bytes);
}

function extension(id: string, value: Uint8Array, { isCritical = false } = {}): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectId(id), ...critical, octetString(value));
}
