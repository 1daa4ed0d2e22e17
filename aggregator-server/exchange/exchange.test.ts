import { verify, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { decodePrefix, PREFIX_BYTES } from '@genba/shared/exchange/container';
import { type AggregatorHeader, parseHeader } from '@genba/shared/exchange/header';
import { fileStatement } from '@genba/shared/identity/statements';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../identity/certificates.ts';
import { revoke } from '../operations/devices.ts';
import { exportReplies } from '../operations/export-replies.ts';
import { importFile } from '../operations/import-file.ts';
import type { Device } from '../store/identity-register.ts';
import { openTablesHere } from '../store/tables.ts';
import {
  deviceFile,
  type FileWish,
  type FrozenUpdate,
  frozen,
  writeDeviceFile,
} from '../testing/device-file-writer.ts';
import { type EnrolledBench, startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask, trained, weightsOf } from '../testing/fixtures.ts';
import { catalogueContent } from '../testing/gateway-bench.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { TestDevice, testKey } from '../testing/test-device.ts';
import { IMPORT_STEPS, type ImportStep } from './file-importer.ts';

const PLANT = '隔離 ライン 2';
let bench: EnrolledBench;
let dataFolder: string;
let certificate: string;
let stick: string;
let serial = 0;

beforeEach(async () => {
  bench = await startEnrolled();
  dataFolder = bench.dataFolder;
  certificate = fingerprintOf(new X509Certificate(bench.ca));
  stick = join(await temporaryFolder(), 'USB メモリー');
  await mkdir(stick);
});

afterEach(async () => {
  // Whatever happened, the record of identities is unbroken and nothing is left half done.
  expect(catalogueContent(dataFolder).integrity).toEqual([{ integrity_check: 'ok' }]);
});

const at = (name: string) => join(stick, `${serial++} ${name}`);
const take = (path: string) => importFile({ dataFolder, path });
const carried = async (device: TestDevice, wish: Omit<FileWish, 'certificate'>) =>
  take(await writeDeviceFile(at('x.genba-update'), device, { certificate, ...wish }));

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code;
    throw thrown;
  }
}

interface ReadReply {
  readonly header: AggregatorHeader;
  readonly weights: Float32Array;
}

/** Exports what a device is to be told and reads it as a device does. */
async function reply(device: TestDevice): Promise<ReadReply> {
  const [written] = await exportReplies({ dataFolder, device: device.clientId, target: stick });
  return readReply(written!.path);
}

function readReply(path: string): ReadReply {
  const bytes = readFileSync(path);
  const { headerBytes, sealBytes } = decodePrefix(bytes.subarray(0, PREFIX_BYTES));
  const signed = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes);
  const sealAt = PREFIX_BYTES + headerBytes;
  const seal = JSON.parse(bytes.subarray(sealAt, sealAt + sealBytes).toString()) as {
    chain: string[];
    signature: string;
  };
  const [leaf, top] = seal.chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
  expect(fingerprintOf(top!)).toBe(certificate);
  expect(leaf!.verify(top!.publicKey)).toBe(true);
  const signature = Buffer.from(seal.signature, 'base64url');
  expect(verify('sha256', fileStatement('aggregator', signed), leaf!.publicKey, signature)).toBe(true);
  const header = parseHeader(signed.toString()) as AggregatorHeader;
  return { header, weights: weightsOf(Uint8Array.from(bytes.subarray(sealAt + sealBytes))) };
}

/** A device that has enrolled by file, and its first weights. */
async function island(plantName = PLANT): Promise<{ device: TestDevice; first: ReadReply }> {
  const device = new TestDevice();
  const { code } = await bench.invite({ plantName });
  await carried(device, { code });
  return { device, first: await reply(device) };
}

const baseOf = ({ header }: ReadReply) => ({
  baseId: header.weights!.baseId,
  version: header.weights!.globalVersion,
});

async function updateOn(base: ReadReply, seed = 1): Promise<FrozenUpdate> {
  return frozen(baseOf(base), trained(base.weights, seed), { start: base.weights });
}

async function deviceRows(): Promise<Device[]> {
  const opened = await openTablesHere(join(dataFolder, 'catalogue.sqlite'));
  try {
    return await opened.tables.identities.devices();
  } finally {
    await opened.close();
  }
}

const updates = () => catalogueContent(dataFolder).updates as { id: string; state: string }[];

describe.each(['beside the running server', 'without a server'])('files, %s', (mode) => {
  beforeEach(async () => {
    if (mode === 'without a server') await bench.close();
  });

  it('enrol a device, bring its update in, and take the answer out', async () => {
    const { device, first } = await island();
    expect(first.header).toMatchObject({
      plantName: PLANT,
      clientId: device.clientId,
      keyId: device.key.keyId,
    });
    expect(first.header.weights).toMatchObject({ use: 'install', updateId: null, globalVersion: 0 });
    const update = await updateOn(first);
    const taken = await carried(device, { frozen: update });
    expect(taken).toMatchObject({ plantName: PLANT, updateState: 'applied', refusal: null, isKnown: false });
    const answer = await reply(device);
    expect(answer.header.receipt).toMatchObject({ updateId: update.offer.updateId });
    expect(answer.header.weights).toMatchObject({ updateId: update.offer.updateId, globalVersion: 1 });
    // With one client, calibration changes nothing: it goes on from what it sent.
    expect(answer.weights).toEqual(update.weights);
    const next = await updateOn(answer, 2);
    expect(await carried(device, { frozen: next })).toMatchObject({ updateState: 'applied' });
    await expect.poll(() => readdirSync(join(dataFolder, 'imports'))).toEqual([]);
  });

  it('are taken in once, in whatever order and however often they come', async () => {
    const { device, first } = await island();
    const request = await writeDeviceFile(at('r'), device, {
      certificate,
      code: (await bench.invite()).code,
    });
    const one = await updateOn(first);
    const path = await writeDeviceFile(at('1'), device, { certificate, frozen: one });
    await take(path);
    const answer = await reply(device);
    const two = await writeDeviceFile(at('2'), device, { certificate, frozen: await updateOn(answer, 2) });
    await take(two);
    const before = catalogueContent(dataFolder);
    expect(await take(path)).toMatchObject({ isKnown: true, updateState: 'applied' });
    expect(await take(two)).toMatchObject({ isKnown: true });
    // Its device is enrolled by now, with another invitation.
    expect(await codeOf(take(request))).toBe('identity/already-enrolled');
    expect(catalogueContent(dataFolder)).toEqual(before);
  });

  it('that name an update whose base is spent are refused, and their device is told', async () => {
    const { device, first } = await island();
    await carried(device, { frozen: await updateOn(first) });
    const late = await updateOn(first, 9);
    expect(await carried(device, { frozen: late })).toMatchObject({ refusal: 'update/unknown-base' });
    const { header } = await reply(device);
    expect(header.refusal).toMatchObject({ updateId: late.offer.updateId, code: 'update/unknown-base' });
    // It gets the answer that waits for it, and no fresh weights besides.
    expect(header.weights).toMatchObject({ globalVersion: 1 });
    expect(updates()).toHaveLength(1);
  });

  it('on a base that nobody knows bring fresh weights, once for each request', async () => {
    const { device, first } = await island();
    const { baseId } = baseOf(first);
    await carried(device, { frozen: frozen(baseOf(first), first.weights) });
    const answer = await reply(device);
    await carried(device, { baseId: answer.header.weights!.baseId });
    const unknown = crypto.randomUUID();
    const lost = await writeDeviceFile(at('lost'), device, {
      certificate,
      frozen: frozen({ baseId: unknown, version: 1 }, first.weights),
    });
    await take(lost);
    const fresh = (await reply(device)).header;
    expect(fresh).toMatchObject({ refusal: { code: 'update/unknown-base' }, weights: { updateId: null } });
    expect(fresh.weights!.baseId).not.toBe(baseId);
    await take(lost);
    expect((await reply(device)).header.weights).toEqual(fresh.weights);
    // Installed; the old file turns up once more.
    await carried(device, {
      baseId: fresh.weights!.baseId,
      weights: { requestId: unknown, isWanted: false },
    });
    await take(lost);
    expect((await reply(device)).header).toMatchObject({ weights: null });
  });

  it('with start weights bring them back where they were let go of', async () => {
    const { device, first } = await island();
    const update = await updateOn(first);
    await bench.close();
    const opened = await openTablesHere(join(dataFolder, 'catalogue.sqlite'));
    const { catalogue } = opened.tables;
    await catalogue.markInstalled({
      baseId: update.offer.baseId,
      clientId: device.clientId,
      installedAt: new Date().toISOString(),
    });
    const of = { taskId: smallTask().id, clientId: device.clientId };
    await catalogue.evictDamaged({ ...of, names: ['startWeights'], atTime: new Date().toISOString() });
    await opened.close();
    const bare = frozen(baseOf(first), update.weights);
    expect(await carried(device, { frozen: bare })).toMatchObject({ refusal: 'update/unknown-base' });
    const other = frozen(baseOf(first), update.weights, { start: trained(first.weights, 7) });
    expect(await carried(device, { frozen: other })).toMatchObject({ refusal: 'update/unknown-base' });
    expect(await carried(device, { frozen: update })).toMatchObject({
      updateState: 'applied',
      refusal: null,
    });
    expect((await reply(device)).weights).toEqual(update.weights);
  });
});

describe('a file', () => {
  it('and the same update over a connection count once, whichever comes first', async () => {
    const { device, first } = await island();
    const { client } = await device.join(bench);
    const offer = await client.expect('weights/offer');
    expect(offer.baseId).toBe(first.header.weights!.baseId);
    const weights = await client.install(offer);
    const update = frozen({ baseId: offer.baseId, version: offer.globalVersion }, trained(weights, 1));
    const path = await writeDeviceFile(at('1'), device, { certificate, frozen: update });
    await client.upload(update.offer, update.weights);
    await client.expect('weights/offer');
    expect(await take(path)).toMatchObject({ isKnown: true, updateState: 'applied' });
    const answer = await reply(device);
    const next = await updateOn(answer, 2);
    expect(await carried(device, { frozen: next })).toMatchObject({ isKnown: false, updateState: 'applied' });
    // Who is connected hears of the answer there.
    expect((await client.expect('weights/offer')).updateId).toBe(next.offer.updateId);
    client.send(next.offer);
    expect((await client.expect('update/receipt')).updateId).toBe(next.offer.updateId);
    expect(updates()).toHaveLength(2);
  });

  it('changes nothing when it is damaged anywhere, or cut anywhere', { timeout: 60_000 }, async () => {
    const { device, first } = await island();
    const good = deviceFile(device, { certificate, frozen: await updateOn(first) });
    const before = catalogueContent(dataFolder);
    const path = at('bad');
    const codes = new Set<ErrorCode | null>();
    for (let position = 0; position < good.byteLength; position += position < PREFIX_BYTES ? 1 : 11) {
      const bad = Buffer.from(good);
      bad[position]! ^= 0x01;
      await writeFile(path, bad);
      codes.add(await codeOf(take(path)));
    }
    for (const length of [0, 9, PREFIX_BYTES, PREFIX_BYTES + 50, good.byteLength - 30, good.byteLength - 1]) {
      await writeFile(path, good.subarray(0, length));
      expect(await codeOf(take(path))).toBe('exchange/damaged');
    }
    expect(codes).toEqual(
      new Set(
        ['exchange/damaged', 'exchange/bad-signature', 'exchange/newer-format'].filter((code) =>
          codes.has(code as ErrorCode),
        ),
      ),
    );
    expect(catalogueContent(dataFolder)).toEqual(before);
    await expect.poll(() => readdirSync(join(dataFolder, 'imports'))).toEqual([]);
  });

  it('of a stranger, a revoked device or another task, aggregator or direction is refused', async () => {
    const { device, first } = await island();
    const update = await updateOn(first);
    const before = catalogueContent(dataFolder);
    const stranger = new TestDevice({ clientId: device.clientId });
    expect(await codeOf(carried(stranger, { frozen: update }))).toBe('identity/unknown-key');
    expect(await codeOf(carried(device, { frozen: update, signer: testKey() }))).toBe(
      'exchange/bad-signature',
    );
    const renamed = { clientId: crypto.randomUUID() };
    expect(await codeOf(carried(device, { frozen: update, ...renamed }))).toBe('identity/wrong-device');
    expect(await codeOf(carried(device, { frozen: update, taskId: 'other' }))).toBe('task/unknown');
    expect(await codeOf(carried(device, { certificate: 'ab'.repeat(32), frozen: update } as FileWish))).toBe(
      'exchange/other-aggregator',
    );
    const [answer] = await exportReplies({ dataFolder, plant: PLANT, target: stick });
    expect(await codeOf(take(answer!.path))).toBe('exchange/wrong-direction');
    expect(await codeOf(take(join(stick, 'nothing')))).toBe('exchange/not-found');
    const wide = frozen(baseOf(first), new Float32Array(first.weights.length + 1));
    expect(await codeOf(carried(device, { frozen: wide }))).toBe('update/wrong-shape');
    expect(catalogueContent(dataFolder)).toEqual(before);
    await revoke(dataFolder, { client: device.clientId });
    expect(await codeOf(carried(device, { frozen: update }))).toBe('identity/revoked');
    expect(await codeOf(exportReplies({ dataFolder, plant: PLANT, target: stick }))).toBe(
      'operation/unknown-device',
    );
    expect(catalogueContent(dataFolder)).toEqual(before);
  });

  it('whose weights are no numbers is refused for good, and its device is told', async () => {
    const { device, first } = await island();
    const bad = first.weights.slice();
    bad[3] = Number.NaN;
    const update = frozen(baseOf(first), bad);
    expect(await carried(device, { frozen: update })).toMatchObject({ refusal: 'update/not-finite' });
    expect((await reply(device)).header.refusal).toMatchObject({ code: 'update/not-finite' });
    expect(updates()).toEqual([]);
  });

  it('that asks for enrolment needs the code of an open invitation for this very key', async () => {
    const { code } = await bench.invite({ plantName: PLANT });
    const device = new TestDevice();
    const overheard = deviceFile(device, { certificate, code });
    // Somebody who has the file has no code: with another key the proof does not fit.
    const thief = new TestDevice({ clientId: device.clientId });
    const enrol = parseHeader(
      overheard
        .subarray(PREFIX_BYTES, PREFIX_BYTES + decodePrefix(overheard.subarray(0, PREFIX_BYTES)).headerBytes)
        .toString(),
    );
    if (enrol.from !== 'device') throw new Error('not a device’s file');
    expect(await codeOf(carried(thief, { enrol: enrol.enrol }))).toBe('identity/code-unknown');
    expect(await codeOf(carried(device, { code: '0'.repeat(32) }))).toBe('identity/code-unknown');
    expect(await carried(device, { code })).toMatchObject({ hasEnrolled: true, plantName: PLANT });
    expect(await codeOf(carried(new TestDevice(), { code }))).toBe('identity/code-spent');
    expect(await carried(device, { code })).toMatchObject({ hasEnrolled: true });
    expect(await deviceRows()).toHaveLength(1);
  });
});

describe('replies', () => {
  it('are for the devices that were named, and never written over anything', async () => {
    const [one, two] = [await island('第一'), await island('第二')];
    const target = join(stick, '返信.genba-reply');
    await exportReplies({ dataFolder, plant: '第一', target });
    const bytes = await readFile(target);
    expect(await codeOf(exportReplies({ dataFolder, plant: '第一', target }))).toBe('exchange/not-written');
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(readReply(target).header.clientId).toBe(one.device.clientId);
    const all = await exportReplies({ dataFolder, all: true, target: stick });
    expect(all.map(({ clientId }) => clientId).sort()).toEqual(
      [one, two].map(({ device }) => device.clientId).sort(),
    );
    expect(
      await codeOf(exportReplies({ dataFolder, device: two.device.clientId.slice(0, 7), target: stick })),
    ).toBe('operation/unknown-device');
    const base = { baseId: one.first.header.weights!.baseId };
    await carried(one.device, base);
    await carried(two.device, { baseId: two.first.header.weights!.baseId });
    expect(await codeOf(exportReplies({ dataFolder, all: true, target: stick }))).toBe(
      'exchange/nothing-to-answer',
    );
    expect(readdirSync(stick).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('an import that is stopped', () => {
  it.each(IMPORT_STEPS)('at %s is carried on by the next start, once', async (step) => {
    const { device, first } = await island();
    const path = await writeDeviceFile(at('1'), device, { certificate, frozen: await updateOn(first) });
    await bench.close();
    let isArmed = true;
    const { promise: halted, resolve: halt } = Promise.withResolvers<void>();
    const { promise: dead, reject: bury } = Promise.withResolvers<void>();
    const onImportStep = (current: ImportStep) => {
      if (current !== step || !isArmed) return;
      isArmed = false;
      halt();
      return dead;
    };
    const stopped = await startEnrolled({ dataFolder, onImportStep });
    const importing = codeOf(take(path));
    await halted;
    // What waits there is left as a killed process leaves it: the folder goes to the next start.
    await stopped.close();
    const next = await startEnrolled({ dataFolder });
    expect(await importing).toBeNull();
    await next.whenIdle();
    expect(updates()).toMatchObject([{ state: 'applied' }]);
    expect(await take(path)).toMatchObject({ isKnown: true });
    await expect.poll(() => readdirSync(join(dataFolder, 'imports'))).toEqual([]);
    expect((await reply(device)).header.weights).toMatchObject({ globalVersion: 1 });
    // Only now does it let go of the file that it holds open; to the store that it had it can do nothing any more.
    bury(new Error('stopped'));
  });
});
