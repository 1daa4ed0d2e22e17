import { REFUSED_IN_STATUS, REFUSED_PAGE, refusedPageSchema } from '@genba/shared/local-api/refused-updates';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from './client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './database.ts';
import { Outbox } from './outbox.ts';
import { newestRefused, readRefused } from './refused-updates.ts';

let database: AgentDatabase;
let client: ClientStore;
let outbox: Outbox;
let nowMs: number;

beforeEach(() => {
  database = openAgentDatabase(temporaryFolder().root);
  database.pragma('synchronous = OFF');
  onTestFinished(() => {
    database.close();
  });
  nowMs = Date.parse('2026-11-20T00:00:00.000Z');
  const now = () => new Date(nowMs);
  client = new ClientStore(database, now);
  outbox = new Outbox(database, now);
  const first = { baseId: 'b1', globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: Float32Array.of(0) });
});

function train(): void {
  const figures = { loss: 1, validationAccuracy: null, scores: null, durationMs: 1, backend: 'cpu' };
  const startWeights = client.weights()!;
  client.commitRound({
    startWeights,
    trainedWeights: startWeights.map((w) => w + 1),
    examples: 1,
    ...figures,
  });
}

function refuse(): string {
  train();
  const { updateId } = outbox.next()!;
  nowMs += 60_000;
  outbox.markRefused(updateId, 'update/not-finite');
  return updateId;
}

describe('refused updates', () => {
  it('stay, with their reason and the time', () => {
    train();
    const updateId = refuse();
    expect(refusedPageSchema.parse(readRefused(database, 0))).toEqual({
      updates: [
        {
          number: 1,
          updateId,
          code: 'update/not-finite',
          rounds: 2,
          createdAt: '2026-11-20T00:00:00.000Z',
          refusedAt: '2026-11-20T00:01:00.000Z',
        },
      ],
      hasMore: false,
    });
  });

  it('stay when their base is lost and their rounds go on', () => {
    train();
    const { updateId } = outbox.next()!;
    outbox.requeueOnNewBase(updateId, 'update/unknown-base', 'u2');
    expect(readRefused(database, 0).updates).toMatchObject([
      { updateId, code: 'update/unknown-base', rounds: 1 },
    ]);
    train();
    expect(outbox.figures()).toMatchObject({ roundsWaiting: 2, updatesRefused: 1 });
  });

  it('give their rounds to the next update, in which their progress is', () => {
    refuse();
    expect(outbox.figures()).toMatchObject({ roundsDone: 1, roundsWaiting: 0 });
    train();
    expect(outbox.figures()).toMatchObject({ roundsDone: 2, roundsWaiting: 2 });
    const { updateId, report } = outbox.next()!;
    expect(report.rounds).toBe(2);
    // A pending one that is there already takes them at once.
    train();
    outbox.markRefused(updateId, 'update/not-finite');
    expect(outbox.figures()).toMatchObject({ roundsWaiting: 3, updatesWaiting: 1, updatesRefused: 2 });
    expect(readRefused(database, 0).updates.map(({ rounds }) => rounds)).toEqual([1, 2]);
    expect(outbox.next()!.report.rounds).toBe(3);
  });

  it('give no rounds whose progress was answered since', () => {
    // As a version left it that did not give them on: refused, sent and answered with the next.
    train();
    const { updateId } = outbox.next()!;
    database.prepare("UPDATE outbox SET state = 'refused' WHERE update_id = ?").run(updateId);
    database.exec(`INSERT INTO outbox (update_id, state, created_at, base_id, base_version, report, sha256)
                   SELECT 'answered', 'done', created_at, base_id, base_version, report, sha256 FROM outbox`);
    train();
    expect(outbox.next()!.report.rounds).toBe(1);
  });

  it('are told newest first, and page by page from the oldest on', () => {
    const refused = Array.from({ length: REFUSED_PAGE + 2 }, refuse);
    train();
    expect(newestRefused(database).map(({ updateId }) => updateId)).toEqual(
      refused.toReversed().slice(0, REFUSED_IN_STATUS),
    );
    const first = readRefused(database, 0);
    const second = readRefused(database, first.updates.at(-1)!.number);
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect([...first.updates, ...second.updates].map(({ updateId }) => updateId)).toEqual(refused);
  });
});
