import { AppError } from '@genba/shared/errors/app-error';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgement } from '../../trainer/fixtures.ts';
import { currentExamples, RoundLoopBench } from '../testing/round-loop-bench.ts';

const RADEON = { name: 'Radeon', driver: '', isSoftware: false };

let bench: RoundLoopBench;

beforeEach(() => {
  bench = new RoundLoopBench(async () => judgement(0.75));
});

afterEach(() => bench.end());

describe('the round loop in trouble', () => {
  it('says why a round failed, tries again, and forgets the problem', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.failures = [new AppError('trainer/diverged')];
    });
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('trainer/diverged'));
    expect(bench.roundsKept()).toBe(0);
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.loop.problem).toBeNull();
  });

  it('waits for examples, and has those read anew that are damaged', async () => {
    bench.install('a');
    bench.examples = null;
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.loadFailures = [new AppError('dataset/damaged')];
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('waiting'));
    bench.examples = currentExamples(1);
    bench.loop.examplesChanged();
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('dataset/damaged'));
    expect(bench.damagedCount).toBe(1);
    bench.examples = currentExamples(2);
    bench.loop.examplesChanged();
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
  });

  it('starts a trainer that died anew at once, one that dies again and again ever later', async () => {
    bench.install('a');
    bench.crashesLeft = 2;
    bench.start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(bench.trainers).toHaveLength(2));
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('trainer/crashed'));
    await vi.waitFor(() => expect(bench.loop.sleepsUntilMs! - Date.now()).toBeGreaterThan(1_000));
    expect(bench.loop.state).toBe('recovering');
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.trainers).toHaveLength(3);
    expect(bench.trainers[2]!.trainedCount).toBe(2);
    expect(bench.loop.problem).toBeNull();
  });

  it('goes on at once by another method where one takes its trainer down', async () => {
    bench.install('a');
    const died: unknown[] = [];
    bench.methods = {
      choose: async () => ({ backend: null, order: died.length === 0 ? ['webgpu', 'cpu'] : ['cpu'] }),
      died: (what) => died.push(what) > 0,
    };
    bench.crashesLeft = 1;
    const loads: unknown[] = [];
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.load = async ({ order }) => {
        loads.push(order);
        return { name: 'webgpu', note: null, isRequested: false, device: RADEON };
      };
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'), { timeout: 1000 });
    expect(died).toEqual([{ name: 'webgpu', device: 'Radeon', reason: expect.any(String), deathsInARow: 1 }]);
    expect(loads).toEqual([['webgpu', 'cpu']]);
    expect(bench.trainers).toHaveLength(2);
    expect(bench.loop.backend?.name).toBe('cpu');
  });

  it('counts deaths from the last finished round on', async () => {
    bench.install('a');
    const counts: number[] = [];
    bench.methods = { ...bench.methods, died: ({ deathsInARow }) => counts.push(deathsInARow) < 0 };
    bench.crashesLeft = 1;
    bench.onRoundDone = () => {
      if (bench.roundsKept() === 1) bench.crashesLeft = 1;
    };
    bench.start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(counts).toEqual([1, 1]);
  });

  it('takes another trainer where one is out of memory and lives on', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.failures = [
        new AppError('trainer/crashed', { detail: 'RuntimeError: memory access out of bounds' }),
      ];
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.trainers).toHaveLength(2);
    expect(bench.trainers[0]!.isClosed).toBe(true);
  });

  it('stops, and says so, where only a person can help', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0 }, (trainer) => {
      trainer.failures = [new AppError('trainer/no-backend')];
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('failed'));
    expect(bench.loop.problem?.code).toBe('trainer/no-backend');
  });

  it('holds a finished round until the disk takes it', async () => {
    bench.install('a');
    const commit = vi.spyOn(bench.client, 'commitRound').mockImplementationOnce(() => {
      throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    });
    bench.start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('store/disk-full'));
    expect(bench.roundsKept()).toBe(0);
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.roundsKept()).toBe(1);
    expect(commit).toHaveBeenCalledTimes(2);
    expect(bench.trainers[0]!.trainedCount).toBe(1);
  });

  it('goes on by itself after the disk was full while it judged what was installed, or offered a round', async () => {
    const full = () => new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    vi.spyOn(bench.client, 'saveInstallScores').mockImplementationOnce(() => {
      throw full();
    });
    bench.onRoundDone = vi.fn().mockImplementationOnce(() => {
      throw full();
    });
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('store/disk-full'));
    expect(bench.loop.state).toBe('recovering');
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.onRoundDone).toHaveBeenCalledTimes(1));
    expect(bench.loop).toMatchObject({ state: 'recovering', problem: { code: 'store/disk-full' } });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.loop.problem).toBeNull();
    expect(bench.roundsKept()).toBe(2);
  });

  it('begins no round while there is an obstacle, says which, and goes on when it is gone', async () => {
    bench.install('a');
    bench.obstacle = new AppError('store/space-needed');
    bench.start({ restSeconds: 0, roundLimit: 2 });
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('store/space-needed'));
    expect(bench.loop.state).toBe('failed');
    bench.loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([bench.roundsKept(), bench.trainers.length]).toEqual([0, 0]);
    bench.obstacle = null;
    bench.loop.obstacleChanged();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.loop.problem).toBeNull();
    expect(bench.roundsKept()).toBe(2);
  });

  it('finishes and keeps the round that runs when an obstacle comes up', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0 }, (trainer) => {
      const train = trainer.train;
      trainer.train = (...round) => {
        bench.obstacle = new AppError('store/space-needed');
        return train(...round);
      };
    });
    await vi.waitFor(() => expect(bench.loop.problem?.code).toBe('store/space-needed'));
    expect(bench.roundsKept()).toBe(1);
  });
});
