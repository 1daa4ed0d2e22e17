import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClientStore, type FinishedRound } from './client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './database.ts';
import { readBase, readHistory } from './history.ts';
import { Outbox } from './outbox.ts';
import { SettingsStore } from './settings.ts';
import { toBytes, toWeights } from './weights-blob.ts';

const BASE_1 = '11111111-1111-4111-8111-111111111111';
const BASE_2 = '22222222-2222-4222-8222-222222222222';
const PENDING = '33333333-3333-4333-8333-333333333333';

let folder: string;
let database: AgentDatabase;
let client: ClientStore;
let outbox: Outbox;

function open(): void {
  database = openAgentDatabase(folder);
  client = new ClientStore(database);
  outbox = new Outbox(database);
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba 山田 '));
  open();
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** First weights from the aggregator. */
function join(...weights: number[]): void {
  const first = { baseId: BASE_1, globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: Float32Array.from(weights) });
}

/** A round that trained from the weights of the moment to the given ones. */
function train(weights: number[], figures: Partial<FinishedRound> = {}): void {
  client.commitRound({
    startWeights: client.weights()!,
    trainedWeights: Float32Array.from(weights),
    examples: 10,
    loss: 1,
    validationAccuracy: 0.5,
    scores: null,
    durationMs: 100,
    backend: 'cpu',
    ...figures,
  });
}

function reply(updateId: string, ...weights: number[]) {
  return { baseId: BASE_2, globalVersion: 7, staleness: 3, updateId, weights: Float32Array.from(weights) };
}

describe('a finished round', () => {
  it('keeps weights, figures and its place in the outbox over a restart', () => {
    join(1, 2);
    train([3, 5]);
    database.close();
    open();
    expect(client.weights()).toEqual(Float32Array.of(3, 5));
    expect(outbox.figures()).toMatchObject({ roundsDone: 1, roundsWaiting: 1, updatesWaiting: 1 });
  });

  it('is refused whole when its weights are not numbers, or beyond all reason', () => {
    join(1, 2);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 2e30]) {
      expect(() => train([wrong, 5])).toThrow(expect.objectContaining({ code: 'trainer/diverged' }));
    }
    expect(client.weights()).toEqual(Float32Array.of(1, 2));
    expect(outbox.figures()).toMatchObject({ roundsDone: 0, updatesWaiting: 0 });
  });

  it('keeps what was installed while it ran', () => {
    join(1, 2);
    train([2, 2]);
    const sent = outbox.next()!;
    const startWeights = client.weights()!;
    // The reply moves both weights by +10 while the next round trains the first one from 2 to 5.
    client.install(reply(sent.updateId, 12, 12));
    train([5, 2], { startWeights });
    expect(client.weights()).toEqual(Float32Array.of(15, 12));
  });
});

describe('the outbox', () => {
  it('squashes unsent rounds into one update: the last weights against the base', () => {
    join(0, 0);
    train([1, 1], { examples: 10, loss: 3 });
    train([2, 4], { examples: 30, loss: 1 });
    const update = outbox.next()!;
    expect(toWeights(update.payload)).toEqual(Float32Array.of(2, 4));
    expect(update).toMatchObject({ state: 'inFlight', baseId: BASE_1, baseVersion: 0 });
    expect(update.report).toEqual({
      rounds: 2,
      examples: 20,
      metrics: { loss: 1.5, validationAccuracy: 0.5 },
    });
  });

  it('never changes an update that was offered, however often it is asked for', () => {
    join(0);
    train([1]);
    const offered = outbox.next()!;
    train([2]);
    const again = outbox.next()!;
    expect(again).toEqual(offered);
    expect(outbox.figures()).toMatchObject({ updatesWaiting: 2, roundsWaiting: 2 });
  });

  it('offers the same update after a restart', () => {
    join(0);
    train([1]);
    const offered = outbox.next()!;
    database.close();
    open();
    expect(outbox.next()).toEqual(offered);
  });

  it('has nothing to offer before the first round', () => {
    join(0);
    expect(outbox.next()).toBeNull();
  });

  it('takes a repeated receipt once and forgets none', () => {
    join(0);
    train([1]);
    const { updateId } = outbox.next()!;
    outbox.markReceipted(updateId);
    const { lastSyncAt } = outbox.figures();
    outbox.markReceipted(updateId);
    expect(outbox.figures()).toMatchObject({ updatesDelivered: 1, roundsWaiting: 0, lastSyncAt });
    expect(outbox.next()).toMatchObject({ updateId, state: 'receipted' });
  });

  it('tells when it last delivered, also after the clock was set back', () => {
    join(0);
    const deliver = (at: string, baseId: string) => {
      train([1]);
      const clock = new Outbox(database, () => new Date(at));
      const { updateId } = clock.next()!;
      clock.markReceipted(updateId);
      client.install({ baseId, globalVersion: 1, staleness: 0, updateId, weights: client.weights()! });
    };
    deliver('2027-01-01T00:00:00.000Z', 'b2');
    deliver('2026-01-01T00:00:00.000Z', 'b3');
    expect(outbox.figures().lastSyncAt).toBe('2026-01-01T00:00:00.000Z');
  });

  it('keeps a refused update visible and goes on with the next', () => {
    join(0);
    train([1]);
    const refused = outbox.next()!;
    outbox.markRefused(refused.updateId, 'update/not-finite');
    train([2]);
    expect(outbox.figures()).toMatchObject({ updatesRefused: 1, updatesWaiting: 1 });
    expect(outbox.next()!.updateId).not.toBe(refused.updateId);
  });
});

describe('installing weights', () => {
  it('ends the answered update and starts the next from the new base', () => {
    join(0);
    train([1]);
    const first = outbox.next()!;
    train([3]);
    expect(client.install(reply(first.updateId, 6))).toBe(true);
    // 3 + (6 − 1): what was trained meanwhile stays on top of the reply.
    expect(client.weights()).toEqual(Float32Array.of(8));
    const second = outbox.next()!;
    expect(second).toMatchObject({ baseId: BASE_2, baseVersion: 7 });
    expect(toWeights(second.payload)).toEqual(Float32Array.of(8));
    expect(readBase(database)).toMatchObject({ globalVersion: 7, staleness: 3 });
  });

  it('takes the reply as it is when nothing was trained meanwhile', () => {
    join(1e8);
    train([1.5]);
    const { updateId } = outbox.next()!;
    client.install(reply(updateId, 1e-12));
    expect(client.weights()).toEqual(Float32Array.of(1e-12));
    expect(outbox.next()).toBeNull();
  });

  it('changes nothing for an update that is not outstanding here', () => {
    join(0);
    train([1]);
    const { updateId } = outbox.next()!;
    client.install(reply(updateId, 5));
    expect(client.install({ ...reply(updateId, 9), baseId: PENDING })).toBe(false);
    expect(client.weights()).toEqual(Float32Array.of(5));
    expect(client.base()?.baseId).toBe(BASE_2);
  });

  it('refuses weights of another size or that are not numbers', () => {
    join(0, 0);
    train([1, 1]);
    const { updateId } = outbox.next()!;
    for (const weights of [[1], [1, Number.POSITIVE_INFINITY]]) {
      expect(() => client.install(reply(updateId, ...weights))).toThrow(
        expect.objectContaining({ code: 'transfer/digest-mismatch' }),
      );
    }
    expect(client.weights()).toEqual(Float32Array.of(1, 1));
    expect(client.install(reply(updateId, 2, 2))).toBe(true);
  });

  it('moves local progress to fresh weights when the base was refused', () => {
    join(10);
    train([13]);
    const refused = outbox.next()!;
    train([14]);
    outbox.requeueOnNewBase(refused.updateId, 'update/unknown-base', PENDING);
    client.install({ ...reply('', 100), updateId: null });
    // 100 + (14 − 10): both rounds' progress, on the new base.
    expect(client.weights()).toEqual(Float32Array.of(104));
    const next = outbox.next()!;
    expect(next.report.rounds).toBe(2);
    expect(next.baseId).toBe(BASE_2);
    expect(outbox.figures()).toMatchObject({ updatesRefused: 1, roundsWaiting: 2 });
  });

  it('takes no weights that answer nothing while it is unknown whether an update has arrived', () => {
    join(10);
    train([13]);
    const sent = outbox.next()!;
    const fresh = { ...reply('', 100), updateId: null };
    expect(client.install(fresh)).toBe(false);
    expect(client.weights()).toEqual(Float32Array.of(13));
    // It has: only its receipt was lost.
    outbox.markReceipted(sent.updateId);
    expect(client.install(fresh)).toBe(true);
    expect(client.weights()).toEqual(Float32Array.of(100));
    expect(outbox.next()).toBeNull();
  });

  it('counts an update whose receipt came as merged when fresh weights replace its reply', () => {
    join(10);
    train([13]);
    const sent = outbox.next()!;
    outbox.markReceipted(sent.updateId);
    train([14]);
    client.install({ ...reply('', 100), updateId: null });
    // Only the round after the receipt is still to be sent: 100 + (14 − 13).
    expect(client.weights()).toEqual(Float32Array.of(101));
    expect(outbox.figures()).toMatchObject({ updatesDelivered: 1, roundsWaiting: 1 });
  });
});

describe('the history', () => {
  it('tells rounds and installs, oldest first', () => {
    join(0);
    client.saveInstallScores(BASE_1, { kind: 'r-squared', own: -0.25, check: 0.125 });
    train([1], { validationAccuracy: 0.5, scores: { kind: 'balanced-accuracy', own: 0.25, check: null } });
    const history = readHistory(database, 10);
    expect(history).toMatchObject([
      { event: 'installed', scoreKind: 'r-squared', ownScore: -0.25, checkScore: 0.125 },
      { event: 'round', scoreKind: 'balanced-accuracy', ownScore: 0.25, checkScore: null },
    ]);
    expect(client.unmeasuredInstall()).toBeNull();
  });

  it('goes by what happened first, whatever somebody does to the clock', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    vi.setSystemTime('2027-06-10T08:00:00Z');
    join(0);
    client.saveInstallScores(BASE_1, { kind: 'accuracy', own: 0.25, check: null });
    train([1]);
    vi.setSystemTime('2027-06-01T08:00:00Z');
    client.install(reply(outbox.next()!.updateId, 2));
    train([3]);
    expect(client.unmeasuredInstall()).toBe(BASE_2);
    expect(readBase(database)).toMatchObject({ globalVersion: 7 });
    const told = readHistory(database, 10).map(({ event, round }) => `${event} ${round}`);
    expect(told).toEqual(['installed 0', 'round 1', 'installed 1', 'round 2']);
  });

  it('keeps only the newest points', () => {
    join(0);
    for (let round = 1; round <= 5; round++) train([round]);
    expect(readHistory(database, 2)).toHaveLength(2);
  });
});

describe('the data folder', () => {
  it('belongs to one agent at a time', () => {
    expect(() => openAgentDatabase(folder)).toThrow(
      expect.objectContaining({ code: 'startup/already-running' }),
    );
    database.close();
    open();
    expect(client.clientId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps the identity of its client', () => {
    const { clientId } = client;
    database.close();
    open();
    expect(client.clientId).toBe(clientId);
  });

  it('is refused when a newer version wrote it', () => {
    database.pragma('user_version = 99');
    database.close();
    expect(() => openAgentDatabase(folder)).toThrow(
      expect.objectContaining({ code: 'store/newer-database' }),
    );
    rmSync(folder, { recursive: true });
    open();
  });

  it.skipIf(process.platform === 'win32')('is made for this account only', () => {
    const made = path.join(folder, 'new', 'data');
    openAgentDatabase(made).close();
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  it('is refused when it cannot be one', () => {
    expect(() => openAgentDatabase(path.join(folder, 'agent.sqlite', 'below-a-file'))).toThrow(
      expect.objectContaining({ code: 'startup/data-not-writable' }),
    );
  });
});

describe('settings', () => {
  it('keep what was given and leave the rest', () => {
    const settings = new SettingsStore(database, 'ライン1');
    settings.write({ server: '127.0.0.1:7070', restSeconds: 5 });
    expect(new SettingsStore(database, 'ライン1').read()).toMatchObject({
      plantName: 'ライン1',
      server: '127.0.0.1:7070',
      restSeconds: 5,
      isPaused: false,
    });
  });

  it('keep nothing of a change that is out of range', () => {
    const settings = new SettingsStore(database, 'ライン1');
    expect(() => settings.write({ restSeconds: -1, plantName: 'x' })).toThrow();
    expect(settings.read().plantName).toBe('ライン1');
  });

  it('keep the task as the aggregator described it', () => {
    const task = parseTask({
      id: 'welds',
      name: { en: 'Welds', ja: '溶接' },
      input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
      classes: ['OK', 'NG'],
      model: { template: 'mlp', hiddenUnits: [3] },
    });
    expect(client.task()).toBeNull();
    client.saveTask(task);
    expect(client.task()).toEqual(task);
  });
});

describe.each(['float16', 'int8'] as const)('an update as %s', (encoding) => {
  const task = parseTask({
    id: 'coded',
    name: { en: 'Coded', ja: '符号化' },
    input: { kind: 'table', columns: ['a'], labelColumn: 'label' },
    classes: ['ok', 'ng'],
    model: { template: 'mlp', hiddenUnits: [] },
    updateEncoding: encoding,
  });
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const START = [1, -2, 0.5, 0.1];
  const TRAINED = [1.1234567, -2.7654321, 0.5, 0.1111111].map(Math.fround);
  const encoded = () =>
    encodeUpdate(
      { encoding, layout: weightLayout(task) },
      Float32Array.from(TRAINED),
      Float32Array.from(START),
    )!;

  beforeEach(() => {
    client.saveTask(task);
    join(...START);
    train(TRAINED);
  });

  it('is frozen with its own bytes and those of the weights it leads to, over a restart too', () => {
    const { payload, weights } = encoded();
    const update = outbox.next()!;
    expect(update).toMatchObject({
      encoding,
      sha256: sha256(payload),
      weightsSha256: sha256(toBytes(weights)),
    });
    expect(update.payload).toEqual(Buffer.from(payload));
    train([9, 9, 9, 9]);
    database.close();
    open();
    expect(outbox.next()).toEqual(update);
  });

  it('leaves what it could not say in the weights, and sends it with the next one', () => {
    const { weights: sent } = encoded();
    const update = outbox.next()!;
    client.install(reply(update.updateId, ...sent));
    const left = TRAINED.map((weight, i) => weight - sent[i]!);
    expect(left.some((value) => value !== 0)).toBe(true);
    client.weights()!.forEach((weight, i) => {
      expect(weight - sent[i]!).toBeCloseTo(left[i]!, 7);
    });
    const trained = client.weights()!;
    train([...trained]);
    const next = outbox.next()!;
    const form = { encoding, layout: weightLayout(task) };
    expect(next.payload).toEqual(Buffer.from(encodeUpdate(form, trained, sent)!.payload));
    // Nothing of the answered one stays behind.
    expect(database.prepare('SELECT update_id FROM outgoing').pluck().all()).toEqual([next.updateId]);
  });

  it('is sent in full when the aggregator cannot read it: the very weights it leads to', () => {
    const { weights } = encoded();
    const { updateId, weightsSha256 } = outbox.next()!;
    outbox.sendInFull(updateId);
    expect(outbox.next()).toMatchObject({
      updateId,
      encoding: 'float32',
      payload: toBytes(weights),
      sha256: weightsSha256,
      weightsSha256: null,
    });
  });

  it('goes as float32 where it does not fit', () => {
    train([1e29, 0, 0, 0]);
    train([2e10, 0, 0, 0]);
    const fits = encoding === 'int8';
    const update = outbox.next()!;
    expect(update.encoding).toBe(fits ? 'int8' : 'float32');
    if (!fits) expect(toWeights(update.payload)).toEqual(Float32Array.of(2e10, 0, 0, 0));
  });

  it('is not made by a client that calibrates by itself: nobody else has its start weights', () => {
    database.prepare("INSERT INTO weights VALUES ('reference', ?)").run(toBytes(Float32Array.from(START)));
    expect(outbox.next()).toMatchObject({
      encoding: 'float32',
      payload: toBytes(Float32Array.from(TRAINED)),
      weightsSha256: null,
    });
  });

  it('is forgotten when it is refused; its progress goes with the next one', () => {
    const { updateId } = outbox.next()!;
    outbox.markRefused(updateId, 'update/not-finite');
    train(TRAINED);
    const { payload } = encoded();
    expect(outbox.next()).toMatchObject({ encoding, payload: Buffer.from(payload) });
    expect(database.prepare('SELECT count(*) FROM outgoing').pluck().get()).toBe(1);
  });
});
