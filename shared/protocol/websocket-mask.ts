/**
 * The masking of RFC 6455, section 5.3, word by word: byte i is XORed with byte i mod 4 of the key. A byte at a time
 * takes several milliseconds per megabyte, more than all else that is done with a data frame.
 */

const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/** Unmasks in place; masks, too, since both are the same. */
export function unmask(bytes: Uint8Array, key: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = bytes;
  // Words must start on a multiple of four; what lies before and behind them goes byte by byte.
  const head = (WORD_BYTES - (byteOffset % WORD_BYTES)) % WORD_BYTES;
  if (byteLength < head + WORD_BYTES) {
    for (let i = 0; i < byteLength; i++) bytes[i]! ^= key[i % WORD_BYTES]!;
    return;
  }
  const words = new Uint32Array(buffer, byteOffset + head, Math.floor((byteLength - head) / WORD_BYTES));
  const wordKey = wordFrom(key, head);
  for (let i = 0; i < words.length; i++) words[i]! ^= wordKey;
  const tail = head + words.byteLength;
  for (let i = 0; i < head; i++) bytes[i]! ^= key[i % WORD_BYTES]!;
  for (let i = tail; i < byteLength; i++) bytes[i]! ^= key[i % WORD_BYTES]!;
}

/** Copies the first `length` bytes of a source to a position in the output, masked. Both may be one. */
export function mask(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
): void {
  const target = output.subarray(offset, offset + length);
  target.set(source.subarray(0, length));
  unmask(target, key);
}

/** The key as it lies over a word that starts at a position, in this machine's order of bytes. */
function wordFrom(key: Uint8Array, position: number): number {
  const rotated = Uint8Array.from({ length: WORD_BYTES }, (_, i) => key[(position + i) % WORD_BYTES]!);
  return new Uint32Array(rotated.buffer)[0]!;
}
