import { beforeEach, describe, expect, it } from 'vitest';
import type { Application, BaseRecord, NewUpdate } from './catalogue.ts';
import { readHistory } from './norm-history.ts';
import type { NewOperatorRequest, OperatorCommand } from './operator-table.ts';
import type { Tables } from './tables.ts';

const TIME = '2026-11-23T06:00:00.000Z';
const TASK = 'task';
const FINDING = { kind: 'absolute', group: 'model', norm: 9, startNorm: 0.1, limit: 30 } as const;
const STATE = { globalVersion: 0, vectors: { globalWeights: 'g0' }, scalars: {} };
const PROGRESS = { isHeld: false, scalars: {}, vectors: {} };

function base(baseId: string, changes: Partial<BaseRecord> = {}): BaseRecord {
  const nothing = { updateId: null, staleness: null, mixingWeight: null, installedAt: null };
  const fixed = { taskId: TASK, clientId: 'osaka', version: 0, weightsDigest: 'g0', use: 'install' as const };
  return { baseId, ...fixed, ...nothing, calibration: [], issuedAt: TIME, ...changes };
}

function update(updateId: string, baseId: string): NewUpdate {
  const figures = { rounds: 4, examples: 30, metrics: { loss: null, validationAccuracy: null } };
  return {
    updateId,
    taskId: TASK,
    clientId: 'osaka',
    baseId,
    ...figures,
    digest: updateId,
    receivedAt: TIME,
  };
}

/** What every catalogue must do with quarantined updates and operators' requests. */
export function describeDecisions(name: string, open: () => Promise<Tables>): void {
  describe(name, () => {
    let tables: Tables;

    beforeEach(async () => {
      tables = await open();
      const { catalogue, screening } = tables;
      const task = { taskId: TASK, manifestDigest: 'm', settings: '{}', state: STATE, createdAt: TIME };
      await catalogue.createTask(task);
      await catalogue.seeClient({ taskId: TASK, clientId: 'osaka', plantName: '大阪', seenAt: TIME });
      await catalogue.issueBase({ base: base('b1'), client: PROGRESS, state: STATE });
      await catalogue.journalUpdate(update('u1', 'b1'));
      await screening.quarantine({ updateId: 'u1', finding: FINDING, quarantinedAt: TIME });
    });

    const ask = async (requestId: string, command: OperatorCommand): Promise<NewOperatorRequest> => {
      const request = { requestId, taskId: TASK, command, requestedAt: TIME, requestedBy: 'it@office' };
      await tables.operators.ask(request);
      return request;
    };
    const end = (requestId: string) => ({ requestId, finishedAt: TIME });

    it('keeps an update in quarantine apart, with its reason and its file', async () => {
      const { catalogue, screening } = tables;
      expect(await catalogue.pendingUpdates(TASK)).toEqual([]);
      const [held] = await screening.quarantined(TASK);
      expect(held).toMatchObject({ updateId: 'u1', plantName: '大阪', rounds: 4, finding: FINDING });
      expect(await screening.quarantined('other')).toEqual([]);
      expect(await screening.heldUpdate({ taskId: TASK, clientId: 'osaka' })).toEqual(held);
      expect(await catalogue.unreferenced(['u1', 'nothing'])).toEqual(['nothing']);
      await expect(
        screening.quarantine({ updateId: 'u1', finding: FINDING, quarantinedAt: TIME }),
      ).rejects.toThrow();
    });

    it('writes requests down in order, and ends each once', async () => {
      const { operators } = tables;
      const first = await ask('r1', { kind: 'rollback', version: 3 });
      await ask('r2', { kind: 'drop', updateId: 'u1' });
      expect((await operators.waiting()).map(({ requestId }) => requestId)).toEqual(['r1', 'r2']);
      expect(await operators.find('r1')).toEqual({
        ...first,
        state: 'waiting',
        result: null,
        finishedAt: null,
      });
      const failure = { code: 'operation/version-not-kept', detail: null } as const;
      expect(await operators.fail({ ...end('r1'), ...failure })).toBe(true);
      expect(await operators.fail({ ...end('r1'), ...failure })).toBe(false);
      expect(await operators.withdraw(end('r1'))).toBe(false);
      expect(await operators.find('r1')).toMatchObject({
        state: 'failed',
        result: { kind: 'failed', ...failure },
      });
      expect(await operators.withdraw(end('r2'))).toBe(true);
      expect(await operators.waiting()).toEqual([]);
      const foreign = { requestId: 'r3', taskId: 'none', requestedAt: TIME, requestedBy: 'x' };
      const command = { kind: 'rollback', version: 0 } as const;
      await expect(operators.ask({ ...foreign, command })).rejects.toMatchObject({
        code: 'operation/unknown-task',
      });
    });

    it('releases an update behind those that wait, together with the end of its request', async () => {
      const { catalogue, operators } = tables;
      await ask('r1', { kind: 'release', updateId: 'u1' });
      expect(await operators.release({ ...end('r1'), updateId: 'u1' })).toMatchObject({
        updateId: 'u1',
        state: 'received',
        releasedAt: TIME,
        sequence: 2,
      });
      expect(await operators.find('r1')).toMatchObject({
        state: 'done',
        result: { kind: 'release', updateId: 'u1' },
      });
      expect(await catalogue.pendingUpdates(TASK)).toHaveLength(1);
      await ask('r2', { kind: 'release', updateId: 'u1' });
      expect(await operators.release({ ...end('r2'), updateId: 'u1' })).toBeNull();
      expect(await operators.find('r2')).toMatchObject({ state: 'waiting' });
    });

    it('has no effect for a request that was withdrawn', async () => {
      const { catalogue, operators } = tables;
      await ask('r1', { kind: 'release', updateId: 'u1' });
      await operators.withdraw(end('r1'));
      const back = { taskId: TASK, toVersion: 0, state: { ...STATE, globalVersion: 1 }, client: PROGRESS };
      const release = { keepsStartWeights: false, use: 'install' } as const;
      const refusal = { updateId: 'u1', code: 'update/dropped', state: STATE, issue: null } as const;
      expect(await operators.release({ ...end('r1'), updateId: 'u1' })).toBeNull();
      expect(await operators.drop({ ...end('r1'), ...refusal })).toBeNull();
      expect(await operators.rollBack({ ...end('r1'), ...back, release })).toBeNull();
      expect(await catalogue.findUpdate('u1')).toMatchObject({ state: 'quarantined' });
    });

    it('rolls back only while nothing waits, sends every client the weights and ends the quarantine', async () => {
      const { catalogue, operators } = tables;
      await catalogue.seeClient({ taskId: TASK, clientId: 'nara', plantName: '奈良', seenAt: TIME });
      await catalogue.issueBase({ base: base('b2', { clientId: 'nara' }), client: PROGRESS, state: STATE });
      await catalogue.journalUpdate({ ...update('u2', 'b2'), clientId: 'nara' });
      const request = await ask('r1', { kind: 'rollback', version: 0 });
      const state = { ...STATE, globalVersion: 1 };
      const release = { keepsStartWeights: false, use: 'install' } as const;
      const back = {
        ...end(request.requestId),
        taskId: TASK,
        toVersion: 0,
        state,
        client: PROGRESS,
        release,
      };
      expect(await operators.rollBack(back)).toBeNull();
      await catalogue.setAside({ updateId: 'u2', code: 'update/not-finite', state: STATE, issue: null });
      const { releasedClients } = (await operators.rollBack(back))!;
      expect([...releasedClients].sort()).toEqual(['nara', 'osaka']);
      expect(await catalogue.findUpdate('u1')).toMatchObject({ state: 'refused' });
      const { base: sent } = (await catalogue.findClient(TASK, 'osaka'))!;
      expect(sent).toMatchObject({ version: 1, weightsDigest: 'g0', updateId: 'u1', installedAt: null });
      expect(await operators.keptVersion(TASK, 1)).toBe('g0');
      expect(await operators.find('r1')).toMatchObject({
        result: { kind: 'rollback', fromVersion: 0, toVersion: 0, newVersion: 1, clients: 2 },
      });
    });

    it('remembers norms in a window, by training settings, and where a check set lies', async () => {
      const { catalogue, screening, operators } = tables;
      await ask('r1', { kind: 'release', updateId: 'u1' });
      await operators.release({ ...end('r1'), updateId: 'u1' });
      let updateId = 'u1';
      for (let version = 1; version <= 25; version++) {
        const figures = { staleness: 0, mixingWeight: 1, calibration: [], effect: 'merged' } as const;
        const application: Application = {
          updateId,
          state: { ...STATE, globalVersion: version, vectors: { globalWeights: `g${version}` } },
          client: PROGRESS,
          reply: base(`reply${version}`, { version, updateId }),
          figures,
          release: null,
          norms: { training: version < 25 ? 'slow' : 'fast', norms: { model: version } },
          appliedAt: TIME,
        };
        await catalogue.applyUpdate(application);
        updateId = `next${version}`;
        await catalogue.journalUpdate(update(updateId, `reply${version}`));
      }
      const of = { taskId: TASK, clientId: 'osaka' };
      const slow = readHistory(await screening.normHistory({ ...of, training: 'slow' }));
      // Of one client the newest twenty; as part of the task's they stay longer.
      expect(slow.own.map(({ norms }) => norms.model)).toEqual(
        Array.from({ length: 20 }, (_, index) => 5 + index),
      );
      expect(slow.task).toHaveLength(24);
      expect(slow.own[0]).toEqual({ rounds: 4, norms: { model: 5 } });
      const fast = readHistory(await screening.normHistory({ ...of, training: 'fast' }));
      expect(fast).toEqual({
        own: [{ rounds: 4, norms: { model: 25 } }],
        task: [{ rounds: 4, norms: { model: 25 } }],
      });
      expect(await screening.checkSet(TASK)).toBeNull();
      await screening.keepCheckSet(TASK, '/データ');
      expect(await screening.checkSet(TASK)).toBe('/データ');
      await screening.keepCheckSet(TASK, null);
      expect(await screening.checkSet(TASK)).toBeNull();
    });
  });
}
