import { createHash, createPublicKey, verify } from 'node:crypto';

/** A key's name. @param publicKey raw public key as base64url */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
}

/** What is kept of an enrolment code: its sha256, in hexadecimal. */
export function codeDigestOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

/**
 * Whether a signature is an Ed25519 signature (RFC 8032) of a statement; false also for bytes that are no key.
 * @param signed raw public key and signature as base64url
 */
export function isSigned(
  statement: Uint8Array,
  { publicKey, signature }: { readonly publicKey: string; readonly signature: string },
): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, statement, key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
