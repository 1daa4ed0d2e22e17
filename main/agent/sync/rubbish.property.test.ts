import { createHash, randomUUID } from 'node:crypto';
import { weightLayout } from '@genba/shared/model/layout';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { encodeDataFrame } from '@genba/shared/protocol/data-frame';
import { type ServerMessage, serverMessageSchema, type WeightsOffer } from '@genba/shared/protocol/messages';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TEST_TASK } from '../testing/test-aggregator.ts';
import { type Frame, said, ToldPlant, WELCOME } from '../testing/told-plant.ts';

/** Of each type of message, of data frames, and of bytes without any sense. */
const RUNS_PER_KIND = 120;

const SIZE = weightLayout(TEST_TASK).size;
const SHA256 = 'a'.repeat(64);
const NOW = new Date().toISOString();

const offerOf = (fields: Partial<WeightsOffer>): WeightsOffer => ({
  type: 'weights/offer',
  baseId: randomUUID(),
  globalVersion: 4,
  use: 'install',
  updateId: null,
  encoding: 'float32',
  sizeBytes: SIZE * Float32Array.BYTES_PER_ELEMENT,
  sha256: SHA256,
  staleness: null,
  mixingWeight: null,
  calibration: [],
  ...fields,
});

/** One of each type, about things that this plant has never heard of: valid as they are, and of no effect. */
const MESSAGES: readonly ServerMessage[] = [
  WELCOME,
  { type: 'challenge', nonce: Buffer.alloc(32, 7).toString('base64url'), serverTime: NOW },
  { type: 'key/rotated', keyId: SHA256 },
  { type: 'update/resume', updateId: randomUUID(), transfer: 9, offset: 0 },
  { type: 'base/resume', baseId: randomUUID(), transfer: 9, offset: 0, sizeBytes: SIZE * 4, sha256: SHA256 },
  { type: 'update/receipt', updateId: randomUUID(), receivedAt: NOW },
  { type: 'update/held', updateId: randomUUID(), reason: 'norm' },
  offerOf({ calibration: [{ group: 'dense', coefficient: 0.5 }], mixingWeight: 0.5, staleness: 2 }),
  { type: 'weights/data', baseId: randomUUID(), transfer: 9, offset: 0 },
  { type: 'error', code: 'update/unknown-base', about: randomUUID(), retry: false, detail: 'no' },
];

/** An edit of a frame's bytes: overwrite, cut, or insert at some place. */
const edit = fc.record({
  kind: fc.constantFrom('overwrite', 'cut', 'insert'),
  place: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

function edited(frame: Uint8Array, edits: readonly Edit[]): Buffer {
  let result = Buffer.from(frame);
  for (const { kind, place, bytes } of edits) {
    const at = place % (result.byteLength + 1);
    const after = result.subarray(kind === 'insert' ? at : at + bytes.byteLength);
    result = Buffer.concat([result.subarray(0, at), kind === 'cut' ? new Uint8Array() : bytes, after]);
  }
  return result;
}

/** Another value for one of a message's fields, or one field more or less. */
const changedFields = (message: ServerMessage) =>
  fc
    .record({ key: fc.constantFrom(...Object.keys(message), 'another'), value: fc.option(fc.jsonValue()) })
    .map(({ key, value }) => Buffer.from(JSON.stringify({ ...message, [key]: value ?? undefined })));

const changedBytes = (frame: Uint8Array) =>
  fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => edited(frame, edits));

/** A welcome that is still one may describe the task anew, which is kept. */
const isRubbish = (frame: Uint8Array) => {
  try {
    return parseControlFrame(serverMessageSchema, Buffer.from(frame).toString('utf8')).type !== 'welcome';
  } catch {
    return true;
  }
};

const KINDS: readonly [string, fc.Arbitrary<Frame>][] = [
  ...MESSAGES.map((message): [string, fc.Arbitrary<Frame>] => [
    message.type,
    fc
      .oneof(changedFields(message), changedBytes(Buffer.from(JSON.stringify(message))))
      .filter(isRubbish)
      .map((bytes) => ({ bytes, isBinary: false })),
  ]),
  [
    'a data frame',
    changedBytes(encodeDataFrame({ transfer: 9, offset: 0, payload: new Uint8Array(40) })).map((bytes) => ({
      bytes,
      isBinary: true,
    })),
  ],
  ['any bytes', fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), isBinary: fc.boolean() })],
];

let plant: ToldPlant;
let crashes: unknown[];

beforeEach(async () => {
  plant = await ToldPlant.open();
  onTestFinished(() => plant.close());
  crashes = [];
  const onCrash = (thrown: unknown) => crashes.push(thrown);
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
  onTestFinished(() => {
    process.off('uncaughtException', onCrash);
    process.off('unhandledRejection', onCrash);
  });
});

describe('rubbish from a server', () => {
  it.each(KINDS)(
    `changes nothing and stops nothing: %s, changed in ${RUNS_PER_KIND} ways`,
    async (_, frame) => {
      plant.train(2);
      const before = plant.stored();
      const frames = fc.array(frame, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(frames, fc.boolean(), async (rubbish, isAfterWelcome) => {
          await plant.hear(isAfterWelcome ? [said(WELCOME), ...rubbish] : rubbish);
          expect(plant.stored()).toBe(before);
          expect(crashes).toEqual([]);
        }),
        { numRuns: RUNS_PER_KIND },
      );
    },
  );

  it.each([
    ['none at all', 0],
    ['too few', SIZE - 1],
    ['too many', SIZE + 1],
  ])('takes no weights of another model to start from: %s', async (_, count) => {
    plant.client.saveTask(TEST_TASK);
    const before = plant.stored();
    const bytes = new Uint8Array(new Float32Array(count).buffer);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const offer = offerOf({ sizeBytes: bytes.byteLength, sha256 });
    const data = encodeDataFrame({
      transfer: 9,
      offset: 0,
      payload: bytes.byteLength > 0 ? bytes : new Uint8Array(1),
    });
    await plant.hear([
      said(WELCOME),
      said(offer),
      said({ type: 'weights/data', baseId: offer.baseId, transfer: 9, offset: 0 }),
      { bytes: data, isBinary: true },
    ]);
    expect(plant.stored()).toBe(before);
  });
});
