import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { pictureAddress, pictureKeyText } from '@genba/shared/local-api/pictures';
import pino from 'pino';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { LocalApiServer } from './local-api-server.ts';

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 10, b: 10, alpha: 0 } } });

/** An agent's door to a folder in which the pictures have Japanese names. */
async function door() {
  const { root } = temporaryFolder();
  const files = new Map<string, string>();
  const server = new LocalApiServer({
    status: () => {
      throw new Error('nobody asks');
    },
    execute: async () => null,
    answer: async () => {
      throw new Error('nobody asks');
    },
    findPicture: async (id) => {
      const file = files.get(id);
      if (file === undefined) throw new AppError('labels/unknown-picture', { detail: id });
      return file;
    },
    stop: () => {},
    pagesFolder: root,
    log: pino({ level: 'silent' }),
  });
  await server.listen(0);
  onTestFinished(() => server.close());
  const add = (name: string, content: Uint8Array) => {
    const file = path.join(root, name);
    writeFileSync(file, content);
    files.set(sha256(content), file);
    return { id: sha256(content), file };
  };
  const key = sha256(pictureKeyText(server.token));
  const get = (id: string, size: 'large' | 'small' = 'large', more: { key?: string; method?: string } = {}) =>
    fetch(pictureAddress(server.address, { picture: id, size, key: more.key ?? key }), {
      method: more.method ?? 'GET',
    });
  return { server, add, get };
}

describe('the pictures of the local API', () => {
  it('come upright, on white and no larger than asked for, and are kept by the browser', async () => {
    const { add, get } = await door();
    const { id } = add('夜勤 カメラ.png', await picture(3000, 1500).png().toBuffer());
    const answer = await get(id);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    const shown = sharp(await answer.arrayBuffer());
    expect(await shown.metadata()).toMatchObject({ width: 1600, height: 800, channels: 3 });
    const { channels } = await shown.stats();
    expect(channels[1]!.min).toBeGreaterThan(250);
    const turned = add(
      'turned.jpg',
      await picture(400, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    const small = sharp(await (await get(turned.id, 'small')).arrayBuffer());
    expect(await small.metadata()).toMatchObject({ width: 128, height: 256 });
  });

  it('keep every pixel where they are small', async () => {
    const { add, get } = await door();
    const pixels = Uint8Array.from({ length: 28 * 28 }, (_, index) => index % 251);
    const raw = { width: 28, height: 28, channels: 1 } as const;
    const { id } = add('digit.png', await sharp(pixels, { raw }).png().toBuffer());
    const answer = await get(id);
    expect(answer.headers.get('content-type')).toBe('image/png');
    const shown = await sharp(await answer.arrayBuffer())
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    expect(new Uint8Array(shown)).toEqual(pixels);
  });

  it('are only for who has the key', async () => {
    const { server, add, get } = await door();
    const { id } = add('a.png', await picture(8, 8).png().toBuffer());
    expect((await get(id)).status).toBe(200);
    expect((await get(id, 'large', { key: '0'.repeat(64) })).status).toBe(401);
    expect((await get(id, 'large', { key: server.token })).status).toBe(401);
    expect((await get(id, 'large', { key: '' })).status).toBe(400);
    // Who lacks the key cannot tell a picture that is there from one that is not.
    expect((await get('1'.repeat(64), 'large', { key: '0'.repeat(64) })).status).toBe(401);
  });

  it('are only those that were found by their content, and no other request', async () => {
    const { server, add, get } = await door();
    const { id, file } = add('a.png', await picture(8, 8).png().toBuffer());
    expect((await get('1'.repeat(64))).status).toBe(404);
    expect((await get(id, 'large', { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${server.address}/pictures/..%2f..%2fetc%2fpasswd`)).status).toBe(400);
    // The camera has written over it: it is not the picture that was asked for any more.
    writeFileSync(file, await picture(9, 9).png().toBuffer());
    const answer = await get(id);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('say so where a file is no picture, or one that is broken, and go on', async () => {
    const { add, get } = await door();
    const whole = await picture(64, 64).png().toBuffer();
    expect((await get(add('text.png', Buffer.from('no picture')).id)).status).toBe(415);
    expect((await get(add('cut.png', whole.subarray(0, 60)).id)).status).toBe(415);
    expect((await get(add('whole.png', whole).id)).status).toBe(200);
  });

  it('are refused to whoever asks for far too many at once, and shown again afterwards', async () => {
    const { add, get } = await door();
    const { id } = add('large.png', await picture(2000, 2000).png().toBuffer());
    const answers = await Promise.all(Array.from({ length: 120 }, () => get(id)));
    const counts = Object.groupBy(answers, ({ status }) => `${status}`);
    expect(Object.keys(counts).sort()).toEqual(['200', '503']);
    expect((await get(id)).status).toBe(200);
  }, 60_000);
});
