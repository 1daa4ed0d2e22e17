import { open } from 'node:fs/promises';

export type TextEncoding = 'utf-8' | 'shift_jis' | 'utf-16le' | 'utf-16be';

/** How much of a file is looked at, bytes. */
const SAMPLE_BYTES = 2 ** 20;

/** Share of zero bytes on one side of all pairs from which on it is UTF-16: signs and digits have one each. */
const ZERO_SHARE = 0.3;

/**
 * Which encoding a text file has: UTF-16 where its mark says so, or every other byte is zero often; UTF-8 if its beginning is valid UTF-8, else Shift_JIS, which Excel and many
 * machines in Japan still write. Text in Shift_JIS is hardly ever valid UTF-8.
 */
export async function detectEncoding(file: string): Promise<TextEncoding> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    const wide = wideEncoding(buffer.subarray(0, bytesRead));
    if (wide !== null) return wide;
    // `stream`: a character cut at the end of the sample is no error.
    new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead), { stream: true });
    return 'utf-8';
  } catch (thrown) {
    if (thrown instanceof TypeError) return 'shift_jis';
    throw thrown;
  } finally {
    await handle.close();
  }
}

/** As Excel's "Unicode text" and some loggers write. Text in other encodings holds no zero bytes. */
function wideEncoding(bytes: Uint8Array): TextEncoding | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (const [place, byte] of bytes.entries()) if (byte === 0) zeros[place % 2]! += 1;
  const [first, second] = zeros.map((count) => count / (bytes.length / 2)) as [number, number];
  if (bytes.length < 2 || Math.max(first, second) < ZERO_SHARE) return null;
  return first > second ? 'utf-16be' : 'utf-16le';
}

/** Turns chunks of bytes into text, also where a character lies across two of them. */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}
