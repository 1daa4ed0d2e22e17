import { LEDGER_PAGE_ENTRIES, ledgerPageSchema } from '@genba/shared/local-api/ledger';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from './client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './database.ts';
import { type Delivery, Ledger } from './ledger.ts';
import { Outbox } from './outbox.ts';

const ALL = { since: null, until: null, after: 0 };

let root: string;
let database: AgentDatabase;
let ledger: Ledger;
let nowMs: number;
let delivery: Delivery;

function open(): void {
  database = openAgentDatabase(root);
  ledger = new Ledger(database, () => new Date(nowMs));
}

beforeEach(() => {
  root = `${temporaryFolder().root}/山田 太郎`;
  nowMs = Date.parse('2026-11-20T00:00:00.000Z');
  open();
  onTestFinished(() => {
    database.close();
  });
  const client = new ClientStore(database);
  const first = { baseId: 'b1', globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: Float32Array.of(0) });
  for (let round = 1; round <= 3; round++) {
    client.commitRound({
      startWeights: client.weights()!,
      trainedWeights: Float32Array.of(round),
      examples: 10,
      loss: 1,
      validationAccuracy: 0.5,
      scores: null,
      durationMs: 1,
      backend: 'cpu',
    });
  }
  const { updateId } = new Outbox(database).next()!;
  const to = { channel: 'network', peer: 'wss://集約.example:8600', taskId: 'welds' } as const;
  delivery = { ...to, updateId, plannedBytes: 1000 };
});

const entries = () => ledgerPageSchema.parse(ledger.read(ALL)).entries;
const stored = () => database.prepare('SELECT sent_bytes, outcome FROM ledger').raw().all();

/** What a power cut leaves: the database as it is, the process gone. */
function crash(): void {
  database.close();
  open();
  ledger.closeAbandoned();
}

describe('the ledger', () => {
  it('tells when, how much, of which rounds and to whom', () => {
    const running = ledger.begin(delivery);
    running.add(600);
    running.add(400);
    nowMs += 5000;
    running.complete();
    expect(entries()).toEqual([
      {
        ...delivery,
        entryId: 1,
        startedAt: '2026-11-20T00:00:00.000Z',
        endedAt: '2026-11-20T00:00:05.000Z',
        content: 'update',
        rounds: 3,
        firstRound: 1,
        lastRound: 3,
        firstByte: 0,
        sentBytes: 1000,
        outcome: 'complete',
      },
    ]);
  });

  it('counts what left before a transfer broke off, and the rest where it went on', () => {
    const broken = ledger.begin(delivery);
    broken.add(300);
    broken.breakOff();
    const rest = ledger.begin({ ...delivery, firstByte: 250, plannedBytes: 750 });
    rest.add(750);
    rest.complete();
    rest.breakOff();
    expect(entries()).toMatchObject([
      { firstByte: 0, sentBytes: 300, plannedBytes: 1000, outcome: 'broken-off' },
      { firstByte: 250, sentBytes: 750, plannedBytes: 750, outcome: 'complete' },
    ]);
  });

  it('is on disk before the first byte leaves, and says after a crash what it does not know', () => {
    ledger.begin(delivery).add(300);
    crash();
    expect(entries()).toMatchObject([{ sentBytes: 0, plannedBytes: 1000, outcome: 'unknown' }]);
    expect(entries()[0]!.endedAt).not.toBeNull();
    crash();
    expect(entries()).toHaveLength(1);
  });

  it('notes now and then how far a long delivery is, also when the clock was set back', () => {
    const running = ledger.begin(delivery);
    running.add(100);
    expect(stored()).toEqual([[0, 'running']]);
    nowMs += 10_000;
    running.add(200);
    expect(stored()).toEqual([[300, 'running']]);
    nowMs -= 3_600_000;
    running.add(300);
    expect(stored()).toEqual([[600, 'running']]);
    crash();
    expect(entries()).toMatchObject([{ sentBytes: 600, outcome: 'unknown' }]);
  });

  it('leaves an ended delivery as it is, whatever is told of it later', () => {
    const running = ledger.begin(delivery);
    running.breakOff();
    nowMs += 60_000;
    running.add(1000);
    ledger.closeAbandoned();
    expect(entries()).toMatchObject([{ sentBytes: 0, outcome: 'broken-off' }]);
  });

  it('ends what is under way with the agent, and hears no more of it', () => {
    const running = ledger.begin(delivery);
    running.add(300);
    ledger.stop();
    database.close();
    running.add(100);
    running.complete();
    open();
    expect(entries()).toMatchObject([{ sentBytes: 300, outcome: 'broken-off' }]);
  });

  it('lets nothing leave that a full disk does not take, and writes an end when there is room again', () => {
    const running = ledger.begin(delivery);
    const pages = database.pragma('page_count', { simple: true }) as number;
    database.exec('CREATE TABLE filler (bytes BLOB)');
    database.pragma(`max_page_count = ${pages + 1}`);
    // Triggers make the small rows as large as it takes to need a page.
    database.exec(
      'CREATE TEMP TRIGGER grow_end AFTER UPDATE ON main.ledger BEGIN INSERT INTO filler VALUES (zeroblob(20000)); END',
    );
    database.exec(
      'CREATE TEMP TRIGGER grow_begin AFTER INSERT ON main.ledger BEGIN INSERT INTO filler VALUES (zeroblob(20000)); END',
    );
    nowMs += 10_000;
    running.add(1000);
    running.complete();
    expect(stored()).toEqual([[0, 'running']]);
    expect(() => ledger.begin(delivery)).toThrow('full');
    database.pragma('max_page_count = 1000000');
    expect(entries()).toMatchObject([{ sentBytes: 1000, outcome: 'complete' }]);
  });

  it('takes a whole file at once, and nothing of it where its transaction fails', () => {
    const file: Delivery = { ...delivery, channel: 'file', peer: '/media/USB メモリ/更新.genba' };
    expect(() =>
      database.transaction(() => {
        ledger.record(file);
        throw new Error('full');
      })(),
    ).toThrow('full');
    expect(entries()).toEqual([]);
    ledger.record(file);
    expect(entries()).toMatchObject([{ channel: 'file', sentBytes: 1000, outcome: 'complete' }]);
  });

  it('knows start weights from updates: no rounds are in them', () => {
    ledger.begin({ ...delivery, content: 'start-weights' }).breakOff();
    expect(entries()).toMatchObject([
      { content: 'start-weights', rounds: 0, firstRound: null, lastRound: null },
    ]);
  });

  it('keeps the rounds of the moment when they go on to another update', () => {
    ledger.begin(delivery).breakOff();
    new Outbox(database).requeueOnNewBase(delivery.updateId, 'update/unknown-base', 'u2');
    expect(entries()).toMatchObject([{ rounds: 3, firstRound: 1, lastRound: 3 }]);
  });

  it('refuses an update that was never there, and more bytes than there are', () => {
    expect(() => ledger.begin({ ...delivery, updateId: 'unknown' })).toThrow('FOREIGN KEY');
    const running = ledger.begin(delivery);
    running.add(1001);
    expect(() => running.complete()).toThrow('CHECK');
  });

  it('is read between two moments, page by page', () => {
    const startMs = nowMs;
    for (let minute = 0; minute < LEDGER_PAGE_ENTRIES + 5; minute++) {
      nowMs = startMs + minute * 60_000;
      ledger.record(delivery);
    }
    const at = (minute: number) => new Date(startMs + minute * 60_000).toISOString();
    const ids = (page: ReturnType<Ledger['read']>) => page.entries.map(({ entryId }) => entryId);
    expect(ids(ledger.read({ since: at(2), until: at(4), after: 0 }))).toEqual([3, 4]);
    const first = ledger.read(ALL);
    expect(first.entries).toHaveLength(LEDGER_PAGE_ENTRIES);
    expect(first.hasMore).toBe(true);
    const second = ledger.read({ ...ALL, after: LEDGER_PAGE_ENTRIES });
    expect(ids(second)).toEqual([1, 2, 3, 4, 5].map((entry) => entry + LEDGER_PAGE_ENTRIES));
    expect(second.hasMore).toBe(false);
    expect(second.keptSince).toBeNull();
  });
});
