import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('..', import.meta.url));
const DRAWING = join(root, 'renderer', 'ui', 'icon.svg');

/** Edges that desktops ask for, pixels. Of the largest one electron-builder makes the .ico and the .icns. */
const PACKAGE_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

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
