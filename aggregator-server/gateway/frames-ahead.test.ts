import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import { expect, it } from 'vitest';
import type { WeightReader } from '../store/weight-store.ts';
import { FramesAhead } from './frames-ahead.ts';

/** Stored bytes in memory, which note how often they were read and whether they were closed. */
function storedBytes(content: Uint8Array, sizeBytes = content.byteLength) {
  const figures = { reads: 0, isClosed: false };
  const reader: WeightReader = {
    sizeBytes,
    read: async (target, offset) => {
      figures.reads++;
      const piece = content.subarray(offset, offset + target.byteLength);
      target.set(piece);
      return piece.byteLength;
    },
    close: async () => {
      figures.isClosed = true;
    },
  };
  return { reader, figures };
}

/** Payload of a frame. */
const FRAME_BYTES = 1000;

const content = Uint8Array.from({ length: 2 * FRAME_BYTES + 5 }, (_, index) => index % 251);

it.each([0, 7, FRAME_BYTES, 2 * FRAME_BYTES + 4, content.byteLength])(
  'gives all bytes from %s on, each frame with its place',
  async (offset) => {
    const { reader, figures } = storedBytes(content);
    const frames = new FramesAhead(reader, { transfer: 9, offset, frameBytes: FRAME_BYTES });
    const sent: Uint8Array[] = [];
    let position = offset;
    for (let frame = await frames.next(); frame !== null; frame = await frames.next()) {
      const { transfer, offset: at, payload } = decodeDataFrame(frame.bytes);
      expect({ transfer, at }).toEqual({ transfer: 9, at: position });
      position += payload.byteLength;
      sent.push(payload.slice());
      frames.giveBack(frame);
    }
    expect(Buffer.concat(sent).equals(content.subarray(offset))).toBe(true);
    expect(await frames.next()).toBeNull();
    await frames.close();
    expect(figures.isClosed).toBe(true);
  },
);

it('reads one frame ahead and no further, and takes memory again that came back', async () => {
  const { reader, figures } = storedBytes(content);
  const frames = new FramesAhead(reader, { transfer: 1, offset: 0, frameBytes: FRAME_BYTES });
  const first = (await frames.next())!;
  await new Promise(setImmediate);
  expect(figures.reads).toBe(2);
  frames.giveBack(first);
  await frames.next();
  const third = (await frames.next())!;
  expect(third.memory).toBe(first.memory);
  await frames.close();
});

it('says that a file ends early, to whoever asks and to nobody when it is closed before', async () => {
  const short = () => storedBytes(content.subarray(0, 10), 1000);
  const asked = new FramesAhead(short().reader, { transfer: 1, offset: 0, frameBytes: FRAME_BYTES });
  expect((await asked.next())!.bytes.byteLength).toBe(26);
  await expect(asked.next()).rejects.toMatchObject({ code: 'store/damaged' });
  await asked.close();
  const { reader, figures } = short();
  const left = new FramesAhead(reader, { transfer: 1, offset: 10, frameBytes: FRAME_BYTES });
  await left.close();
  expect(figures.isClosed).toBe(true);
});
