import { constants, createHash, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError } from '@genba/shared/errors/app-error';
import { aggregatorSealSchema, parseSeal } from '@genba/shared/exchange/header';
import { fileStatement } from '@genba/shared/identity/statements';

/** Purpose that a server's certificate has on a TLS connection: id-kp-serverAuth. */
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/** Shorter RSA keys are refused on a TLS connection, too. */
const SHORTEST_RSA_BITS = 2048;

/** Whom an aggregator's file must come from. */
export interface TrustedAggregator {
  /** sha256 of the one certificate that is trusted, as in the invitation. */
  readonly certificate: string;
  /** `wss://HOST:PORT`; its certificate names one of the hosts. */
  readonly servers: readonly string[];
}

/** What was signed, and by what it is vouched for. */
export interface SealedHeader {
  readonly headerBytes: Uint8Array;
  /** JSON, as it stands in the file. */
  readonly seal: string;
}

/**
 * Proves that an aggregator wrote a header: the certificate whose key has signed it leads to the one that is trusted, is
 * in time and is for that server, as on a connection.
 * @returns the trusted certificate, PEM
 * @throws AppError `exchange/damaged`, `exchange/bad-signature`, `tls/untrusted`, `tls/expired`, `tls/not-yet-valid`,
 *   `tls/wrong-name`
 */
export function verifySeal(
  { headerBytes, seal }: SealedHeader,
  trusted: TrustedAggregator,
  now: Date,
): string {
  const { chain: encoded, signature } = parseSeal(aggregatorSealSchema, seal);
  const chain = trustedChain(readChain(encoded), trusted.certificate);
  for (const each of chain) requireInTime(each, now);
  requireServer(chain[0]!, trusted.servers);
  const statement = fileStatement('aggregator', headerBytes);
  if (!isSignedBy(chain[0]!.publicKey, statement, Buffer.from(signature, 'base64url'))) {
    throw new AppError('exchange/bad-signature');
  }
  return chain.at(-1)!.toString();
}

function readChain(encoded: readonly string[]): X509Certificate[] {
  try {
    return encoded.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
  } catch (cause) {
    throw new AppError('exchange/damaged', { detail: 'certificate', cause });
  }
}

/** The chain up to the trusted certificate, each vouched for by the next. */
function trustedChain(chain: readonly X509Certificate[], trusted: string): X509Certificate[] {
  const top = chain.findIndex(({ raw }) => createHash('sha256').update(raw).digest('hex') === trusted);
  const upToTop = chain.slice(0, top + 1);
  const isUnbroken = upToTop.slice(1).every((issuer, index) => isIssuedBy(upToTop[index]!, issuer));
  if (top !== -1 && isUnbroken) return upToTop;
  const { issuer } = chain[0]!;
  throw new AppError('tls/untrusted', { detail: `certificate issued by ${issuer.slice(0, 200)}` });
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function requireInTime(
  { subject, validFrom, validTo, validFromDate, validToDate }: X509Certificate,
  now: Date,
): void {
  const detail = `${subject?.replaceAll('\n', ', ')}: ${validFrom} to ${validTo}`;
  if (now < validFromDate) throw new AppError('tls/not-yet-valid', { detail });
  if (now >= validToDate) throw new AppError('tls/expired', { detail });
}

function requireServer(certificate: X509Certificate, servers: readonly string[]): void {
  // Node calls the extended key usage so; it has none where the certificate limits nothing.
  const purposes: readonly string[] = certificate.keyUsage ?? [];
  if (purposes.length > 0 && !purposes.includes(SERVER_AUTHENTICATION)) {
    throw new AppError('tls/untrusted', { detail: 'not the certificate of a server' });
  }
  const hosts = servers.map((server) => new URL(server.replace(/^wss:/, 'https:')).hostname);
  const isNamed = hosts
    .map((host) => host.replace(/^\[|\]$/g, ''))
    .some(
      (host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined,
    );
  if (!isNamed) throw new AppError('tls/wrong-name', { detail: hosts.join(', ') });
}

/** The algorithm follows from the key alone, so that nobody can choose a weaker one. */
function isSignedBy(key: KeyObject, statement: Uint8Array, signature: Buffer): boolean {
  try {
    switch (key.asymmetricKeyType) {
      case 'ec':
        return verify('sha256', statement, key, signature);
      case 'rsa':
      case 'rsa-pss':
        return (
          (key.asymmetricKeyDetails?.modulusLength ?? 0) >= SHORTEST_RSA_BITS &&
          verify(
            'sha256',
            statement,
            { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
            signature,
          )
        );
      case 'ed25519':
      case 'ed448':
        return verify(null, statement, key, signature);
      default:
        return false;
    }
  } catch {
    return false;
  }
}
