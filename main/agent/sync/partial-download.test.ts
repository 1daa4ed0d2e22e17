import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WeightsOffer } from '@genba/shared/protocol/messages';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DOWNLOAD_FOLDERS, PartialDownload } from './partial-download.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba-download-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONTENT = Buffer.from('12345678');

function offer(baseId: string, content = CONTENT): WeightsOffer {
  return {
    type: 'weights/offer',
    baseId,
    globalVersion: 1,
    use: 'install',
    updateId: null,
    encoding: 'float32',
    sizeBytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    staleness: null,
    mixingWeight: null,
    calibration: [],
  };
}

const open = (baseId: string) =>
  new PartialDownload(path.join(folder, DOWNLOAD_FOLDERS.base), baseId, offer(baseId));

describe('PartialDownload', () => {
  it('goes on where a cut left it', () => {
    open('a').append(0, CONTENT.subarray(0, 4));
    const resumed = open('a');
    expect(resumed.offset).toBe(4);
    expect(resumed.isComplete).toBe(false);
    resumed.append(4, CONTENT.subarray(4));
    expect(resumed.bytes()).toEqual(CONTENT);
  });

  it('refuses a piece that does not continue it, or goes beyond the end', () => {
    const download = open('a');
    download.append(0, CONTENT.subarray(0, 4));
    for (const [at, piece] of [
      [0, CONTENT],
      [5, CONTENT.subarray(5)],
      [4, CONTENT],
    ] as const) {
      expect(() => download.append(at, piece)).toThrow(
        expect.objectContaining({ code: 'protocol/offset-mismatch' }),
      );
    }
    download.append(4, CONTENT.subarray(4));
    expect(download.bytes()).toEqual(CONTENT);
  });

  it('throws damaged bytes away, so that the next attempt starts clean', () => {
    const download = open('a');
    download.append(0, Buffer.from('1234567X'));
    expect(() => download.bytes()).toThrow(expect.objectContaining({ code: 'transfer/digest-mismatch' }));
    expect(open('a').offset).toBe(0);
  });

  it('keeps one file: older weights on their way are of no use any more', () => {
    open('a').append(0, CONTENT.subarray(0, 4));
    open('b').append(0, CONTENT);
    expect(readdirSync(path.join(folder, 'downloads'))).toHaveLength(1);
  });
});
