import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseEnrolmentCode, toEnrolmentCode } from './enrolment-code.ts';
import { base64url32, enrolmentCode, signature } from './wire-types.ts';

const random = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe('an enrolment code', () => {
  it('carries every bit of its random bytes', () => {
    fc.assert(
      fc.property(random, random, (one, two) => {
        const isSame = Buffer.compare(one, two) === 0;
        expect(enrolmentCode.safeParse(toEnrolmentCode(one)).success).toBe(true);
        expect(toEnrolmentCode(one) === toEnrolmentCode(two)).toBe(isSame);
      }),
    );
    const single = (bit: number) =>
      Uint8Array.from({ length: 20 }, (_, i) => (i === bit >> 3 ? 1 << (bit & 7) : 0));
    expect(new Set(Array.from({ length: 160 }, (_, bit) => toEnrolmentCode(single(bit)))).size).toBe(160);
  });

  it('is Crockford’s base32, first byte first', () => {
    // 0x08 0x42 … : 00001 00001 00001 00001 …
    const bytes = Buffer.from('0842108421'.repeat(4), 'hex');
    expect(toEnrolmentCode(bytes)).toBe('1'.repeat(32));
    expect(toEnrolmentCode(new Uint8Array(20).fill(255))).toBe('Z'.repeat(32));
  });

  it.each([0, 19, 21])('is not made of %i bytes', (length) => {
    expect(() => toEnrolmentCode(new Uint8Array(length))).toThrow(RangeError);
  });

  it('is understood as people type it', () => {
    const typed = ' abcd-efgh jkmn-pqrs  tvwx-yz0o il12-3456 ';
    expect(normaliseEnrolmentCode(typed)).toBe('ABCDEFGHJKMNPQRSTVWXYZ0011123456');
    expect(normaliseEnrolmentCode('ＡＢ１２')).toBe('AB12');
  });

  it.each(['', 'A'.repeat(31), 'A'.repeat(33), `${'A'.repeat(31)}U`, 'a'.repeat(32)])(
    '%j is none',
    (text) => {
      expect(enrolmentCode.safeParse(text).success).toBe(false);
    },
  );
});

describe('bytes on the wire', () => {
  it.each([
    [base64url32, 32],
    [signature, 64],
  ] as const)('are admitted in one form only, and only at their length', (schema, length) => {
    const admits = (text: string) => schema.safeParse(text).success;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(admits(text)).toBe(true);
        expect(admits(`${text}=`)).toBe(false);
        // The last character has bits that carry nothing: they must be zero.
        const last = text.charCodeAt(text.length - 1);
        const twins = Array.from({ length: 128 }, (_, code) => text.slice(0, -1) + String.fromCharCode(code));
        const admitted = twins.filter(admits).filter((twin) => Buffer.from(twin, 'base64url').equals(bytes));
        expect(admitted).toEqual([text.slice(0, -1) + String.fromCharCode(last)]);
      }),
      { numRuns: 20 },
    );
    for (const wrong of [length - 1, length + 1]) {
      expect(admits(Buffer.alloc(wrong).toString('base64url'))).toBe(false);
    }
  });
});
