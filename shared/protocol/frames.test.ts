import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseControlFrame } from './control-frame.ts';
import { DATA_FRAME_HEADER_BYTES, decodeDataFrame, encodeDataFrame } from './data-frame.ts';
import { DATA_CHUNK_BYTES, MAX_CONTROL_FRAME_BYTES } from './limits.ts';
import { clientMessageSchema, serverMessageSchema } from './messages.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const SHA = 'a'.repeat(64);

describe('data frames', () => {
  it('carry transfer, offset and payload unchanged', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        (transfer, offset, payload) => {
          expect(decodeDataFrame(encodeDataFrame({ transfer, offset, payload }))).toEqual({
            transfer,
            offset,
            payload,
          });
        },
      ),
    );
  });

  it('lie in memory as docs/PROTOCOL.md says', () => {
    const frame = encodeDataFrame({ transfer: 0x01020304, offset: 5, payload: Uint8Array.of(9) });
    expect([...frame]).toEqual([0x47, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0, 9]);
  });

  const valid = encodeDataFrame({ transfer: 1, offset: 0, payload: Uint8Array.of(1, 2, 3) });
  const changed = (position: number, value: number) => {
    const frame = valid.slice();
    frame[position] = value;
    return frame;
  };

  it.each([
    ['nothing at all', new Uint8Array(0), 'protocol/frame-truncated'],
    ['half a header', valid.subarray(0, 9), 'protocol/frame-truncated'],
    ['no payload', valid.subarray(0, DATA_FRAME_HEADER_BYTES), 'protocol/frame-truncated'],
    ['another kind', changed(0, 0x48), 'protocol/bad-message'],
    ['a reserved byte', changed(2, 1), 'protocol/bad-message'],
    ['an offset beyond 2^53', changed(15, 0xff), 'protocol/bad-message'],
    ['too much', new Uint8Array(DATA_FRAME_HEADER_BYTES + DATA_CHUNK_BYTES + 1), 'protocol/frame-too-large'],
  ])('with %s are refused', (_, frame, code) => {
    expect(() => decodeDataFrame(frame)).toThrow(expect.objectContaining({ code }));
  });

  it('of the largest size are admitted', () => {
    const payload = new Uint8Array(DATA_CHUNK_BYTES).fill(7);
    expect(decodeDataFrame(encodeDataFrame({ transfer: 1, offset: 0, payload })).payload).toEqual(payload);
  });
});

const BYTES_32 = 'A'.repeat(43);
const BYTES_64 = 'A'.repeat(86);

const CLIENT_MESSAGES = [
  {
    type: 'hello',
    protocol: { min: 1, max: 1 },
    app: 'genba-agent/0.1.0',
    clientId: UUID,
    plantName: '仙台 第一工場',
    taskId: null,
    keyId: SHA,
    capabilities: ['encoding/float16'],
  },
  { type: 'proof', nonce: BYTES_32, channel: BYTES_32, publicKey: BYTES_32, signature: BYTES_64 },
  {
    type: 'enrol',
    nonce: BYTES_32,
    channel: BYTES_32,
    code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
    publicKey: BYTES_32,
    signature: BYTES_64,
  },
  { type: 'key/rotate', publicKey: BYTES_32, signature: BYTES_64 },
  {
    type: 'update/offer',
    updateId: UUID,
    taskId: 'mnist',
    baseId: UUID,
    baseVersion: 3,
    rounds: 2,
    examples: 100,
    metrics: { loss: 0.5, validationAccuracy: null },
    encoding: 'float32',
    sizeBytes: 400,
    sha256: SHA,
  },
  { type: 'weights/request', reason: 'first' },
  { type: 'weights/resume', baseId: UUID, offset: 0 },
  { type: 'weights/installed', baseId: UUID },
  { type: 'global/resume', sha256: SHA, offset: 0 },
  { type: 'base/missing', baseId: UUID },
] as const;

describe('control frames', () => {
  it.each(CLIENT_MESSAGES)('$type is admitted', (message) => {
    expect(parseControlFrame(clientMessageSchema, JSON.stringify(message))).toEqual(message);
  });

  it.each(CLIENT_MESSAGES)('$type is refused with any field missing, changed or added', (message) => {
    for (const field of Object.keys(message)) {
      const { [field]: _, ...without } = message as Record<string, unknown>;
      const wrong = { ...message, [field]: { nested: true } };
      for (const candidate of [without, wrong, { ...message, extra: 1 }]) {
        expect(() => parseControlFrame(clientMessageSchema, JSON.stringify(candidate)), field).toThrow(
          expect.objectContaining({ code: 'protocol/bad-message' }),
        );
      }
    }
  });

  it('say which field is wrong, never its value', () => {
    const message = { ...CLIENT_MESSAGES[0], clientId: 'secret value' };
    expect(() => parseControlFrame(clientMessageSchema, JSON.stringify(message))).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining('secret') }),
    );
  });

  it.each(['', '{', 'null', '[]', '{"type":"unknown"}'])('%j is refused', (text) => {
    expect(() => parseControlFrame(serverMessageSchema, text)).toThrow(
      expect.objectContaining({ code: 'protocol/bad-message' }),
    );
  });

  it('above the limit are refused before they are read', () => {
    const text = ' '.repeat(MAX_CONTROL_FRAME_BYTES + 1);
    expect(() => parseControlFrame(clientMessageSchema, text)).toThrow(
      expect.objectContaining({ code: 'protocol/frame-too-large' }),
    );
  });

  it('never let a client speak as the server', () => {
    const receipt = { type: 'update/receipt', updateId: UUID, receivedAt: new Date(0).toISOString() };
    expect(parseControlFrame(serverMessageSchema, JSON.stringify(receipt))).toEqual(receipt);
    expect(() => parseControlFrame(clientMessageSchema, JSON.stringify(receipt))).toThrow();
  });
});
