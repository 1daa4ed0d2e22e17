import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toAppError } from '@genba/shared/errors/app-error';
import { type PictureRequest, pictureKeyText, readPictureAddress } from '@genba/shared/local-api/pictures';
import type { Logger } from 'pino';
import { shownPicture } from '../pictures/shown-picture.ts';
import { Turns } from '../pictures/turns.ts';

/** Decoding takes memory and time from training: a few at a time, and no long line. */
const LIMITS = { atOnce: 2, mayWait: 64 };

/** A picture's bytes never change, because they are its name: the browser may keep it for as long as it likes. */
const KEEP = 'private, max-age=31536000, immutable';

export interface PictureDoor {
  /** This start's token, from which the key to the pictures is made. */
  readonly token: string;
  /** Where a picture lies that a window may see. @throws AppError `labels/unknown-picture` for any other */
  readonly find: (picture: string) => Promise<string>;
  readonly log: Logger;
}

/**
 * Shows a window of this PC the pictures it may see, by the sha256 of their bytes: no request names a path. Who lacks the
 * key learns nothing, not even which pictures there are.
 * @returns a handler for requests under the path of the pictures
 */
export function servePictures(
  door: PictureDoor,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const key = createHash('sha256').update(pictureKeyText(door.token)).digest();
  const turns = new Turns(LIMITS);
  return async (request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "default-src 'none'");
    const wish = readPictureAddress(request.url ?? '');
    if (wish === null) return end(response, 400);
    if (!timingSafeEqual(Buffer.from(wish.key, 'hex'), key)) return end(response, 401);
    if (request.method !== 'GET') return end(response, 405);
    await show(door, turns, wish, response);
  };
}

async function show(
  { find, log }: PictureDoor,
  turns: Turns,
  { picture, size }: PictureRequest,
  response: ServerResponse,
): Promise<void> {
  try {
    const shown = await turns.take(
      async () => shownPicture(await find(picture), picture, size),
      () => !response.destroyed,
    );
    if (shown === 'unwanted') return;
    if (shown === 'refused') return end(response, 503);
    response.writeHead(200, {
      'Content-Type': shown.contentType,
      'Content-Length': shown.bytes.byteLength,
      'Cache-Control': KEEP,
    });
    response.end(shown.bytes);
  } catch (thrown) {
    const isUnknown = toAppError(thrown).code.startsWith('labels/');
    if (!isUnknown) log.debug({ picture, reason: String(thrown) }, 'a picture cannot be shown');
    end(response, isUnknown ? 404 : 415);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Cache-Control': 'no-store' }).end();
}
