import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('..', import.meta.url));
const DRAWING = join(root, 'renderer', 'ui', 'icon.svg');

/** Edges that desktops ask for, pixels. Of the largest one electron-builder makes the .icns. */
const PACKAGE_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
/** Those that Windows has in one .ico, which is a list of pictures. */
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];

/** Colours of the tray's icon: at a glance, from across the room. */
const TRAY_COLOURS = { working: '#0f6848', resting: '#5b6670', attention: '#b3261e' } as const;
const DRAWN_COLOUR = '#0f6848';
const TRAY_SIZES = { '': 32, '@2x': 64 } as const;

/** Draws the icons of installers and desktops, one file per size, from the one drawing there is. */
export async function buildPackageIcons(folder: string): Promise<void> {
  const drawing = await readFile(DRAWING, 'utf8');
  await mkdir(folder, { recursive: true });
  await Promise.all(PACKAGE_SIZES.map((size) => draw(drawing, size, join(folder, `${size}x${size}.png`))));
  await draw(drawing, Math.max(...PACKAGE_SIZES), join(folder, 'icon.png'));
  const pictures = await Promise.all(ICO_SIZES.map((size) => readFile(join(folder, `${size}x${size}.png`))));
  await writeFile(
    join(folder, 'icon.ico'),
    icoOf(pictures.map((png, index) => ({ size: ICO_SIZES[index]!, png }))),
  );
}

/**
 * An .ico file of PNG pictures, as Windows reads them since Vista: a header, 16 bytes on each picture, the pictures.
 * @param pictures edges in pixels, at most 256
 */
export function icoOf(pictures: readonly { readonly size: number; readonly png: Buffer }[]): Buffer {
  const header = Buffer.alloc(6 + 16 * pictures.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(pictures.length, 4);
  let at = header.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const entry = header.subarray(6 + 16 * index);
    // A byte holds no 256; that is what zero stands for.
    entry[0] = entry[1] = size % 256;
    entry.writeUInt16LE(1, 4);
    entry.writeUInt16LE(32, 6);
    entry.writeUInt32LE(png.length, 8);
    entry.writeUInt32LE(at, 12);
    at += png.length;
  }
  return Buffer.concat([header, ...pictures.map(({ png }) => png)]);
}

/** Draws the tray's icons, one per state, sharp on dense displays too. */
export async function buildTrayIcons(folder: string): Promise<void> {
  const drawing = await readFile(DRAWING, 'utf8');
  await mkdir(folder, { recursive: true });
  for (const [state, colour] of Object.entries(TRAY_COLOURS)) {
    const coloured = drawing.replaceAll(DRAWN_COLOUR, colour);
    for (const [density, size] of Object.entries(TRAY_SIZES))
      await draw(coloured, size, join(folder, `tray-${state}${density}.png`));
  }
}

async function draw(drawing: string, size: number, path: string): Promise<void> {
  const drawnSize = 64;
  const dotsPerInch = (72 * size) / drawnSize;
  const picture = await sharp(Buffer.from(drawing), { density: dotsPerInch })
    .resize(size, size)
    .png()
    .toBuffer();
  await writeFile(path, picture);
}

if (import.meta.main) await buildPackageIcons(join(root, 'release', 'icons'));
