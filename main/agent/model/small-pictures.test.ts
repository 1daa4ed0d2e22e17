import sharp from 'sharp';
import { expect, it } from 'vitest';
import { smallPictures } from './small-pictures.ts';

const INPUT = { kind: 'image', width: 6, height: 4, channels: 3 } as const;

it('shows what the trainer has, enlarged for people, and says where a picture is gone', async () => {
  const red = Uint8Array.from({ length: 6 * 4 * 3 }, (_, index) => (index % 3 === 0 ? 250 : 0));
  const shown = await smallPictures(['キズ/1.png', 'キズ/2.png'], INPUT, async (path) =>
    path.endsWith('1.png') ? red : null,
  );
  expect(shown).toMatchObject([{ path: 'キズ/1.png' }, { path: 'キズ/2.png', thumbnail: null }]);
  const jpeg = Buffer.from(shown[0]!.thumbnail!.split(',')[1]!, 'base64');
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 72, height: 48 });
  expect(data[0]).toBeGreaterThan(200);
  expect(data[1]).toBeLessThan(60);
});
