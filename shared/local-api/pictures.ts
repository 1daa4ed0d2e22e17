import { z } from 'zod';
import { pictureId } from './labelling.ts';

/** Path of the agent's pictures on its loopback address; the picture's id follows. */
export const PICTURES_PATH = '/pictures/';

/** Longest edge of a picture as a window gets it, pixels; smaller ones are not enlarged. */
export const PICTURE_EDGES = { large: 1600, small: 256 } as const;
export type PictureSize = keyof typeof PICTURE_EDGES;

/** What a window asks for when it wants to show a picture. */
export const pictureRequestSchema = z.strictObject({
  picture: pictureId,
  size: z.enum(['large', 'small']),
  /** sha256 of {@link pictureKeyText}, in hex. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PictureRequest = z.output<typeof pictureRequestSchema>;

/**
 * What the key to the pictures is the sha256 of. Addresses of pictures end up where a token must not, such as in what is
 * dragged out of a window: whoever finds one there can see pictures, and can do nothing.
 */
export function pictureKeyText(token: string): string {
  return `genba pictures ${token}`;
}

/** Address of a picture at an agent that listens at `agentAddress`. */
export function pictureAddress(agentAddress: string, { picture, size, key }: PictureRequest): string {
  return `${agentAddress}${PICTURES_PATH}${picture}?size=${size}&key=${key}`;
}

/** What an address asks for, path and query only; null where it is no picture's. */
export function readPictureAddress(url: string): PictureRequest | null {
  const [path = '', query = ''] = url.split('?', 2);
  if (!path.startsWith(PICTURES_PATH)) return null;
  const fields = query.split('&').map((field) => field.split('=', 2));
  const picture = path.slice(PICTURES_PATH.length);
  const read = pictureRequestSchema.safeParse({ ...Object.fromEntries(fields), picture });
  return read.success ? read.data : null;
}
