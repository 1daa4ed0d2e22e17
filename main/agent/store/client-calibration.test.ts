import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calibrationGroups } from '@genba/shared/federation/groups';
import { addShift } from '@genba/shared/federation/shift';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { parseTask } from '@genba/shared/model/task';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClientStore, type ReceivedWeights } from './client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './database.ts';
import { Outbox } from './outbox.ts';
import { toWeights } from './weights-blob.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['a', 'b'], labelColumn: 'label' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [3], batchNormalisation: true },
  federation: { reference: 'average', calibratedBy: 'client' },
});
const LAYOUT = weightLayout(TASK);
const GROUPS = calibrationGroups(LAYOUT, 'layer');
const BETA = 0.3;

let folder: string;
let database: AgentDatabase;
let client: ClientStore;
let outbox: Outbox;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 較正 '));
  open();
  client.saveTask(TASK);
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(): void {
  database = openAgentDatabase(folder);
  client = new ClientStore(database);
  outbox = new Outbox(database);
}

function randomWeights(seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: LAYOUT.size }, () => 2 * random() - 1);
}

function train(seed: number): void {
  const startWeights = client.weights()!;
  const move = randomWeights(seed);
  client.commitRound({
    startWeights,
    trainedWeights: startWeights.map((weight, i) => weight + move[i]! / 10),
    examples: 10,
    loss: 1,
    validationAccuracy: 0.5,
    scores: null,
    durationMs: 1,
    backend: 'cpu',
  });
}

function received(changes: Partial<ReceivedWeights>): ReceivedWeights {
  const baseId = crypto.randomUUID();
  return { baseId, globalVersion: 5, staleness: 1, updateId: null, weights: randomWeights(9), ...changes };
}

const reply = (changes: Partial<ReceivedWeights> = {}) =>
  received({ updateId: outbox.next()!.updateId, use: 'calibrate', mixingWeight: BETA, ...changes });

/** All that an install may change. */
function state(): unknown {
  const tables = ['client', 'weights', 'outbox', 'install'];
  return tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
}

/** The client's base after joining, and one update that is under way. */
function joinAndSend(): { start: Float32Array; sent: Float32Array } {
  const start = randomWeights(1);
  client.install(received({ use: 'install-as-reference', weights: start }));
  train(2);
  return { start, sent: toWeights(outbox.next()!.payload) };
}

const kernel = ({ start, sent }: { start: Float32Array; sent: Float32Array }, globalWeights: Float32Array) =>
  calibrateOnClient(
    { kind: 'calibrate', globalWeights, mixingWeight: BETA },
    sent,
    { startWeights: start, averageAtBase: start },
    GROUPS,
  );

it('calibrates the reply by itself, and keeps the next reference over a restart', () => {
  const first = joinAndSend();
  const next = kernel(first, randomWeights(9));
  expect(client.install(reply())).toBe(true);
  expect(client.startWeights()).toEqual(next.startWeights);
  expect(client.weights()).toEqual(next.startWeights);
  database.close();
  open();
  train(3);
  const sent = toWeights(outbox.next()!.payload);
  const second = calibrateOnClient(
    { kind: 'calibrate', globalWeights: randomWeights(10), mixingWeight: BETA },
    sent,
    next,
    GROUPS,
  );
  client.install(reply({ weights: randomWeights(10) }));
  expect(client.startWeights()).toEqual(second.startWeights);
});

it('weaves in what it calibrated when it has trained on meanwhile', () => {
  const first = joinAndSend();
  train(3);
  const own = client.weights()!;
  client.install(reply());
  const { startWeights } = kernel(first, randomWeights(9));
  expect(client.startWeights()).toEqual(startWeights);
  expect(client.weights()).toEqual(addShift(own, first.sent, startWeights));
});

it('takes a reply once, however often it comes', () => {
  joinAndSend();
  const answer = reply();
  client.install(answer);
  const installed = state();
  expect(client.install(answer)).toBe(false);
  expect(state()).toEqual(installed);
});

it('changes nothing when it is stopped inside the install, and can repeat it', () => {
  const first = joinAndSend();
  const answer = reply();
  const before = state();
  database.exec(
    `CREATE TEMP TRIGGER stop BEFORE UPDATE ON main.outbox BEGIN SELECT RAISE(ABORT, 'stopped'); END`,
  );
  expect(() => client.install(answer)).toThrow(/stopped/);
  expect(state()).toEqual(before);
  database.exec('DROP TRIGGER stop');
  expect(client.install(answer)).toBe(true);
  expect(client.startWeights()).toEqual(kernel(first, randomWeights(9)).startWeights);
});

it('receives weights and reference together when the server stops calibrating', () => {
  client.install(received({ weights: randomWeights(1) }));
  train(2);
  const weights = Float32Array.of(...randomWeights(3), ...randomWeights(4));
  expect(client.install(reply({ use: 'install-and-reference', weights }))).toBe(true);
  expect(client.startWeights()).toEqual(randomWeights(3));
  train(5);
  const sent = toWeights(outbox.next()!.payload);
  client.install(reply());
  const { startWeights } = calibrateOnClient(
    { kind: 'calibrate', globalWeights: randomWeights(9), mixingWeight: BETA },
    sent,
    { startWeights: randomWeights(3), averageAtBase: randomWeights(4) },
    GROUPS,
  );
  expect(client.startWeights()).toEqual(startWeights);
});

it('asks for fresh weights where it has no reference, and changes nothing', () => {
  client.install(received({ weights: randomWeights(1) }));
  train(2);
  const answer = reply();
  const before = state();
  expect(client.install(answer)).toBe(false);
  expect(state()).toEqual(before);
});

it('forgets its reference when the server calibrates again', () => {
  joinAndSend();
  client.install(reply({ use: 'install' }));
  train(3);
  expect(client.install(reply())).toBe(false);
});

it.each([
  ['of another size', { weights: new Float32Array(3) }],
  ['without a mixing weight', { mixingWeight: null }],
])('does not calibrate with an answer %s', (_name, changes) => {
  joinAndSend();
  const answer = reply(changes);
  const before = state();
  expect(client.install(answer)).toBe(false);
  expect(state()).toEqual(before);
});

it('refuses what is no number', () => {
  joinAndSend();
  const weights = randomWeights(9).fill(Number.NaN, 0, 1);
  expect(() => client.install(reply({ weights }))).toThrow(
    expect.objectContaining({ code: 'transfer/digest-mismatch' }),
  );
});
