import jsQR from 'jsqr';

/** Longest sides, in pixels, at which a picture is searched: large for small codes, small against noise and blur. */
const SEARCHED_SIDES = [1600, 800, 400];

/** A picture as the browser can draw it, with its size in pixels. */
interface Drawable {
  readonly source: CanvasImageSource;
  readonly width: number;
  readonly height: number;
}

/** The text of the QR code in a picture file; null where there is none that can be read. */
export async function findQrText(file: Blob): Promise<string | null> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return null;
  try {
    const picture = { source: bitmap, width: bitmap.width, height: bitmap.height };
    for (const side of SEARCHED_SIDES) {
      const text = searchQrText(picture, side);
      if (text !== null) return text;
    }
    return null;
  } finally {
    bitmap.close();
  }
}

/** Searches a picture once, made smaller where its longer side has more than `longestSide` pixels. */
export function searchQrText({ source, width, height }: Drawable, longestSide: number): string | null {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return null;
  // A transparent picture is looked at on paper.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const text = jsQR(data, canvas.width, canvas.height)?.data ?? '';
  return text === '' ? null : text;
}
