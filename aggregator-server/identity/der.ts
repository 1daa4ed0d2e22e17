/** The part of DER (ITU-T X.690) that a certificate needs. */

const SEQUENCE = 0x30;
const SET = 0x31;
const CONSTRUCTED_CONTEXT = 0xa0;
const PRIMITIVE_CONTEXT = 0x80;

/** From this year on, certificates write four digits of it (RFC 5280, section 4.1.2.5). */
const FIRST_LONG_YEAR = 2050;

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(SEQUENCE, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(SET, Buffer.concat(parts));
}

/** An explicitly tagged part. */
export function tagged(number: number, content: Uint8Array): Buffer {
  return element(CONSTRUCTED_CONTEXT | number, content);
}

/** An implicitly tagged value that is not made of parts. */
export function taggedValue(number: number, content: Uint8Array): Buffer {
  return element(PRIMITIVE_CONTEXT | number, content);
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.of(value ? 0xff : 0));
}

/** A whole number from 0, given as its bytes, most significant first. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const shortest = start === -1 ? Buffer.of(0) : bytes.subarray(start);
  // A first bit of 1 would mean a negative number.
  return element(0x02, shortest[0]! < 0x80 ? shortest : Buffer.concat([Buffer.of(0), shortest]));
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(0x03, Buffer.concat([Buffer.of(unusedBits), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(0x04, bytes);
}

/** @param dotted an object identifier such as `2.5.4.3` */
export function objectId(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'));
}

/** A moment, in whole seconds, as a certificate writes it. */
export function time(moment: Date): Buffer {
  const digits = `${moment.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  const isLong = moment.getUTCFullYear() >= FIRST_LONG_YEAR;
  return element(isLong ? 0x18 : 0x17, Buffer.from(isLong ? digits : digits.slice(2)));
}

function element(tag: number, content: Uint8Array): Buffer {
  const { byteLength } = content;
  const length = byteLength < 0x80 ? [byteLength] : longLength(byteLength);
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

function longLength(byteLength: number): number[] {
  const bytes: number[] = [];
  for (let rest = byteLength; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
