import type { MistakenPictures } from '@genba/shared/local-api/model';
import { PREVIEW_LIMITS } from '@genba/shared/local-api/preview';
import type { Task } from '@genba/shared/model/task';
import { loadSharp } from '../dataset/decode-picture.ts';

/** Longest side, pixels. */
const SIDE = 72;
const QUALITY = 60;

/**
 * Pictures as they are shown: small, from the pixels that the trainer has.
 * @param pixelsOf height × width × channels bytes; null where a picture is not there any more
 */
export async function smallPictures(
  paths: readonly string[],
  { width, height, channels }: Extract<Task['input'], { kind: 'image' }>,
  pixelsOf: (path: string) => Promise<Uint8Array | null>,
): Promise<MistakenPictures> {
  const sharp = await loadSharp();
  return await Promise.all(
    paths.map(async (path) => {
      const pixels = await pixelsOf(path);
      if (pixels === null) return { path: path.slice(-1000), thumbnail: null };
      const jpeg = await sharp(pixels, { raw: { width, height, channels } })
        .resize(SIDE, SIDE, { fit: 'inside', kernel: 'nearest' })
        .jpeg({ quality: QUALITY })
        .toBuffer();
      const thumbnail = `data:image/jpeg;base64,${jpeg.toString('base64')}`;
      const fits = thumbnail.length <= PREVIEW_LIMITS.thumbnailCharacters;
      return { path: path.slice(-1000), thumbnail: fits ? thumbnail : null };
    }),
  );
}
