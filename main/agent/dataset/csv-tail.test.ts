import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { CsvTail, TailBroken, type TailRow } from './csv-tail.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** 「温度,センサー」 in Shift_JIS. */
const HEADER_SJIS = Buffer.from([
  ...[0x89, 0xb7, 0x93, 0x78, 0x2c],
  ...[0x83, 0x5a, 0x83, 0x93, 0x83, 0x54, 0x81, 0x5b, 0x0d, 0x0a],
]);

function grown(content: string | Uint8Array, columns = ['a', 'b']) {
  const { write } = temporaryFolder();
  const file = write(join('記録', '1号機.csv'), content);
  const tail = new CsvTail(file, columns);
  const next = async () => {
    const rows: TailRow[] = [];
    for await (const some of tail.read()) rows.push(...some);
    return rows;
  };
  const fields = async () => (await next()).map((row) => row.fields.join('|'));
  return { file, tail, next, fields };
}

describe('the tail of a file that grows', () => {
  it('gives each row once its line has ended, and none before', async () => {
    const { file, fields } = grown('a,b\n1,2\n3,');
    expect(await fields()).toEqual(['1|2']);
    appendFileSync(file, '4');
    expect(await fields()).toEqual([]);
    appendFileSync(file, '5\r\n');
    expect(await fields()).toEqual(['3|45']);
    expect(await fields()).toEqual([]);
  });

  it('gives the rows, lines and fields that a whole file gives, however it was written piece by piece', async () => {
    const text = [
      '# 1号機, 始業 8:00',
      'a;b;メモ',
      '1,5;2,5;',
      '',
      '# 調整',
      '3,5;4,5;"二行の\nメモ; と ""引用"""',
      '5,5;6,5;x',
      '',
    ].join('\r\n');
    const bytes = Buffer.from(text);
    const { file } = grown('');
    const columns = ['a', 'b'];
    let tail = new CsvTail(file, columns);
    const rows = new Map<number, CsvRow>();
    for (let start = 0; start < bytes.length; start += 3) {
      appendFileSync(file, bytes.subarray(start, start + 3));
      try {
        for await (const some of tail.read()) for (const { proof, ...row } of some) rows.set(row.line, row);
      } catch (thrown) {
        // The beginning may look like something else; then it is read once more.
        expect(thrown instanceof TailBroken || (thrown as { code?: string }).code).toBeTruthy();
        tail = new CsvTail(file, columns);
        rows.clear();
      }
    }
    const whole: CsvRow[] = [];
    await readCsvRows(file, columns, (row) => void whole.push(row));
    expect(whole).toHaveLength(3);
    expect([...rows.values()]).toEqual(whole);
  });

  it('reads Shift_JIS, also where a write ends in the middle of a character', async () => {
    const { file, fields } = grown(HEADER_SJIS.subarray(0, 6), ['温度', 'センサー']);
    await fields().catch(() => {});
    const fresh = new CsvTail(file, ['温度', 'センサー']);
    appendFileSync(file, HEADER_SJIS.subarray(6));
    // 「１, 表」: the second byte of the last character is a backslash.
    appendFileSync(file, Buffer.from([0x31, 0x2c, 0x95]));
    const rows: TailRow[] = [];
    for await (const some of fresh.read()) rows.push(...some);
    expect(rows).toEqual([]);
    appendFileSync(file, Buffer.from([0x5c, 0x0d, 0x0a]));
    for await (const some of fresh.read()) rows.push(...some);
    expect(rows.map((row) => row.fields)).toEqual([['1', '表']]);
  });

  it('proves content by the rows from the beginning', async () => {
    const one = grown('a,b\n1,2\n3,4\n');
    const other = grown('a,b\n9,2\n3,4\n');
    const [first, second] = await one.next();
    const rewritten = grown('a,b\r\n1,2\r\n3,4\r\n5,6\r\n');
    expect((await rewritten.next()).map(({ proof }) => proof).slice(0, 2)).toEqual([
      first!.proof,
      second!.proof,
    ]);
    expect((await other.next())[1]!.proof).not.toBe(second!.proof);
  });

  it.each([
    ['cut off', (file: string) => truncateSync(file, 4)],
    ['begun anew', (file: string) => writeFileSync(file, 'a,b\n7,8\n9,10\n11,12\n')],
    ['emptied', (file: string) => truncateSync(file, 0)],
  ])('is broken where the file was %s', async (_, change) => {
    const { file, fields } = grown('a,b\n1,2\n3,4\n');
    expect(await fields()).toEqual(['1|2', '3|4']);
    change(file);
    await expect(fields()).rejects.toThrow(TailBroken);
  });

  it('takes a last line without its end when told so, and is broken when that goes on', async () => {
    const { file, tail, fields } = grown('a,b\n1,2\n3,4');
    expect(await fields()).toEqual(['1|2']);
    expect(tail.hasRest).toBe(true);
    expect(tail.takeRest()).toMatchObject([{ fields: ['3', '4'], line: 3, proof: null }]);
    expect(tail.takeRest()).toEqual([]);
    expect(await fields()).toEqual([]);
    appendFileSync(file, '5\n');
    await expect(fields()).rejects.toThrow(TailBroken);
  });

  it('finds out anew how a file is written that had only a header at first', async () => {
    const { file, fields } = grown('a;b\n');
    expect(await fields()).toEqual([]);
    appendFileSync(file, '1,5;2\n');
    await expect(fields()).rejects.toThrow(TailBroken);
  });

  it('says which column is missing', async () => {
    const { next } = grown('x,y\n1,2\n');
    await expect(next()).rejects.toMatchObject({ code: 'dataset/mismatch' });
  });
});
