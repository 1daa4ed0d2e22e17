import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOf, sha256 } from '../testing/fixtures.ts';
import { RunningProof } from './running-proof.ts';

/** Bytes cut into pieces, each at a distance from a multiple of four in memory, as frames may lie. */
function proofOf(bytes: Uint8Array, cuts: readonly number[], distance: number): RunningProof {
  const proof = new RunningProof();
  const ends = [...cuts.map((cut) => cut % (bytes.byteLength + 1)), bytes.byteLength].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    // As they come from a socket, and are freed.
    const room = Buffer.from(new ArrayBuffer(distance + end - start));
    room.set(bytes.subarray(start, end), distance);
    proof.add(room.subarray(distance));
    room.buffer.transfer(0);
    start = end;
  }
  return proof;
}

const weights = fc
  .array(fc.float({ noNaN: true, min: Math.fround(-9e29), max: Math.fround(9e29) }), { minLength: 1 })
  .map((values) => Float32Array.from(values));
const cuts = fc.array(fc.nat(), { maxLength: 6 });
const distance = fc.nat({ max: 7 });

it('lets good weights through, however they are cut', () => {
  fc.assert(
    fc.property(weights, cuts, distance, (good, at, from) => {
      const bytes = bytesOf(good);
      proofOf(bytes, at, from).judge(sha256(bytes));
    }),
  );
});

it('finds one bad weight anywhere', () => {
  const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2e30, -2e30);
  fc.assert(
    fc.property(weights, fc.nat(), bad, cuts, distance, (good, index, value, at, from) => {
      const spoilt = good.slice();
      spoilt[index % spoilt.length] = value;
      const proof = proofOf(bytesOf(spoilt), at, from);
      expect(() => proof.judge(sha256(bytesOf(spoilt)))).toThrow(
        expect.objectContaining({ code: 'update/not-finite' }),
      );
    }),
  );
});

it('finds one wrong bit anywhere', () => {
  fc.assert(
    fc.property(weights, fc.nat(), cuts, distance, (good, bit, at, from) => {
      const bytes = bytesOf(good);
      const digest = sha256(bytes);
      const changed = bytes.slice();
      changed[(bit >> 3) % changed.byteLength]! ^= 1 << (bit & 7);
      expect(() => proofOf(changed, at, from).judge(digest)).toThrow(
        expect.objectContaining({ code: 'update/digest-mismatch' }),
      );
    }),
  );
});
