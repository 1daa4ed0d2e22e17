import os from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { SIDES, sidePicture } from './fixtures.ts';
import { PictureReader } from './picture-reader.ts';

const input = SIDES.input as Extract<typeof SIDES.input, { kind: 'image' }>;

it('reads pictures again, each alone, when its process dies over one of them', async () => {
  const reader = new PictureReader('prompt');
  onTestFinished(() => reader.close());
  const picture = await sidePicture(1);
  expect(await reader.read(picture, input)).toHaveLength(64);
  const pictures = Array.from({ length: 4 }, () => reader.read(picture, input));
  process.kill(reader.pid!, 'SIGKILL');
  const pixels = await Promise.all(pictures);
  expect(pixels.map((each) => [each[0], each[7]])).toEqual(Array(4).fill([255, 0]));
});

it('says why there are no pixels', async () => {
  const reader = new PictureReader('prompt');
  onTestFinished(() => reader.close());
  await expect(reader.read(Buffer.from('GIF89a but no more'), input)).rejects.toMatchObject({
    code: 'judging/unreadable',
    detail: expect.stringMatching(/./),
  });
});

it.each([
  ['prompt', false],
  ['patient', true],
] as const)('%s reading leaves the PC to others: %s', async (pace, isBelow) => {
  const reader = new PictureReader(pace);
  onTestFinished(() => reader.close());
  await reader.read(await sidePicture(1), input);
  const priority = os.getPriority(reader.pid!) - os.getPriority();
  expect(priority > 0).toBe(isBelow);
});
