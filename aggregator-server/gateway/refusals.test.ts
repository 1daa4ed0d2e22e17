import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { encodeDataFrame } from '@genba/shared/protocol/data-frame';
import {
  DATA_CHUNK_BYTES,
  HARD_FRAME_LIMIT_BYTES,
  MAX_CONTROL_FRAME_BYTES,
} from '@genba/shared/protocol/limits';
import type { UpdateOffer } from '@genba/shared/protocol/messages';
import { describe, expect, it } from 'vitest';
import { smallTask, trained } from '../testing/fixtures.ts';
import { catalogueContent, startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';

const TASK = smallTask();

/** A client that has begun, on a server where another one has already been merged: global version 1. */
interface Scene {
  readonly client: TestClient;
  readonly address: string;
  readonly dataFolder: string;
  readonly base: { taskId: string; baseId: string; baseVersion: number };
  readonly weights: Float32Array;
  /** The other client's base and its merged update. */
  readonly other: { baseId: string; update: UpdateOffer };
}

async function setScene(): Promise<Scene> {
  const { address, dataFolder } = await startForTest();
  const { client } = await TestClient.join(address);
  const { offer, weights: start } = await client.begin();
  const { client: another } = await TestClient.join(address);
  const begun = await another.begin();
  const theirs = trained(begun.weights, 7);
  const update = updateOffer({ taskId: TASK.id, baseId: begun.offer.baseId, baseVersion: 0 }, theirs);
  await another.upload(update, theirs);
  const reply = await another.expect('weights/offer');
  await another.install(reply);
  await another.expectSilence();
  const base = { taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 };
  return {
    client,
    address,
    dataFolder,
    base,
    weights: trained(start, 1),
    other: { baseId: reply.baseId, update },
  };
}

/** The other half of each pair: on the same connection, a good update still goes all the way. */
async function admitGoodUpdate({ client, base, weights }: Scene): Promise<void> {
  await client.upload(updateOffer(base, weights), weights);
  expect(await client.expect('weights/offer')).toMatchObject({ globalVersion: 2, staleness: 1 });
}

/** The wrong part is said, answered by one error and leaves no trace; then a good update is admitted. */
async function refuseThenAdmit(
  wrong: (scene: Scene) => Promise<void> | void,
  code: ErrorCode,
): Promise<void> {
  const scene = await setScene();
  const before = catalogueContent(scene.dataFolder);
  await wrong(scene);
  await scene.client.expectError(code);
  await scene.client.expectSilence();
  expect(catalogueContent(scene.dataFolder)).toEqual(before);
  await admitGoodUpdate(scene);
}

describe('an offer', () => {
  const offers: [name: string, code: ErrorCode, change: (scene: Scene) => Partial<UpdateOffer>][] = [
    ['of another size', 'update/wrong-shape', ({ weights }) => ({ sizeBytes: weights.byteLength + 4 })],
    ['of no size', 'update/wrong-shape', () => ({ sizeBytes: 0 })],
    ['for an unknown task', 'task/unknown', () => ({ taskId: 'other' })],
    ['on an unknown base', 'update/unknown-base', () => ({ baseId: randomUUID() })],
    ['on another client’s base', 'update/unknown-base', ({ other }) => ({ baseId: other.baseId })],
    ['with another version of its base', 'update/unknown-base', () => ({ baseVersion: 1 })],
    ['from the future', 'update/future-base', () => ({ baseVersion: 2 })],
    ['with the id of another client', 'update/id-conflict', ({ other }) => ({ ...other.update })],
    ['with a used id', 'update/id-conflict', ({ other }) => ({ updateId: other.update.updateId })],
    ['without rounds', 'protocol/bad-message', () => ({ rounds: 0 })],
    ['in another encoding', 'protocol/bad-message', () => ({ encoding: 'float64' as 'float32' })],
  ];
  it.each(offers)('%s is refused (%s), a good one admitted', async (_name, code, change) => {
    await refuseThenAdmit((scene) => {
      scene.client.send(updateOffer(scene.base, scene.weights, change(scene)));
    }, code);
  });

  it('on a base that already carries an update is refused, the reply’s base admitted', async () => {
    const scene = await setScene();
    await scene.client.upload(updateOffer(scene.base, scene.weights), scene.weights);
    const reply = await scene.client.expect('weights/offer');
    scene.client.send(updateOffer(scene.base, scene.weights));
    await scene.client.expectError('update/unknown-base');
    const base = { ...scene.base, baseId: reply.baseId, baseVersion: reply.globalVersion };
    await scene.client.upload(updateOffer(base, scene.weights), scene.weights);
  });

  it('repeated with the same content gets the same receipt, with other content is refused', async () => {
    const scene = await setScene();
    const offer = updateOffer(scene.base, scene.weights);
    const receipt = await scene.client.upload(offer, scene.weights);
    const reply = await scene.client.expect('weights/offer');
    await scene.client.install(reply);
    scene.client.send(offer);
    expect(await scene.client.expect('update/receipt')).toEqual(receipt);
    scene.client.send({ ...offer, sha256: '0'.repeat(64) });
    await scene.client.expectError('update/id-conflict');
    expect((await statusOf(scene.address)).tasks[0]).toMatchObject({ globalVersion: 2 });
  });
});

describe('content', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.1e30])(
    'with %d is refused, finite content admitted',
    async (value) => {
      await refuseThenAdmit(async ({ client, base, weights }) => {
        const broken = weights.slice();
        broken[broken.length - 1] = value;
        const offer = updateOffer(base, broken);
        client.send(offer);
        const { transfer } = await client.expect('update/resume');
        client.sendWeights({ transfer, from: 0, weights: broken });
      }, 'update/not-finite');
    },
  );

  it('damaged on the way is refused, and admitted when sent again', async () => {
    const scene = await setScene();
    const { client, base, weights } = scene;
    const offer = updateOffer(base, weights);
    client.send(offer);
    const { transfer } = await client.expect('update/resume');
    client.sendWeights({ transfer, from: 0, weights: trained(weights, 9) });
    expect(await client.expectError('update/digest-mismatch')).toMatchObject({
      about: offer.updateId,
      retry: true,
    });
    client.send(offer);
    expect(await client.expect('update/resume')).toMatchObject({ offset: 0 });
    await client.expectSilence();
    client.send(offer);
    const again = await client.expect('update/resume');
    client.sendWeights({ transfer: again.transfer, from: 0, weights });
    await client.expect('update/receipt');
  });
});

describe('between transfers, a frame', () => {
  const payload = new Uint8Array(8);
  const frames: [name: string, code: ErrorCode, send: (scene: Scene) => void][] = [
    ['not JSON', 'protocol/bad-message', ({ client }) => client.sendText('weights, please')],
    ['without type', 'protocol/bad-message', ({ client }) => client.sendText('{}')],
    ['of unknown type', 'protocol/bad-message', ({ client }) => client.sendText('{"type":"weights/steal"}')],
    [
      'with an unknown key',
      'protocol/bad-message',
      ({ client }) => client.sendText('{"type":"weights/request","reason":"first","sudo":true}'),
    ],
    ['not UTF-8', 'protocol/bad-message', ({ client }) => client.sendTextBytes(Uint8Array.of(0xc3, 0x28))],
    [
      'of too much text',
      'protocol/frame-too-large',
      ({ client }) => client.sendText(' '.repeat(MAX_CONTROL_FRAME_BYTES + 1)),
    ],
    ['hello again', 'protocol/unexpected-message', ({ client }) => client.send(client.hello())],
    [
      'asking for an unknown base',
      'protocol/unexpected-message',
      ({ client }) => client.send({ type: 'weights/resume', baseId: randomUUID(), offset: 0 }),
    ],
    [
      'asking beyond the end',
      'protocol/offset-mismatch',
      ({ client, base }) => client.send({ type: 'weights/resume', baseId: base.baseId, offset: 1000 }),
    ],
    [
      'installing another client’s base',
      'protocol/unexpected-message',
      ({ client, other }) => client.send({ type: 'weights/installed', baseId: other.baseId }),
    ],
    [
      'with data',
      'protocol/binary-unexpected',
      ({ client }) => client.sendBinary(encodeDataFrame({ transfer: 1, offset: 0, payload })),
    ],
    ['cut in its header', 'protocol/frame-truncated', ({ client }) => client.sendBinary(new Uint8Array(7))],
    ['with nothing in it', 'protocol/frame-truncated', ({ client }) => client.sendBinary(new Uint8Array(0))],
  ];
  it.each(frames)('%s is refused (%s), a good update admitted', async (_name, code, send) => {
    await refuseThenAdmit(send, code);
  });
});

describe('while data is due, a frame', () => {
  type Wrong = (client: TestClient, transfer: number, weights: Float32Array) => void;
  const payload = new Uint8Array(8);
  const frames: [name: string, code: ErrorCode, send: Wrong][] = [
    ['of text', 'protocol/binary-expected', (client) => client.sendText('0.25, 0.5')],
    ['of JSON that is no message', 'protocol/binary-expected', (client) => client.sendText('[0.25, 0.5]')],
    ['cut in its header', 'protocol/frame-truncated', (client) => client.sendBinary(new Uint8Array(15))],
    [
      'with a header only',
      'protocol/frame-truncated',
      (client, transfer) =>
        client.sendBinary(encodeDataFrame({ transfer, offset: 0, payload: new Uint8Array() })),
    ],
    [
      'larger than the limit',
      'protocol/frame-too-large',
      (client, transfer) =>
        client.sendBinary(
          encodeDataFrame({ transfer, offset: 0, payload: new Uint8Array(DATA_CHUNK_BYTES + 1) }),
        ),
    ],
    [
      'that runs past the end',
      'protocol/frame-too-large',
      (client, transfer, weights) =>
        client.sendBinary(
          encodeDataFrame({ transfer, offset: 0, payload: new Uint8Array(weights.byteLength + 4) }),
        ),
    ],
    [
      'of another transfer',
      'protocol/binary-unexpected',
      (client, transfer) =>
        client.sendBinary(encodeDataFrame({ transfer: transfer + 1, offset: 0, payload })),
    ],
    [
      'from further on',
      'protocol/offset-mismatch',
      (client, transfer) => client.sendBinary(encodeDataFrame({ transfer, offset: 4, payload })),
    ],
    ['of another kind', 'protocol/bad-message', (client) => client.sendBinary(new Uint8Array(24).fill(0xff))],
  ];
  it.each(frames)('%s is refused (%s), and the upload goes on', async (_name, code, send) => {
    const { client, base, weights, dataFolder } = await setScene();
    const before = catalogueContent(dataFolder);
    const offer = updateOffer(base, weights);
    client.send(offer);
    const { transfer } = await client.expect('update/resume');
    send(client, transfer, weights);
    expect(await client.expectError(code)).toMatchObject({ retry: code.match(/truncated|offset/) !== null });
    await client.expectSilence();
    expect(catalogueContent(dataFolder)).toEqual(before);
    client.sendWeights({ transfer, from: 0, weights });
    await client.expect('update/receipt');
    expect(await client.expect('weights/offer')).toMatchObject({ globalVersion: 2 });
  });
});

describe('the hard limit', () => {
  it('closes the connection, and the next one works', async () => {
    const scene = await setScene();
    const before = catalogueContent(scene.dataFolder);
    scene.client.sendBinary(new Uint8Array(HARD_FRAME_LIMIT_BYTES + 1));
    expect(await scene.client.closed).toBe(1009);
    expect(catalogueContent(scene.dataFolder)).toEqual(before);
    const { client } = await TestClient.join(scene.address, { clientId: scene.client.clientId });
    await admitGoodUpdate({ ...scene, client });
  });
});

describe('a first frame', () => {
  type Say = (client: TestClient) => void;
  const firsts: [name: string, code: ErrorCode, say: Say][] = [
    [
      'from a later protocol',
      'protocol/unsupported-version',
      (client) => client.send({ ...client.hello(), protocol: { min: 2, max: 3 } }),
    ],
    [
      'from a later protocol with other fields',
      'protocol/unsupported-version',
      (client) => client.sendText('{"type":"hello","protocol":{"min":2,"max":2},"device":"x"}'),
    ],
    ['for an unknown task', 'task/unknown', (client) => client.send(client.hello({ taskId: 'other' }))],
    ['with a wrong field', 'protocol/bad-message', (client) => client.send(client.hello({ plantName: '' }))],
    [
      'that is no hello',
      'protocol/hello-expected',
      (client) => client.send({ type: 'weights/request', reason: 'first' }),
    ],
    ['that is no JSON', 'protocol/hello-expected', (client) => client.sendText('hello')],
    ['of data', 'protocol/hello-expected', (client) => client.sendBinary(new Uint8Array(32))],
  ];
  it.each(firsts)('%s is refused (%s), a proper hello admitted', async (_name, code, say) => {
    const { address, dataFolder } = await startForTest();
    const before = catalogueContent(dataFolder);
    const client = await TestClient.dial(address);
    say(client);
    await client.expectError(code);
    expect(await client.closed).toBe(1008);
    expect(catalogueContent(dataFolder)).toEqual(before);
    await TestClient.join(address, { clientId: client.clientId });
  });

  it('must name the task where there are several', async () => {
    const { address } = await startForTest({ tasks: [TASK, smallTask({ id: 'second' })] });
    const client = await TestClient.dial(address);
    client.send(client.hello());
    await client.expectError('task/unknown');
    const { welcome } = await TestClient.join(address, { taskId: 'second' });
    expect(welcome.task.id).toBe('second');
  });
});

describe('trouble with the disk', () => {
  it('is our fault, said as such, and over when the disk is back', async () => {
    const scene = await setScene();
    const { client, base, weights, dataFolder } = scene;
    const transfers = join(dataFolder, 'transfers');
    await rename(transfers, `${transfers}-away`);
    await writeFile(transfers, 'not a folder');
    const offer = updateOffer(base, weights);
    client.send(offer);
    expect(await client.expectError('server/storage')).toMatchObject({ retry: true, detail: null });
    await rename(`${transfers}`, `${transfers}-file`);
    await rename(`${transfers}-away`, transfers);
    await client.upload(offer, weights);
  });

  it('counts refused updates, and only those', async () => {
    const { client, base, weights, address } = await setScene();
    client.sendText('?');
    await client.expectError('protocol/bad-message');
    client.send(updateOffer(base, weights, { baseVersion: 9 }));
    await client.expectError('update/future-base');
    const [task] = (await statusOf(address)).tasks;
    expect(task?.counts).toEqual({ received: 1, applied: 1, refused: 1, failed: 0, quarantined: 0 });
  });
});
