import { randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import type { DeltaEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { UpdateOffer, WeightsOffer } from '@genba/shared/protocol/messages';
import { describe, expect, it } from 'vitest';
import { verify } from '../operations/verify.ts';
import { DEFAULT_RETENTION } from '../store/retention-policy.ts';
import { BusyPlant } from '../testing/busy-plant.ts';
import { bytesOf, largeTask, SERVED_FEDERATIONS, sha256, smallTask, trained } from '../testing/fixtures.ts';
import { catalogueContent, startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const ENCODINGS = ['float16', 'int8'] as const;

/** All but where only the plants have their start weights. */
const { 'orthofl calibrated by clients': _, ...FEDERATIONS } = SERVED_FEDERATIONS;

interface Delta {
  readonly offer: UpdateOffer;
  readonly payload: Uint8Array<ArrayBuffer>;
  /** What it leads to. */
  readonly weights: Float32Array;
}

/** An update on a base, as an agent encodes it. */
function deltaOn(
  base: WeightsOffer,
  [task, encoding]: readonly [Task, DeltaEncoding],
  { start, weights }: { start: Float32Array; weights: Float32Array },
): Delta {
  const encoded = encodeUpdate({ encoding, layout: weightLayout(task) }, weights, start)!;
  const named = { taskId: task.id, baseId: base.baseId, baseVersion: base.globalVersion };
  return { ...encoded, offer: codedOffer(named, { encoding, ...encoded }) };
}

function codedOffer(
  base: { taskId: string; baseId: string; baseVersion: number },
  { encoding, payload, weights }: { encoding: DeltaEncoding; payload: Uint8Array; weights: Float32Array },
): UpdateOffer {
  return updateOffer(base, weights, {
    encoding,
    sizeBytes: payload.byteLength,
    sha256: sha256(payload),
    weightsSha256: sha256(bytesOf(weights)),
  });
}

/** A joined client with its first update, and where the server keeps its start weights. */
async function setScene(encoding: DeltaEncoding, task = smallTask()) {
  // With as few other versions as possible: none of them may be what a delta is decoded against.
  const retention = { ...DEFAULT_RETENTION, keepVersions: 1 };
  const { address, dataFolder, close } = await startForTest({ tasks: [task], retention });
  const { client } = await TestClient.join(address);
  const { offer: base, weights: start } = await client.begin();
  await client.expectSilence();
  const weights = trained(start, 3);
  const delta = deltaOn(base, [task, encoding], { start, weights });
  const startPath = join(dataFolder, 'weights', base.sha256.slice(0, 2), base.sha256);
  return { address, dataFolder, close, client, base, task, start, delta, startPath };
}

function updatesOf(dataFolder: string): unknown[] {
  return catalogueContent(dataFolder).updates!.map((row) => {
    const { id, digest, state } = row as { id: string; digest: string; state: string };
    return { id, digest, state };
  });
}

describe.each(ENCODINGS)('an update as %s', (encoding) => {
  it.each(Object.entries(FEDERATIONS))(
    'is merged as the weights it leads to: %s',
    async (_name, federation) => {
      const task = smallTask({ federation, updateEncoding: encoding });
      const { client, start, dataFolder, address, delta } = await setScene(encoding, task);
      // Beside it, on another server, the same weights in full.
      const beside = await setScene(encoding, task);
      const plain = updateOffer(
        { taskId: task.id, baseId: beside.base.baseId, baseVersion: 0 },
        delta.weights,
      );
      expect(beside.start).toEqual(start);
      await client.upload(delta.offer, delta.payload);
      await beside.client.upload(plain, delta.weights);
      const [reply, expected] = [
        await client.expect('weights/offer'),
        await beside.client.expect('weights/offer'),
      ];
      const { baseId: _a, updateId: _b, ...figures } = reply;
      expect(expected).toMatchObject(figures);
      const received = await client.install(reply);
      expect(updatesOf(dataFolder)).toEqual([
        { id: delta.offer.updateId, digest: sha256(bytesOf(delta.weights)), state: 'applied' },
      ]);
      expect((await statusOf(address)).tasks[0]!.counts).toMatchObject({ applied: 1, failed: 0 });
      expect(await readdir(join(dataFolder, 'transfers'))).toEqual([]);
      expect(await readdir(join(dataFolder, 'weights', 'temporary'))).toEqual([]);

      // And again on what it was sent, after another plant has moved the global weights on.
      const other = await BusyPlant.join(address, task.id);
      // In rounds its reply waits for this plant.
      if (!('deadlineMs' in task.federation)) await other.report();
      const next = deltaOn(reply, [task, encoding], { start: received, weights: trained(received, 4) });
      await client.upload(next.offer, next.payload);
      expect((await verify({ dataFolder })).problems).toEqual([]);
      await other.close();
    },
  );

  it('is resumed, over a restart too, and gets its first receipt again', async () => {
    const task = largeTask();
    const { client, delta, dataFolder, close } = await setScene(encoding, task);
    client.send(delta.offer);
    const { transfer } = await client.expect('update/resume');
    const to = 256 * 1024;
    client.sendWeights({ transfer, from: 0, to, weights: delta.payload });
    await client.expectSilence();
    await close();
    const { address } = await startForTest({ tasks: [task], dataFolder });
    const { client: again } = await TestClient.join(address, { clientId: client.clientId });
    again.send(delta.offer);
    const resume = await again.expect('update/resume');
    expect(resume.offset).toBe(to);
    again.sendWeights({ transfer: resume.transfer, from: to, weights: delta.payload });
    const receipt = await again.expect('update/receipt');
    await again.expect('weights/offer');
    again.send(delta.offer);
    expect(await again.expect('update/receipt')).toEqual(receipt);
    await again.expect('weights/offer');
    again.send({ ...delta.offer, weightsSha256: sha256(bytesOf(new Float32Array(1))) });
    await again.expectError('update/id-conflict');
  });

  it('is refused in time where the start weights are gone, and taken in full', async () => {
    const { client, delta, startPath } = await setScene(encoding);
    await rm(startPath);
    client.send(delta.offer);
    await client.expectError('update/encoding-refused');
    await expectInFull(client, delta);
  });

  it('is refused where the start weights are damaged, or others than the plant’s, and taken in full', async () => {
    const { client, delta, startPath, start, base, task } = await setScene(encoding);
    await writeFile(startPath, bytesOf(start.map((weight) => weight + 1)));
    await sendInVain(client, delta, 'update/encoding-refused');
    await writeFile(startPath, bytesOf(start));
    const others = start.map((weight) => weight + 1);
    const wrong = deltaOn(base, [task, encoding], { start: others, weights: trained(others, 1) });
    await sendInVain(client, wrong, 'update/encoding-refused');
    await expectInFull(client, delta);
  });

  it('is refused where it is damaged, not finite or too large, and leaves no trace', async () => {
    const { client, delta, dataFolder, base, task } = await setScene(encoding);
    const named = { taskId: task.id, baseId: base.baseId, baseVersion: 0 };
    const before = catalogueContent(dataFolder);
    const damaged = { ...delta, payload: delta.payload.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) };
    await sendInVain(client, damaged, 'update/digest-mismatch');
    const poisons =
      encoding === 'float16' ? [0x7c00, 0xfc00, 0x7e00] : [Number.NaN, Number.POSITIVE_INFINITY, 1e30];
    for (const poison of poisons) {
      const payload = delta.payload.slice();
      if (encoding === 'float16') new Uint16Array(payload.buffer)[5] = poison;
      else new Float32Array(payload.buffer, 0, 4)[3] = poison;
      const offer = codedOffer(named, { encoding, payload, weights: delta.weights });
      await sendInVain(client, { ...delta, offer, payload }, 'update/not-finite');
    }
    expect(catalogueContent(dataFolder)).toEqual(before);
    expect(await readdir(join(dataFolder, 'transfers'))).toEqual([]);
    expect(await readdir(join(dataFolder, 'weights', 'temporary'))).toEqual([]);
    await client.upload(delta.offer, delta.payload);
  });

  it('must have its own size, and say what it leads to', async () => {
    const { client, delta } = await setScene(encoding);
    const { weightsSha256: _, ...silent } = delta.offer;
    const wrong: [object, 'update/wrong-shape' | 'protocol/bad-message'][] = [
      [{ ...delta.offer, sizeBytes: delta.weights.byteLength }, 'update/wrong-shape'],
      [{ ...delta.offer, sizeBytes: delta.offer.sizeBytes - 1 }, 'update/wrong-shape'],
      [silent, 'protocol/bad-message'],
      [{ ...delta.offer, encoding: 'float32' }, 'protocol/bad-message'],
      [{ ...delta.offer, encoding: 'float8' }, 'protocol/bad-message'],
    ];
    for (const [offer, code] of wrong) {
      client.send(offer as UpdateOffer);
      await client.expectError(code);
    }
    await client.upload(delta.offer, delta.payload);
  });
});

async function sendInVain(
  client: TestClient,
  { offer, payload }: Delta,
  code: 'update/encoding-refused' | 'update/digest-mismatch' | 'update/not-finite',
): Promise<void> {
  const again = { ...offer, updateId: randomUUID() };
  client.send(again);
  const { transfer } = await client.expect('update/resume');
  client.sendWeights({ transfer, from: 0, weights: payload });
  await client.expectError(code);
}

/** The same update under its id: the very weights its delta leads to. */
async function expectInFull(client: TestClient, { offer, weights }: Delta): Promise<void> {
  const { weightsSha256, ...rest } = offer;
  const full = {
    ...rest,
    encoding: 'float32',
    sizeBytes: weights.byteLength,
    sha256: weightsSha256!,
  } as const;
  const receipt = await client.upload(full, weights);
  expect(receipt.updateId).toBe(offer.updateId);
}
