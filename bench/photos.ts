import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** So many photos are made; each is written under many names. */
const KINDS = 20;

/** Fills a folder with photos of 640 by 480 points by class, as a plant has them. */
export async function writePhotos(folder: string, classes: readonly string[], count: number): Promise<void> {
  for (const name of classes) await mkdir(join(folder, name), { recursive: true });
  const kinds = await Promise.all(
    Array.from({ length: KINDS }, () =>
      sharp({
        create: {
          width: 640,
          height: 480,
          channels: 3,
          background: 'grey',
          noise: { type: 'gaussian', mean: 128, sigma: 30 },
        },
      })
        .jpeg()
        .toBuffer(),
    ),
  );
  for (let photo = 0; photo < count; photo++) {
    const name = `${String(photo).padStart(6, '0')}.jpg`;
    await writeFile(join(folder, classes[photo % classes.length]!, name), kinds[photo % KINDS]!);
  }
}
