import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** Longest chain that is looked through. */
const MAX_CHAIN_LENGTH = 10;

/** The certificates that a server presented, its own first. */
export function presentedChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CHAIN_LENGTH) {
    chain.push(new X509Certificate(next.raw));
    // A certificate that signed itself is its own issuer.
    if (next.issuerCertificate === next) break;
    next = next.issuerCertificate;
  }
  return chain;
}

/** sha256 of a certificate's DER, in lower-case hexadecimal. */
export function digestOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Who signed a certificate, in the words of the certificate: organisation and name. */
export function issuerOf(certificate: X509Certificate): string {
  return nameIn(certificate.issuer);
}

/** Whom a certificate is about. */
export function subjectOf(certificate: X509Certificate): string {
  return nameIn(certificate.subject);
}

function nameIn(distinguishedName: string): string {
  const parts = distinguishedName
    .split('\n')
    .filter((line) => /^(O|CN)=/.test(line))
    .map((line) => line.slice(line.indexOf('=') + 1));
  return [...new Set(parts)].join(', ').slice(0, 200) || '?';
}

/** The names and addresses that a certificate is made for. */
export function namesOf({ subjectAltName }: X509Certificate): string {
  return (subjectAltName ?? '').replace(/\b(DNS|IP Address):/g, '').slice(0, 300) || '-';
}
