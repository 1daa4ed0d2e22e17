import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { parseTask } from '../model/task.ts';
import {
  decodePrefix,
  encodePrefix,
  exchangeFileName,
  MAX_HEADER_BYTES,
  MAX_SEAL_BYTES,
  PREFIX_BYTES,
} from './container.ts';
import { type AggregatorHeader, type DeviceHeader, parseHeader, payloadsOf } from './header.ts';

const uuid = (digit: string) => `${digit.repeat(8)}-1111-4111-8111-111111111111`;
const digest = (digit: string) => digit.repeat(64);
const COMMON = {
  format: 1,
  createdAt: '2026-11-26T00:00:00.000Z',
  app: 'test',
  clientId: uuid('a'),
  plantName: '仙台 第一工場',
  taskId: 'digits',
  certificate: digest('b'),
} as const;
const DEVICE: DeviceHeader = {
  ...COMMON,
  from: 'device',
  publicKey: Buffer.alloc(32, 1).toString('base64url'),
  capabilities: ['calibrate'],
  baseId: uuid('c'),
  enrol: null,
  weights: { requestId: uuid('d'), isWanted: false },
  update: {
    type: 'update/offer',
    updateId: uuid('e'),
    taskId: 'digits',
    baseId: uuid('c'),
    baseVersion: 3,
    rounds: 2,
    examples: 10,
    metrics: { loss: 1, validationAccuracy: null },
    encoding: 'float32',
    sizeBytes: 8,
    sha256: digest('1'),
  },
  start: { baseId: uuid('c'), sizeBytes: 12, sha256: digest('2') },
};
const REPLY: AggregatorHeader = {
  ...COMMON,
  from: 'aggregator',
  keyId: digest('3'),
  task: parseTask({
    id: 'digits',
    name: { en: 'Digits', ja: '数字' },
    input: { kind: 'image', width: 4, height: 4, channels: 1 },
    classes: ['0', '1'],
    model: { template: 'mlp', hiddenUnits: [2] },
  }),
  globalVersion: 4,
  receipt: { type: 'update/receipt', updateId: uuid('e'), receivedAt: '2026-11-26T00:00:00.000Z' },
  held: null,
  refusal: null,
  weights: null,
};

const codeOf = (work: () => unknown) => {
  try {
    work();
    return null;
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : thrown;
  }
};

describe('the prefix of an exchange file', () => {
  it('comes back as it was written, up to the limits and not beyond', () => {
    const lengths = { headerBytes: MAX_HEADER_BYTES, sealBytes: MAX_SEAL_BYTES };
    expect(decodePrefix(encodePrefix(lengths))).toEqual(lengths);
    for (const beyond of [
      { ...lengths, headerBytes: MAX_HEADER_BYTES + 1 },
      { ...lengths, sealBytes: MAX_SEAL_BYTES + 1 },
    ]) {
      expect(codeOf(() => decodePrefix(encodePrefix(beyond)))).toBe('exchange/damaged');
    }
  });

  it('is told from anything else, whichever byte of its name differs', () => {
    const good = encodePrefix({ headerBytes: 10, sealBytes: 10 });
    for (let at = 0; at < 8; at++) {
      const bad = good.slice();
      bad[at]! ^= 1;
      expect(codeOf(() => decodePrefix(bad))).toBe('exchange/damaged');
    }
    expect(codeOf(() => decodePrefix(good.subarray(0, PREFIX_BYTES - 1)))).toBe('exchange/damaged');
  });
});

describe('the header of an exchange file', () => {
  it.each([DEVICE, REPLY])('comes back as it was written ($from)', (header) => {
    expect(parseHeader(JSON.stringify(header))).toEqual(header);
  });

  it('names the payloads in their order', () => {
    expect(payloadsOf(DEVICE).map(({ sizeBytes }) => sizeBytes)).toEqual([8, 12]);
    expect(payloadsOf({ ...DEVICE, start: null }).map(({ sizeBytes }) => sizeBytes)).toEqual([8]);
    expect(payloadsOf(REPLY)).toEqual([]);
  });

  it('of a newer format is called that, whatever else it holds', () => {
    expect(codeOf(() => parseHeader('{"format":2,"else":1}'))).toBe('exchange/newer-format');
  });

  it.each([
    ['no JSON', '{'],
    ['no format', '{}'],
    ['an unknown field', JSON.stringify({ ...DEVICE, more: 1 })],
    ['another direction', JSON.stringify({ ...DEVICE, from: 'somebody' })],
    ['start weights without an update', JSON.stringify({ ...DEVICE, update: null })],
    ['a reply that is none', JSON.stringify({ ...REPLY, from: 'device' })],
    ['half an update', JSON.stringify({ ...DEVICE, update: { ...DEVICE.update, baseId: undefined } })],
  ])('with %s is damaged', (_, text) => {
    expect(codeOf(() => parseHeader(text))).toBe('exchange/damaged');
  });
});

describe('the name of an exchange file', () => {
  it('has plant, day and time', () => {
    const at = new Date(2026, 10, 6, 9, 5);
    expect(exchangeFileName('仙台 第一工場', at, 'update')).toBe(
      '仙台 第一工場 2026-11-06 0905.genba-update',
    );
    expect(exchangeFileName('A/B: "C"?', at, 'reply')).toBe('A_B_ _C__ 2026-11-06 0905.genba-reply');
  });

  it('is one that FAT32, exFAT and NTFS take, whatever the plant is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (plantName) => {
        const name = exchangeFileName(plantName, new Date(2026, 0, 1), 'request');
        expect(name).not.toMatch(/[\\/:*?"<>|]/);
        expect([...name].every((character) => character.codePointAt(0)! >= 0x20)).toBe(true);
        expect(name).toMatch(/^\S.*\S$/u);
        expect(Buffer.byteLength(name)).toBeLessThan(255);
      }),
    );
  });
});
