import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whoever signs certificates in a test. */
export interface Authority {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly certificate: Buffer;
}

export interface CertificateChoices {
  /** Host names and IPv4 addresses. */
  readonly names?: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
}

/** What a TLS server presents, and its key; both PEM. */
export interface ServerCredentials {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority; signed by another one, or by itself. */
export function makeAuthority(name: string, issuer?: Authority): Authority {
  const { privateKey } = generateKeyPairSync('ed25519');
  const certificate = makeCertificate({
    subject: name,
    issuer: issuer?.name ?? name,
    key: privateKey,
    signingKey: issuer?.privateKey ?? privateKey,
    extensions: [basicConstraints(true)],
  });
  return { name, privateKey, certificate };
}

/** A server's certificate, signed by `chain[0]`, presented with the whole chain. */
export function issue(
  chain: readonly [Authority, ...Authority[]],
  choices: CertificateChoices = {},
): ServerCredentials {
  const { names = ['127.0.0.1', 'localhost'], from, until } = choices;
  const { privateKey } = generateKeyPairSync('ed25519');
  const certificate = makeCertificate({
    subject: 'aggregator',
    issuer: chain[0].name,
    key: privateKey,
    signingKey: chain[0].privateKey,
    extensions: [basicConstraints(false), alternativeNames(names)],
    from,
    until,
  });
  return {
    cert: [certificate, ...chain.map((authority) => authority.certificate)].map(toPem).join(''),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}

/** sha256 of the certificate's DER, as an invitation carries it. */
export function fingerprintOf({ certificate }: Authority): string {
  return createHash('sha256').update(certificate).digest('hex');
}

/** A certificate in the form TLS libraries read. */
export function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

// --- X.509 in DER (RFC 5280), as far as the tests need it -------------------------------------------------

const SEQUENCE = 0x30;
const SET = 0x31;

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

/** An object identifier, given as its encoded bytes in hexadecimal. */
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const ED25519 = der(SEQUENCE, oid('2b6570'));
const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]));
const generalizedTime = (at: Date) =>
  der(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replace(/\D/g, '')}Z`));
const commonName = (name: string) =>
  der(SEQUENCE, der(SET, der(SEQUENCE, oid('550403'), der(0x0c, Buffer.from(name)))));

function basicConstraints(isAuthority: boolean): Buffer {
  const value = der(SEQUENCE, ...(isAuthority ? [boolean(true)] : []));
  return der(SEQUENCE, oid('551d13'), boolean(true), der(0x04, value));
}

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  );
  return der(SEQUENCE, oid('551d11'), der(0x04, der(SEQUENCE, ...entries)));
}

function makeCertificate(of: {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
}): Buffer {
  const from = of.from ?? new Date(Date.now() - HOUR_MS);
  const until = of.until ?? new Date(Date.now() + DAY_MS);
  // Positive: the first bit is zero and the first byte is not.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(8)]);
  const content = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ED25519,
    commonName(of.issuer),
    der(SEQUENCE, generalizedTime(from), generalizedTime(until)),
    commonName(of.subject),
    createPublicKey(of.key).export({ format: 'der', type: 'spki' }),
    der(0xa3, der(SEQUENCE, ...of.extensions)),
  );
  const signature = sign(null, content, of.signingKey);
  return der(SEQUENCE, content, ED25519, der(0x03, Buffer.from([0]), signature));
}
