import { plantChangesSchema } from '@genba/shared/local-api/changes';
import type { KnownDrift } from '@genba/shared/local-api/drift';
import type { NetworkState } from '@genba/shared/local-api/network';
import { DEFAULT_SHIFT_STARTS } from '@genba/shared/local-api/shift-starts';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { LabelStore } from '../labelling/label-store.ts';
import { ModelLog } from '../model/model-log.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { JudgedHours } from './judged-hours.ts';
import { beginOf, readChanges } from './read-changes.ts';
import { ShiftRecorder } from './shift-recorder.ts';

const SINCE_MS = Date.parse('2026-11-25T20:00:00.000Z');
const before = (minutes: number) => new Date(SINCE_MS - minutes * 60_000).toISOString();
const after = (minutes: number) => before(-minutes);

let database: AgentDatabase;
beforeEach(() => {
  database = openAgentDatabase(temporaryFolder().root);
});
afterEach(() => {
  database.close();
});

const read = (hasWatches = false, knownDrifts: readonly KnownDrift[] = []) =>
  plantChangesSchema.parse(readChanges(database, SINCE_MS, { hasWatches, knownDrifts }));

/** A round whose update was delivered, or refused, or waits. */
function addRound(number: number, at: string, state: 'done' | 'refused' | 'pending' | 'receipted') {
  const id = `u${number}`;
  const isSent = state !== 'pending';
  database
    .prepare(
      `INSERT INTO outbox (update_id, state, created_at, base_id, base_version, report, sha256, receipted_at, done_at, refusal)
       VALUES (?, ?, ?, 'b', 1, '{}', 'd', ?, ?, ?)`,
    )
    .run(
      id,
      state,
      at,
      isSent ? at : null,
      isSent ? at : null,
      state === 'refused' ? 'update/dropped' : null,
    );
  database
    .prepare(
      `INSERT INTO round (number, update_id, finished_at, duration_ms, global_version, examples, backend)
       VALUES (?, ?, ?, 60000, 1, 10, 'wasm')`,
    )
    .run(number, id, at);
}

function addComparison(
  name: string,
  at: string,
  scores: { own: number; shared: number | null; inUse: number },
) {
  const sync = { baseId: name, globalVersion: 3, round: 1, syncedAt: at };
  new ModelLog(database).enterScores(sync, { scoreKind: 'accuracy', examples: 100, ...scores });
}

describe('readChanges', () => {
  it('has nothing to tell of a plant on its first day', () => {
    expect(read()).toEqual({
      since: '2026-11-25T20:00:00.000Z',
      isFirst: true,
      rounds: { count: 0, durationMs: 0 },
      updates: { delivered: 0, refused: 0, received: 0, sentBytes: 0 },
      scores: null,
      labels: { count: 0, by: [] },
      model: { taken: 0, heldBack: 0, newest: null },
      troubles: [],
      drifts: [],
      judged: null,
    });
    addRound(1, after(1), 'done');
    expect(read()).toMatchObject({ isFirst: true, rounds: { count: 1 } });
    addRound(2, before(1), 'done');
    expect(read()).toMatchObject({ isFirst: false, rounds: { count: 1 } });
  });

  it('counts what was trained, sent, refused and received since, and not what was before', () => {
    addRound(1, before(5), 'done');
    addRound(2, after(5), 'done');
    addRound(3, after(6), 'receipted');
    addRound(4, after(7), 'refused');
    addRound(5, after(8), 'pending');
    const deliver = database.prepare(
      `INSERT INTO ledger (started_at, ended_at, channel, peer, task_id, content, update_id, rounds, first_byte,
                           planned_bytes, sent_bytes, outcome)
       VALUES (?, ?, 'network', 'p', 't', 'update', ?, 1, 0, 400, 400, 'complete')`,
    );
    deliver.run(before(5), before(5), 'u1');
    deliver.run(after(5), after(5), 'u2');
    const install = database.prepare(
      'INSERT INTO install (base_id, installed_at, after_round, global_version) VALUES (?, ?, 1, 1)',
    );
    install.run('b1', before(5));
    install.run('b2', after(5));
    expect(read()).toMatchObject({
      rounds: { count: 4, durationMs: 240_000 },
      updates: { delivered: 2, refused: 1, received: 1, sentBytes: 400 },
    });
  });

  it('compares the newest scores with the last ones of before', () => {
    addComparison('a', before(60), { own: 0.7, shared: 0.6, inUse: 0.7 });
    addComparison('b', before(10), { own: 0.8, shared: null, inUse: 0.8 });
    expect(read().scores).toBeNull();
    addComparison('c', after(10), { own: 0.85, shared: 0.82, inUse: 0.8 });
    addComparison('d', after(20), { own: 0.9, shared: 0.88, inUse: 0.9 });
    expect(read().scores).toEqual({
      kind: 'accuracy',
      own: { before: 0.8, now: 0.9 },
      shared: { before: null, now: 0.88 },
      inUse: { before: 0.8, now: 0.9 },
    });
  });

  it('compares within the period where there is nothing before it', () => {
    addComparison('c', after(10), { own: 0.85, shared: 0.82, inUse: 0.8 });
    addComparison('d', after(20), { own: 0.9, shared: 0.88, inUse: 0.9 });
    expect(read().scores?.own).toEqual({ before: 0.85, now: 0.9 });
  });

  it('names who labelled, without what was taken back', () => {
    const labels = new LabelStore(database);
    const add = (picture: string, labelledBy: string, labelledAt: string) =>
      labels.add({ picture, path: `/x/${picture}`, className: 'OK', labelledBy, labelledAt });
    add('p0', '佐藤', before(5));
    add('p1', '鈴木', after(1));
    add('p2', '佐藤', after(2));
    add('p3', '佐藤', after(3));
    add('p4', '佐藤', after(4));
    labels.undo({ picture: 'p4', labelledBy: '佐藤' }, after(5));
    expect(read().labels).toEqual({
      count: 3,
      by: [
        { name: '佐藤', count: 2 },
        { name: '鈴木', count: 1 },
      ],
    });
  });

  it('tells which model was taken, and how often the gate held one back', () => {
    const log = new ModelLog(database);
    const decision = { by: null, model: 'together', score: 0.9, inUseScore: 0.8, deficit: 0 } as const;
    log.enter({ ...decision, at: before(5), kind: 'taken', globalVersion: 1, reason: 'first' });
    log.enter({ ...decision, at: after(5), kind: 'taken', globalVersion: 2, reason: 'as-good' });
    log.enter({ ...decision, at: after(6), kind: 'held-back', globalVersion: 3, reason: 'worse' });
    expect(read().model).toMatchObject({
      taken: 1,
      heldBack: 1,
      newest: { kind: 'held-back', globalVersion: 3 },
    });
  });

  it('tells what stood in the way, what still does first', () => {
    const add = database.prepare('INSERT INTO trouble (what, started_at, ended_at) VALUES (?, ?, ?)');
    add.run('clock/wrong', before(60), before(50));
    add.run('offline', before(10), null);
    add.run('store/space-needed', before(10), after(10));
    expect(read().troubles).toEqual([
      { what: 'offline', from: before(10), until: null },
      { what: 'store/space-needed', from: before(10), until: after(10) },
    ]);
  });

  it('tells which warnings about newer data somebody has confirmed since, the newest first', () => {
    const known = (knownAt: string): KnownDrift => ({
      since: before(90),
      before: 500,
      now: 60,
      findings: [{ kind: 'column', column: 'トルク', change: 'higher', distance: 0.4 }],
      knownAt,
    });
    const drifts = read(false, [before(1), ...[1, 2, 3, 4, 5].map(after)].map(known)).drifts;
    expect(drifts.map(({ knownAt }) => knownAt)).toEqual([5, 4, 3, 2].map(after));
    expect(drifts[0]?.findings).toMatchObject([{ column: 'トルク' }]);
  });
});

describe('the recorder', () => {
  it('adds up what watches judge, over a start of the agent that counts anew', () => {
    const watch = (since: string, ok: number) => [
      { path: '/写真', since, counts: { ok, ng: 1, named: 0, unjudged: 0 } },
    ];
    const first = new JudgedHours(database);
    first.observe(watch(before(60), 5), SINCE_MS - 3_600_000);
    first.observe(watch(before(60), 7), SINCE_MS);
    first.observe(watch(before(60), 7), SINCE_MS);
    new JudgedHours(database).observe(watch(after(60), 3), SINCE_MS + 3_600_000);
    expect(read(true).judged).toEqual({ ok: 5, ng: 1, named: 0, unjudged: 0 });
    expect(read(false).judged).toBeNull();
  });

  const recorderOf = (state: () => NetworkState, watches: () => []) =>
    new ShiftRecorder({
      database,
      problem: () => null,
      network: state,
      watches,
      log: pino({ level: 'silent' }),
    });

  it('takes the attempts of an outage for one outage', () => {
    let state: NetworkState = 'offline';
    const recorder = recorderOf(
      () => state,
      () => [],
    );
    for (let minute = 0; minute < 10; minute++) {
      state = minute % 2 === 0 ? 'offline' : 'connecting';
      recorder.look(SINCE_MS + minute * 60_000);
    }
    state = 'online';
    recorder.look(SINCE_MS + 600_000);
    expect(read().troubles).toEqual([{ what: 'offline', from: after(0), until: after(10) }]);
  });

  it('lets no full disk end the agent, and hides no other mistake', () => {
    const failing = (thrown: Error) =>
      recorderOf(
        () => 'online',
        () => {
          throw thrown;
        },
      );
    failing(new Database.SqliteError('database or disk is full', 'SQLITE_FULL')).look(SINCE_MS);
    expect(() => failing(new TypeError('bug')).look(SINCE_MS)).toThrow('bug');
  });
});

it('begins a period at a shift, or a week ago', () => {
  const now = new Date(2026, 10, 26, 8, 5).getTime();
  expect(beginOf('this-shift', DEFAULT_SHIFT_STARTS, now)).toBe(new Date(2026, 10, 26, 8).getTime());
  expect(beginOf('last-shift', DEFAULT_SHIFT_STARTS, now)).toBe(new Date(2026, 10, 25, 20).getTime());
  expect(beginOf('week', DEFAULT_SHIFT_STARTS, now)).toBe(now - 7 * 86_400_000);
});
