import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openTablesHere, type Tables } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

const TIME = '2026-11-26T06:00:00.000Z';
const CLIENT = { taskId: 'task', clientId: 'osaka' };

describe.each([
  ['in this thread', openTablesHere],
  ['in a thread of its own', openTablesInThread],
] as const)('what is remembered about files, %s', (_name, openTables) => {
  let tables: Tables;

  beforeEach(async () => {
    const opened = await openTables(':memory:');
    onTestFinished(opened.close);
    tables = opened.tables;
    const { catalogue } = tables;
    const state = { globalVersion: 0, vectors: { globalWeights: 'g0' }, scalars: {} };
    await catalogue.createTask({
      taskId: 'task',
      manifestDigest: 'm',
      settings: '{}',
      state,
      createdAt: TIME,
    });
    await catalogue.seeClient({ ...CLIENT, plantName: '大阪', seenAt: TIME });
    const nothing = { updateId: null, staleness: null, mixingWeight: null, installedAt: null };
    const base = { ...CLIENT, ...nothing, baseId: 'b1', version: 0, weightsDigest: 'g0', issuedAt: TIME };
    const client = { isHeld: false, scalars: {}, vectors: {} };
    await catalogue.issueBase({ base: { ...base, use: 'install', calibration: [] }, client, state });
  });

  const refuse = (updateId: string) =>
    tables.exchange.keepRefusal({
      ...CLIENT,
      updateId,
      code: 'update/not-finite',
      detail: null,
      refusedAt: TIME,
    });

  it('keeps the newest refusal of a client, until its update is taken in after all', async () => {
    expect(await tables.exchange.refusal(CLIENT)).toBeNull();
    await refuse('u1');
    await refuse('u2');
    expect(await tables.exchange.refusal(CLIENT)).toMatchObject({
      updateId: 'u2',
      code: 'update/not-finite',
    });
    expect(await tables.exchange.refusal({ ...CLIENT, clientId: 'else' })).toBeNull();
    expect(await tables.exchange.newestUpdate(CLIENT)).toBeNull();
    const figures = {
      rounds: 4,
      examples: 30,
      metrics: { loss: null, validationAccuracy: null },
      digest: 'd',
    };
    await tables.catalogue.journalUpdate({
      ...CLIENT,
      updateId: 'u2',
      baseId: 'b1',
      ...figures,
      receivedAt: TIME,
    });
    expect(await tables.exchange.refusal(CLIENT)).toBeNull();
    expect(await tables.exchange.newestUpdate(CLIENT)).toMatchObject({ updateId: 'u2', state: 'received' });
  });

  it('knows which requests for weights are answered', async () => {
    expect(await tables.exchange.isAnswered('r1')).toBe(false);
    for (let time = 0; time < 2; time++)
      await tables.exchange.keepAnswered({ ...CLIENT, requestId: 'r1', answeredAt: TIME });
    expect(await tables.exchange.isAnswered('r1')).toBe(true);
    expect(await tables.exchange.isAnswered('r2')).toBe(false);
  });

  it('ends a request about a file once, with what came of it', async () => {
    const { operators } = tables;
    const command = { kind: 'import', file: 'ab' } as const;
    await operators.ask({
      requestId: 'q1',
      taskId: 'task',
      command,
      requestedAt: TIME,
      requestedBy: 'it@office',
    });
    expect(await operators.waiting()).toMatchObject([{ requestId: 'q1', command }]);
    const result = { kind: 'reissue', baseId: 'b2' } as const;
    const end = { requestId: 'q1', finishedAt: TIME, result };
    expect([await operators.finish(end), await operators.finish(end)]).toEqual([true, false]);
    expect(await operators.find('q1')).toMatchObject({ state: 'done', result });
    expect(await operators.waiting()).toEqual([]);
  });
});
