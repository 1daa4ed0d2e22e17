import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { buildPackageIcons } from './build-icons.ts';

it('draws all sizes, and for Windows those in one file that its own reader takes apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'genba 図 '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await buildPackageIcons(folder);
  expect(await sharp(join(folder, 'icon.png')).metadata()).toMatchObject({ width: 1024, height: 1024 });
  const { Data } = await import('resedit');
  const { icons } = Data.IconFile.from(readFileSync(join(folder, 'icon.ico')));
  // 256 is written as zero in an .ico, as no byte holds it.
  expect(icons.map(({ width }) => width || 256)).toEqual([16, 24, 32, 48, 64, 128, 256]);
  for (const { width, data } of icons) {
    if (!data.isRaw()) throw new Error('A bitmap where a PNG was written.');
    expect(await sharp(Buffer.from(data.bin)).metadata()).toMatchObject({
      format: 'png',
      width: width || 256,
      hasAlpha: true,
    });
  }
});
