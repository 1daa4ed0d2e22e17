import { randomUUID } from 'node:crypto';
import { encodeDataFrame } from '@genba/shared/protocol/data-frame';
import type { ClientMessage } from '@genba/shared/protocol/messages';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { smallTask, trained } from '../testing/fixtures.ts';
import { catalogueContent, startForTest } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const RUNS = 300;

/** An edit of a frame's bytes: overwrite, cut, or insert at some place. */
const edit = fc.record({
  kind: fc.constantFrom('overwrite', 'cut', 'insert'),
  place: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

function mutate(
  frame: Uint8Array,
  edits: readonly (typeof edit extends fc.Arbitrary<infer Edit> ? Edit : never)[],
) {
  let mutated = frame;
  for (const { kind, place, bytes } of edits) {
    const at = place % (mutated.byteLength + 1);
    const before = mutated.subarray(0, at);
    const after = mutated.subarray(kind === 'insert' ? at : at + bytes.byteLength);
    mutated = Buffer.concat(kind === 'cut' ? [before, after] : [before, bytes, after]);
  }
  return mutated;
}

it(`answers each of ${RUNS} mutated frames once, with an error, and changes nothing`, async () => {
  const task = smallTask();
  const { address, dataFolder } = await startForTest();
  const { client } = await TestClient.join(address);
  const { offer, weights: start } = await client.begin();
  const weights = trained(start, 1);
  const base = { taskId: task.id, baseId: offer.baseId, baseVersion: 0 };
  const messages: ClientMessage[] = [
    { ...client.hello() },
    // On a base that does not exist, so that a mutation that stays well-formed cannot succeed either.
    updateOffer({ ...base, baseId: randomUUID() }, weights),
    { type: 'weights/resume', baseId: randomUUID(), offset: 0 },
    { type: 'weights/installed', baseId: randomUUID() },
    { type: 'base/missing', baseId: randomUUID() },
  ];
  const frames = [
    ...messages.map((message) => ({ isText: true, bytes: Buffer.from(JSON.stringify(message)) })),
    { isText: false, bytes: encodeDataFrame({ transfer: 77, offset: 0, payload: new Uint8Array(20) }) },
  ];
  await client.expectSilence();
  const before = catalogueContent(dataFolder);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...frames),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      async (frame, edits) => {
        const mutated = mutate(frame.bytes, edits);
        if (frame.isText) client.sendTextBytes(mutated);
        else client.sendBinary(mutated);
        const { code } = await client.expect('error');
        expect(code).toMatch(/^(protocol|update|task)\//);
      },
    ),
    { numRuns: RUNS },
  );
  await client.expectSilence();
  expect(catalogueContent(dataFolder)).toEqual(before);
  await client.upload(updateOffer(base, weights), weights);
});

it('survives any bytes as a first frame', async () => {
  const { address, dataFolder } = await startForTest();
  const before = catalogueContent(dataFolder);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isText) => {
      const client = await TestClient.dial(address);
      if (isText) client.sendTextBytes(bytes);
      else client.sendBinary(bytes);
      await client.expectError('protocol/hello-expected');
      expect(await client.closed).toBe(1008);
    }),
    { numRuns: 40 },
  );
  expect(catalogueContent(dataFolder)).toEqual(before);
});
