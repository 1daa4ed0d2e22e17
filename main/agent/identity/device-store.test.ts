import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { DeviceStore, type Enrolment } from './device-store.ts';
import { FileKeyStore, type KeyStore } from './key-store.ts';

const ENROLMENT: Enrolment = {
  servers: ['wss://genba.example:8600', 'wss://192.0.2.5:8600'],
  certificate: 'c'.repeat(64),
  anchor: '-----BEGIN CERTIFICATE-----',
  taskId: 'digits',
  plantName: '仙台 第一工場',
  codeDigest: 'd'.repeat(64),
  enrolledAt: '2026-11-23T00:00:00.000Z',
};

let folder: string;
let database: AgentDatabase;
let keys: FileKeyStore;

beforeEach(() => {
  folder = temporaryFolder().root;
  database = openAgentDatabase(folder);
  keys = new FileKeyStore(folder);
  onTestFinished(() => {
    database.close();
  });
});

const open = (store: KeyStore = keys) => new DeviceStore(database, store);

/** A device that has enrolled; gives its key's id. */
function enrolled(): string {
  const device = open();
  const { keyId } = device.enrollingKey();
  device.completeEnrolment(ENROLMENT, () => undefined);
  return keyId;
}

const keyFile = (keyId: string) => path.join(folder, 'keys', `${keyId}.pem`);

describe('enrolment', () => {
  it('begins with nothing', () => {
    expect(open().enrolment()).toBeNull();
    expect(open().keyRecords()).toEqual({ current: null, next: null });
    expect(() => open().connectionKey()).toThrow(expect.objectContaining({ code: 'identity/not-enrolled' }));
    expect(() => open().beginRotation()).toThrow(expect.objectContaining({ code: 'identity/not-enrolled' }));
  });

  it('introduces the same key until it is through, also after a restart', () => {
    const { keyId } = open().enrollingKey();
    expect(open().enrollingKey().keyId).toBe(keyId);
    expect(keys.keyIds()).toEqual([keyId]);
    open().completeEnrolment(ENROLMENT, () => undefined);
    expect(open().connectionKey().keyId).toBe(keyId);
    expect(open().enrolment()).toEqual(ENROLMENT);
    expect(open().enrollingKey().keyId).not.toBe(keyId);
  });

  it('leaves the current key in use until the new one is let in, then erases it', () => {
    const first = enrolled();
    open().beginRotation();
    const { keyId } = open().enrollingKey();
    expect(open().connectionKey().keyId).toBe(first);
    open().completeEnrolment({ ...ENROLMENT, servers: ['wss://other.example:8600'] }, () => undefined);
    expect(open().connectionKey().keyId).toBe(keyId);
    expect(open().enrolment()?.servers).toEqual(['wss://other.example:8600']);
    expect(keys.keyIds()).toEqual([keyId]);
  });

  it('changes nothing, and forgets no key, when what belongs to it fails', () => {
    const first = enrolled();
    const { keyId } = open().enrollingKey();
    const fail = () => {
      throw new Error('disk full');
    };
    expect(() => open().completeEnrolment({ ...ENROLMENT, taskId: 'other' }, fail)).toThrow('disk full');
    expect(open().enrolment()).toEqual(ENROLMENT);
    expect(open().connectionKey().keyId).toBe(first);
    expect(open().enrollingKey().keyId).toBe(keyId);
  });

  it('makes another key when one is given up, or was lost before it was of use', () => {
    const { keyId } = open().enrollingKey();
    open().dropEnrollingKey();
    expect(keys.keyIds()).toEqual([]);
    const second = open().enrollingKey().keyId;
    rmSync(keyFile(second));
    const third = open().enrollingKey().keyId;
    expect(new Set([keyId, second, third]).size).toBe(3);
  });

  it.each([
    ['missing', (file: string) => rmSync(file)],
    ['damaged', (file: string) => writeFileSync(file, 'not a key')],
  ])('names a key that is %s, and a new enrolment helps', (_, harm) => {
    harm(keyFile(enrolled()));
    expect(() => open().connectionKey()).toThrow(expect.objectContaining({ code: 'identity/key-lost' }));
    const again = enrolled();
    expect(open().connectionKey().keyId).toBe(again);
  });
});

/** An aggregator's part in a rotation: which keys open a connection, as docs/PROTOCOL.md says. */
class Aggregator {
  #current: string;
  #next: string | null = null;

  constructor(keyId: string) {
    this.#current = keyId;
  }

  announce(keyId: string): void {
    this.#next = keyId;
  }

  prove(keyId: string): boolean {
    if (keyId === this.#next) {
      this.#current = keyId;
      this.#next = null;
    }
    return keyId === this.#current;
  }
}

/** Runs a rotation the way the sync does; `step` may stop it anywhere. */
function rotate(device: DeviceStore, aggregator: Aggregator, step: () => void): void {
  device.beginRotation();
  step();
  const key = device.keyToAnnounce();
  if (key !== null) {
    aggregator.announce(key.keyId);
    step();
    device.markAccepted(key.keyId);
    step();
  }
  const { keyId } = device.connectionKey();
  step();
  expect(aggregator.prove(keyId)).toBe(true);
  step();
  device.markProven(keyId);
  step();
}

class Stopped extends Error {}

/** Counts steps and stops at one of them; key files are steps of their own, before and after. */
function stopAt(limit: number): { step: () => void; store: KeyStore } {
  let count = 0;
  const step = () => {
    count += 1;
    if (count === limit) throw new Stopped();
  };
  const around = <Result>(act: () => Result) => {
    step();
    const result = act();
    step();
    return result;
  };
  return {
    step,
    store: {
      write: (keyId, pem) => around(() => keys.write(keyId, pem)),
      remove: (keyId) => around(() => keys.remove(keyId)),
      read: (keyId) => keys.read(keyId),
      keyIds: () => keys.keyIds(),
    },
  };
}

describe('rotation', () => {
  it('leaves a working identity wherever it is stopped, and comes to its end afterwards', () => {
    let stops = 0;
    for (let limit = 1; ; limit++) {
      const first = enrolled();
      const aggregator = new Aggregator(first);
      const { step, store } = stopAt(limit);
      try {
        rotate(open(store), aggregator, step);
        break;
      } catch (thrown) {
        if (!(thrown instanceof Stopped)) throw thrown;
        stops += 1;
      }
      const device = open();
      const { keyId } = device.connectionKey();
      expect(aggregator.prove(keyId)).toBe(true);
      device.markProven(keyId);
      rotate(open(), aggregator, () => undefined);
      expect(open().connectionKey().keyId).not.toBe(first);
      expect(keys.keyIds()).toEqual([open().connectionKey().keyId]);
    }
    // Two around the new file, one at each of six steps, two around the old file.
    expect(stops).toBe(10);
  });

  it('makes one key, however often it is asked for', () => {
    enrolled();
    open().beginRotation();
    const { keyId } = open().keyToAnnounce()!;
    open().beginRotation();
    expect(open().keyToAnnounce()?.keyId).toBe(keyId);
    open().markAccepted(keyId);
    open().beginRotation();
    expect(open().keyToAnnounce()).toBeNull();
    expect(open().keyRecords().next?.keyId).toBe(keyId);
  });

  it('goes back to the old key when the aggregator has forgotten the new one, and announces it anew', () => {
    const first = enrolled();
    open().beginRotation();
    const { keyId } = open().keyToAnnounce()!;
    open().markAccepted(keyId);
    open().markForgotten(keyId);
    expect(open().connectionKey().keyId).toBe(first);
    expect(open().keyToAnnounce()?.keyId).toBe(keyId);
  });

  it('ends without a change when the new key is refused or lost', () => {
    const first = enrolled();
    open().beginRotation();
    open().dropNextKey();
    expect(open().keyToAnnounce()).toBeNull();
    expect(keys.keyIds()).toEqual([first]);
    open().beginRotation();
    const { keyId } = open().keyToAnnounce()!;
    open().markAccepted(keyId);
    rmSync(keyFile(keyId));
    expect(open().connectionKey().keyId).toBe(first);
    expect(open().keyRecords().next).toBeNull();
  });

  it('takes proof with the current key for no rotation', () => {
    const first = enrolled();
    open().beginRotation();
    open().markProven(first);
    expect(open().connectionKey().keyId).toBe(first);
    expect(open().keyToAnnounce()).not.toBeNull();
  });
});
