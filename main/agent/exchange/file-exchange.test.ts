import { createHash, createHmac, createPublicKey, randomUUID, verify } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { decodePrefix, PREFIX_BYTES } from '@genba/shared/exchange/container';
import { type DeviceHeader, parseHeader } from '@genba/shared/exchange/header';
import { type Invitation, invitationFile } from '@genba/shared/identity/invitation';
import { fileStatement, invitedStatement } from '@genba/shared/identity/statements';
import { weightLayout } from '@genba/shared/model/layout';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { DeviceIdentity } from '../identity/device-identity.ts';
import { DeviceStore, type Enrolment } from '../identity/device-store.ts';
import { FileKeyStore } from '../identity/key-store.ts';
import { dialDirect } from '../network/dial.ts';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { Ledger } from '../store/ledger.ts';
import { Outbox } from '../store/outbox.ts';
import { SettingsStore } from '../store/settings.ts';
import { type Authority, fingerprintOf, makeAuthority } from '../testing/certificates.ts';
import { type Addressee, ReplyWriter } from '../testing/reply-writer.ts';
import { TEST_TASK } from '../testing/test-aggregator.ts';
import { ExchangeStore } from './exchange-store.ts';
import { FileExchange } from './file-exchange.ts';
import { IMPORT_STEPS, type ImportStep, proveReply, takeReply } from './incoming-reply.ts';

const CODE = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PLANT = '仙台 第一工場';
const SIZE = weightLayout(TEST_TASK).size;
const EVERYTHING = { since: null, until: null, after: 0 };
const log = pino({ level: 'silent' });

let authority: Authority;
let aggregator: ReplyWriter;
let root: string;
let stick: string;

beforeEach(() => {
  authority = makeAuthority('Genba 集約サーバー');
  aggregator = new ReplyWriter(authority);
  ({ root } = temporaryFolder());
  stick = path.join(root, 'USB メモリー');
  mkdirSync(stick);
});

/** The agent's stores of one data folder, with what exchanges files. */
class Plant {
  readonly database: AgentDatabase;
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly exchange: ExchangeStore;
  readonly ledger: Ledger;
  readonly files: FileExchange;
  readonly identity: DeviceIdentity;

  constructor(name = 'plant') {
    const folder = path.join(root, name);
    this.database = openAgentDatabase(folder);
    onTestFinished(() => this.close());
    this.device = new DeviceStore(this.database, new FileKeyStore(folder));
    this.client = new ClientStore(this.database);
    this.outbox = new Outbox(this.database);
    this.exchange = new ExchangeStore(this.database);
    this.ledger = new Ledger(this.database);
    const settings = new SettingsStore(this.database, 'host');
    this.identity = new DeviceIdentity({
      ...this.parts,
      settings,
      appVersion: '0.0.0',
      dial: dialDirect,
      log,
    });
    const offline = <Result>(change: () => Result) => change();
    this.files = new FileExchange({
      ...this.parts,
      identity: this.identity,
      appVersion: '0.0.0',
      log,
      offline,
    });
  }

  get parts() {
    const { device, client, outbox, exchange, ledger } = this;
    return { device, client, outbox, exchange, ledger };
  }

  close(): void {
    this.ledger.stop();
    this.database.close();
  }

  get addressee(): Addressee {
    const keyId = this.device.enrollingKeyId ?? this.device.connectionKey().keyId;
    return { clientId: this.client.clientId, keyId, plantName: PLANT, task: TEST_TASK };
  }

  train(by: number): void {
    const startWeights = this.client.weights()!;
    const trainedWeights = startWeights.map((weight) => weight + by);
    const figures = { examples: 10, loss: 1, validationAccuracy: null, scores: null };
    this.client.commitRound({ startWeights, trainedWeights, ...figures, durationMs: 1, backend: 'test' });
  }

  /** Imports as the command does, but stops after a step. */
  async importUntil(file: string, last: ImportStep): Promise<void> {
    const onStep = (step: ImportStep) => {
      if (step === last) throw new Error('stopped');
    };
    const complete = (enrolment: Enrolment, more: () => void) => this.identity.complete(enrolment, more);
    const context = { ...this.parts, complete, onStep };
    const proved = await proveReply(file, context);
    expect(() => takeReply(proved, context)).toThrow('stopped');
  }

  /** All that a reply may change. */
  get content(): unknown {
    const tables = [
      'client',
      'weights',
      'outbox',
      'round',
      'install',
      'device_key',
      'enrolment',
      'weights_request',
    ];
    return tables.map((table) => this.database.prepare(`SELECT * FROM ${table}`).all());
  }
}

const invitation = (change: Partial<Invitation> = {}) =>
  invitationFile({
    version: 1,
    servers: ['wss://127.0.0.1:8600'],
    certificate: fingerprintOf(authority),
    code: CODE,
    taskId: TEST_TASK.id,
    plantName: PLANT,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    ...change,
  });

const vector = (value: number) => new Float32Array(SIZE).fill(value);
const at = (name: string) => path.join(stick, name);

/** A plant that was enrolled by file and has its first weights. */
async function enrolledPlant(name?: string): Promise<Plant> {
  const plant = new Plant(name);
  await plant.files.requestEnrolment(invitation(), stick);
  const values = { version: 3, updateId: null, values: vector(1) };
  await plant.files.importReply(
    aggregator.write(at(`${randomUUID()}.genba-reply`), plant.addressee, { values }),
  );
  return plant;
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code;
    throw thrown;
  }
}

/** A file of a device, taken apart. */
function takeApart(file: string): { header: DeviceHeader; isSigned: boolean; payloads: Buffer } {
  const bytes = readFileSync(file);
  const { headerBytes, sealBytes } = decodePrefix(bytes.subarray(0, PREFIX_BYTES));
  const signed = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes);
  const header = parseHeader(signed.toString()) as DeviceHeader;
  const payloadsAt = PREFIX_BYTES + headerBytes + sealBytes;
  const { signature } = JSON.parse(bytes.subarray(PREFIX_BYTES + headerBytes, payloadsAt).toString());
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: header.publicKey }, format: 'jwk' });
  const isSigned = verify(null, fileStatement('device', signed), key, Buffer.from(signature, 'base64url'));
  return { header, isSigned, payloads: bytes.subarray(payloadsAt) };
}

describe('an enrolment by file', () => {
  it('asks with a signature and the proof of the code, which itself stays here', async () => {
    const plant = new Plant();
    const { path: file, asksToEnrol } = await plant.files.requestEnrolment(invitation(), stick);
    expect(asksToEnrol).toBe(true);
    expect(path.basename(file)).toMatch(/^仙台 第一工場 \d{4}-\d\d-\d\d \d{4}\.genba-request$/);
    const { header, isSigned } = takeApart(file);
    const { clientId, taskId, certificate, publicKey } = header;
    const about = { clientId, taskId, certificate, publicKey: Buffer.from(publicKey, 'base64url') };
    const secret = createHash('sha256').update(CODE).digest();
    const proof = createHmac('sha256', secret).update(invitedStatement(about)).digest('hex');
    expect(isSigned).toBe(true);
    expect(header.enrol).toEqual({ invitation: secret.toString('hex').slice(0, 12), proof });
    expect(header).toMatchObject({ baseId: null, update: null, weights: { isWanted: true } });
    expect(readFileSync(file).includes(CODE)).toBe(false);
    expect(plant.device.enrolment()).toBeNull();
  });

  it('is completed by the reply, stopped after any step and imported again', async () => {
    for (const [index, step] of [null, ...IMPORT_STEPS].entries()) {
      const plant = new Plant(`plant ${index}`);
      await plant.files.requestEnrolment(invitation(), stick);
      const values = { version: 3, updateId: null, values: vector(1) };
      const file = aggregator.write(at(`${index}.genba-reply`), plant.addressee, { values });
      if (step !== null) await plant.importUntil(file, step);
      const taken = await plant.files.importReply(file);
      expect(taken.isNew).toBe(step !== 'weights');
      expect(plant.device.enrolment()).toMatchObject({ taskId: 'digits', plantName: PLANT });
      expect(plant.exchange.requestedEnrolment()).toBeNull();
      expect(plant.client.weights()).toEqual(vector(1));
      expect(await plant.files.importReply(file)).toMatchObject({ isNew: false });
    }
  });

  it('takes no reply of another authority, another key or another PC', async () => {
    const plant = new Plant();
    await plant.files.requestEnrolment(invitation(), stick);
    const before = plant.content;
    const other = new ReplyWriter(makeAuthority('Genba 集約サーバー'));
    const importing = (file: string) => codeOf(plant.files.importReply(file));
    expect(await importing(other.write(at('1'), plant.addressee))).toBe('exchange/other-aggregator');
    // It says that it is the right one.
    const certificate = fingerprintOf(authority);
    expect(await importing(other.write(at('2'), plant.addressee, { certificate }))).toBe('tls/untrusted');
    const keyId = 'ab'.repeat(32);
    expect(await importing(aggregator.write(at('3'), { ...plant.addressee, keyId }))).toBe(
      'exchange/older-reply',
    );
    const clientId = randomUUID();
    expect(await importing(aggregator.write(at('4'), { ...plant.addressee, clientId }))).toBe(
      'exchange/other-device',
    );
    expect(plant.content).toEqual(before);
  });
});

describe('an update file', () => {
  it('carries the frozen update, the same again after more training, and what it starts from', async () => {
    const plant = await enrolledPlant();
    plant.train(1);
    plant.train(1);
    const first = await plant.files.exportUpdates(stick);
    plant.train(5);
    const second = await plant.files.exportUpdates(stick);
    expect(first).toMatchObject({ rounds: 2, asksToEnrol: false });
    expect(second.path).not.toBe(first.path);
    const [one, two] = [takeApart(first.path), takeApart(second.path)];
    expect(one.isSigned && two.isSigned).toBe(true);
    expect(two.header.update).toEqual(one.header.update);
    expect(two.payloads.equals(one.payloads)).toBe(true);
    const expected = Buffer.concat([Buffer.from(vector(3).buffer), Buffer.from(vector(1).buffer)]);
    expect(one.payloads.equals(expected)).toBe(true);
    expect(plant.outbox.next()?.updateId).toBe(first.updateId);
  });

  it('is entered in the ledger with its bytes and its path, also when the stick does not take it', async () => {
    const plant = await enrolledPlant();
    plant.train(1);
    const { path: file, updateId } = await plant.files.exportUpdates(stick);
    const taken = plant.ledger.read(EVERYTHING).entries;
    const bytes = SIZE * 4;
    const entry = {
      channel: 'file',
      peer: file,
      updateId,
      plannedBytes: bytes,
      sentBytes: bytes,
      outcome: 'complete',
    };
    expect(taken).toMatchObject([
      { ...entry, content: 'update', rounds: 1 },
      { ...entry, content: 'start-weights', rounds: 0 },
    ]);
    expect(await codeOf(plant.files.exportUpdates(path.join(stick, 'no folder', 'x')))).toBe(
      'exchange/not-written',
    );
    const failed = plant.ledger.read({ ...EVERYTHING, after: taken.at(-1)!.entryId }).entries;
    expect(failed).toMatchObject([
      { outcome: 'broken-off', sentBytes: 0 },
      { outcome: 'broken-off', sentBytes: 0 },
    ]);
    expect(readdirSync(stick).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is never written over another file, and not without anything to send', async () => {
    const plant = await enrolledPlant();
    expect(await codeOf(plant.files.exportUpdates(stick))).toBe('exchange/nothing-to-send');
    plant.train(1);
    writeFileSync(at('taken.genba-update'), 'mine');
    expect(await codeOf(plant.files.exportUpdates(at('taken.genba-update')))).toBe('exchange/not-written');
    expect(readFileSync(at('taken.genba-update'), 'utf8')).toBe('mine');
    expect(await codeOf(new Plant('other').files.exportUpdates(stick))).toBe('identity/not-enrolled');
  });
});

describe('a reply', () => {
  let plant: Plant;
  let updateId: string;
  let baseId: string;

  beforeEach(async () => {
    plant = await enrolledPlant();
    plant.train(1);
    updateId = (await plant.files.exportUpdates(stick)).updateId!;
    baseId = randomUUID();
  });

  const receipt = () => ({ type: 'update/receipt', updateId, receivedAt: new Date().toISOString() }) as const;
  const answer = (name = 'answer') =>
    aggregator.write(at(name), plant.addressee, {
      receipt: receipt(),
      values: { baseId, version: 4, updateId, values: vector(7) },
    });
  const importing = (file: string) => codeOf(plant.files.importReply(file));

  it('moves what was trained meanwhile onto the new weights, once, stopped after any step', async () => {
    plant.train(5);
    for (const step of IMPORT_STEPS) await plant.importUntil(answer(step), step);
    expect(await plant.files.importReply(answer())).toMatchObject({ isNew: false });
    // 7 is the answer to 2; 5 were trained since.
    expect(plant.client.weights()).toEqual(vector(12));
    expect(plant.client.base()).toEqual({ baseId, globalVersion: 4 });
    expect(plant.outbox.figures()).toMatchObject({ updatesWaiting: 1, updatesDelivered: 1 });
    expect((await plant.files.exportUpdates(stick)).updateId).not.toBe(updateId);
  });

  it('that only has the receipt, or word that it is held, says so and no more', async () => {
    const held = { type: 'update/held', updateId, reason: 'norm' } as const;
    const early = aggregator.write(at('early'), plant.addressee, { receipt: receipt(), held });
    expect(await plant.files.importReply(early)).toMatchObject({
      isNew: true,
      heldReason: 'norm',
      installedVersion: null,
    });
    expect(await plant.files.importReply(early)).toMatchObject({ isNew: false });
    expect(plant.outbox.held()).toMatchObject({ reason: 'norm' });
    await plant.files.importReply(answer());
    // Older than what is there now.
    expect(await importing(early)).toBe('exchange/older-reply');
    expect(plant.outbox.held()).toBeNull();
  });

  it('that is older than the newest is refused, and changes nothing', async () => {
    const first = answer();
    await plant.files.importReply(first);
    plant.train(1);
    const second = (await plant.files.exportUpdates(stick)).updateId!;
    const values = { version: 5, updateId: second, values: vector(20) };
    await plant.files.importReply(aggregator.write(at('second'), plant.addressee, { values }));
    const before = plant.content;
    expect(await importing(first)).toBe('exchange/older-reply');
    const fresh = { version: 3, updateId: null, values: vector(0) };
    expect(await importing(aggregator.write(at('fresh'), plant.addressee, { values: fresh }))).toBe(
      'exchange/older-reply',
    );
    expect(plant.content).toEqual(before);
  });

  it('to an update that this PC never had makes the next file ask for fresh weights', async () => {
    const values = { version: 9, updateId: randomUUID(), values: vector(7) };
    const file = aggregator.write(at('unknown'), plant.addressee, { values });
    expect(await importing(file)).toBe('exchange/unknown-update');
    expect(await importing(file)).toBe('exchange/unknown-update');
    const asked = takeApart((await plant.files.exportUpdates(stick)).path).header;
    // With the update on its way: fresh weights are not taken before its fate is known.
    expect(asked).toMatchObject({ update: { updateId }, weights: { isWanted: true } });
    // Said again it is the same request.
    const again = takeApart((await plant.files.exportUpdates(stick)).path).header;
    expect(again.weights).toEqual(asked.weights);
    const fresh = { version: 9, updateId: null, values: vector(100) };
    const refusal = { updateId, code: 'update/unknown-base', detail: null } as const;
    await plant.files.importReply(aggregator.write(at('fresh'), plant.addressee, { refusal, values: fresh }));
    expect(plant.client.weights()).toEqual(vector(101));
    expect(takeApart((await plant.files.exportUpdates(stick)).path).header).toMatchObject({
      weights: { isWanted: false },
    });
  });

  it('that refuses the base keeps the progress for fresh weights, in this file or the next', async () => {
    const refusal = { updateId, code: 'update/unknown-base', detail: null } as const;
    const refused = aggregator.write(at('refused'), plant.addressee, { refusal });
    expect(await plant.files.importReply(refused)).toMatchObject({
      isNew: true,
      refusal: 'update/unknown-base',
    });
    expect(await importing(refused)).toBe('exchange/older-reply');
    expect(plant.outbox.figures()).toMatchObject({ updatesRefused: 1, roundsWaiting: 1 });
    const values = { version: 9, updateId: null, values: vector(100) };
    await plant.files.importReply(aggregator.write(at('fresh'), plant.addressee, { values }));
    expect(plant.client.weights()).toEqual(vector(101));
    expect(await plant.files.exportUpdates(stick)).toMatchObject({ rounds: 1 });
  });

  it('that is damaged anywhere, or cut anywhere, is refused, and changes nothing', {
    timeout: 60_000,
  }, async () => {
    const good = readFileSync(answer());
    const before = plant.content;
    const codes = new Set<ErrorCode | null>();
    for (let position = 0; position < good.byteLength; position += position < PREFIX_BYTES ? 1 : 7) {
      const bad = Buffer.from(good);
      bad[position]! ^= 0x01;
      writeFileSync(at('bad'), bad);
      codes.add(await importing(at('bad')));
    }
    for (const length of [
      0,
      7,
      PREFIX_BYTES,
      PREFIX_BYTES + 9,
      good.byteLength - SIZE * 4,
      good.byteLength - 1,
    ]) {
      writeFileSync(at('bad'), good.subarray(0, length));
      expect(await importing(at('bad'))).toBe('exchange/damaged');
    }
    writeFileSync(at('bad'), Buffer.concat([good, Buffer.from([0])]));
    expect(await importing(at('bad'))).toBe('exchange/damaged');
    expect(codes.has(null)).toBe(false);
    expect(codes.has('exchange/bad-signature')).toBe(true);
    expect(plant.content).toEqual(before);
    await plant.files.importReply(at('answer'));
  });

  it('is believed by its signature only', async () => {
    const { addressee } = plant;
    const cases: [string, ReplyWriter, ErrorCode][] = [
      ['expired', new ReplyWriter(authority, { until: new Date(Date.now() - 1) }), 'tls/expired'],
      ['early', new ReplyWriter(authority, { from: new Date(Date.now() + 3_600_000) }), 'tls/not-yet-valid'],
      ['host', new ReplyWriter(authority, { names: ['10.0.0.1', 'other.example'] }), 'tls/wrong-name'],
    ];
    for (const [name, writer, code] of cases) {
      expect(await importing(writer.write(at(name), addressee, { receipt: receipt() }))).toBe(code);
    }
    const header = aggregator.header(addressee, { receipt: receipt() });
    writeFileSync(at('label'), aggregator.bytes(header, Buffer.alloc(0), 'device'));
    expect(await importing(at('label'))).toBe('exchange/bad-signature');
    // What this PC has signed itself goes the other way.
    const own = (await plant.files.exportUpdates(stick)).path;
    expect(await importing(own)).toBe('exchange/wrong-direction');
    expect(await importing(at('nowhere'))).toBe('exchange/not-found');
    const changed = { ...TEST_TASK, classes: ['0', '1', '2'] };
    const other = aggregator.write(at('task'), { ...addressee, task: changed }, { receipt: receipt() });
    expect(await importing(other)).toBe('task/changed');
    // One that a newer version made is no damaged file.
    const newer = { ...TEST_TASK, model: { template: 'vit', depth: 3 } } as unknown as typeof TEST_TASK;
    const unknown = aggregator.write(at('newer'), { ...addressee, task: newer }, { receipt: receipt() });
    expect(await importing(unknown)).toBe('task/app-too-old');
    expect(plant.outbox.next()?.state).toBe('inFlight');
  });
});
