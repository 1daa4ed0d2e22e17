import { AppError } from '../errors/app-error.ts';

/** First bytes of every exchange file: a name, and line ends that show when a program took it for text. */
export const MAGIC = Uint8Array.of(0x47, 0x45, 0x4e, 0x42, 0x41, 0x0d, 0x0a, 0x1a);

/** Bytes before the header: the magic, then the lengths of header and seal (32 bits each, little-endian). */
export const PREFIX_BYTES = MAGIC.byteLength + 8;

/** Longest header: a task description and the figures around it. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** Longest seal: a chain of certificates and a signature. */
export const MAX_SEAL_BYTES = 256 * 1024;

/** One byte more does not fit into a file of FAT32, as most USB sticks are formatted. */
export const MAX_FILE_BYTES = 0xffff_ffff;

/** Endings of the names of exchange files. */
export const EXTENSIONS = {
  request: '.genba-request',
  update: '.genba-update',
  reply: '.genba-reply',
} as const;
export type ExchangeKind = keyof typeof EXTENSIONS;

/** Lengths of what stands before the payloads. */
export interface Prefix {
  readonly headerBytes: number;
  readonly sealBytes: number;
}

/** Writes what stands before the header. */
export function encodePrefix({ headerBytes, sealBytes }: Prefix): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(MAGIC.byteLength, headerBytes, true);
  view.setUint32(MAGIC.byteLength + 4, sealBytes, true);
  return bytes;
}

/**
 * Reads what stands before the header, before memory is spent on anything it announces.
 * @throws AppError `exchange/damaged` for anything else, and beyond the limits
 */
export function decodePrefix(bytes: Uint8Array): Prefix {
  const isOurs = bytes.byteLength === PREFIX_BYTES && MAGIC.every((byte, index) => bytes[index] === byte);
  if (!isOurs) throw new AppError('exchange/damaged', { detail: 'not a file of Genba' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(MAGIC.byteLength, true);
  const sealBytes = view.getUint32(MAGIC.byteLength + 4, true);
  if (headerBytes > MAX_HEADER_BYTES || sealBytes > MAX_SEAL_BYTES) {
    throw new AppError('exchange/damaged', {
      detail: `header of ${headerBytes}, seal of ${sealBytes} bytes`,
    });
  }
  return { headerBytes, sealBytes };
}

/** Characters that Windows, FAT32 and exFAT do not take in a name, and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a name
const FORBIDDEN = /[\\/:*?"<>|\u0000-\u001f\u007f]/g;

/** Longest part of a file's name that is a plant's, characters: with date and ending it stays below 255 bytes. */
const MAX_NAME_LENGTH = 50;

/**
 * The name of an exchange file where nobody chose one: plant, day and time, such as
 * `仙台 第一工場 2026-11-26 0930.genba-update`. Good for FAT32, exFAT and NTFS.
 * @param at local time
 */
export function exchangeFileName(plantName: string, at: Date, kind: ExchangeKind): string {
  const plant = [...plantName.replace(FORBIDDEN, '_').trim()].slice(0, MAX_NAME_LENGTH).join('').trim();
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}`;
  return `${plant || 'plant'} ${day} ${time}${EXTENSIONS[kind]}`;
}
