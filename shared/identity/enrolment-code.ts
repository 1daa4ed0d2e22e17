import { CODE_BYTES } from './wire-types.ts';

/** Crockford's base32: no I, L, O, U, so that a code can be read aloud. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_PER_DIGIT = 5;

/**
 * Writes random bytes as an enrolment code: 32 digits, 5 bits each, first byte first.
 * @param random {@link CODE_BYTES} bytes of a cryptographic source
 * @throws RangeError on another number of bytes
 */
export function toEnrolmentCode(random: Uint8Array): string {
  if (random.byteLength !== CODE_BYTES) throw new RangeError(`${random.byteLength} bytes for a code`);
  let bits = 0n;
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  const length = (CODE_BYTES * 8) / BITS_PER_DIGIT;
  return Array.from({ length }, (_, digit) => {
    const shift = BigInt((length - 1 - digit) * BITS_PER_DIGIT);
    return ALPHABET[Number((bits >> shift) & 31n)];
  }).join('');
}

/** A code as a person typed it, in the form that travels: separators dropped, look-alikes read as what they mean. */
export function normaliseEnrolmentCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\s-]/g, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
}
