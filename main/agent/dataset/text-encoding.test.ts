import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';
import { decodeText, detectEncoding } from './text-encoding.ts';

/** 「判定」 in Shift_JIS. */
const SHIFT_JIS = Buffer.of(0x94, 0xbb, 0x92, 0xe8);

describe('detectEncoding', () => {
  it.each([
    ['ASCII', Buffer.from('a,b\n'), 'utf-8'],
    ['nothing', Buffer.alloc(0), 'utf-8'],
    ['Japanese in UTF-8', Buffer.from('判定\n'), 'utf-8'],
    // 2^20 is no multiple of three: the sample ends within a character.
    ['a long text in UTF-8', Buffer.from('判'.repeat(500_000)), 'utf-8'],
    ['Shift_JIS', SHIFT_JIS, 'shift_jis'],
    ['UTF-16 with its mark', Buffer.from('\uFEFF判定\n', 'utf16le'), 'utf-16le'],
    ['UTF-16 the other way round', Buffer.from('\uFEFF判定\n', 'utf16le').swap16(), 'utf-16be'],
    ['UTF-16 without a mark', Buffer.from('温度,判定\n12.5,0\n', 'utf16le'), 'utf-16le'],
  ])('sees %s', async (_name, bytes, encoding) => {
    expect(await detectEncoding(temporaryFolder().write('a.csv', bytes))).toBe(encoding);
  });
});

it('decodes characters that lie across two chunks', async () => {
  async function* chunks() {
    yield* [SHIFT_JIS.subarray(0, 1), SHIFT_JIS.subarray(1, 3), SHIFT_JIS.subarray(3)];
  }
  let text = '';
  for await (const piece of decodeText(chunks(), 'shift_jis')) text += piece;
  expect(text).toBe('判定');
});
