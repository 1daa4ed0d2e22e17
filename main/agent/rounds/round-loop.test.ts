import { parseTask } from '@genba/shared/model/task';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgement } from '../../trainer/fixtures.ts';
import { readHistory } from '../store/history.ts';
import { Outbox } from '../store/outbox.ts';
import { currentExamples, RoundLoopBench, TASK } from '../testing/round-loop-bench.ts';

let bench: RoundLoopBench;

beforeEach(() => {
  bench = new RoundLoopBench(async () => judgement(0.75));
});

afterEach(() => bench.end());

describe('the round loop', () => {
  it('waits for the first weights, then trains up to the limit', async () => {
    bench.start({ restSeconds: 0, roundLimit: 3 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('waiting'));
    bench.install('a');
    bench.loop.weightsInstalled();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.roundsKept()).toBe(3);
    expect(bench.client.weights()).toEqual(new Float32Array(6).fill(3));
    expect(bench.loop.backend?.name).toBe('cpu');
  });

  it('rests between rounds, whatever comes from the aggregator', async () => {
    bench.install('a');
    bench.start({ restSeconds: 3600 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('resting'));
    for (let message = 0; message < 5; message++) bench.loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bench.loop.state).toBe('resting');
    expect(bench.roundsKept()).toBe(1);
  });

  it('breaks a round off when it is paused, and starts it afresh when resumed', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.isEndless = true;
    });
    await vi.waitFor(() => expect(bench.trainers[0]?.startedCount).toBe(1));
    bench.settings.write({ isPaused: true });
    bench.loop.interrupt();
    await vi.waitFor(() => expect(bench.loop.state).toBe('paused'));
    expect(bench.loop.current).toBeNull();
    expect(bench.loop.problem).toBeNull();
    bench.trainers[0]!.isEndless = false;
    bench.settings.write({ isPaused: false });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.roundsKept()).toBe(1);
  });

  it('does not train while the schedule is against it, and goes on when it no longer is', async () => {
    bench.install('a');
    bench.hold = { reason: 'pc-in-use', untilMs: null };
    bench.start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('held'));
    bench.loop.weightsInstalled();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.loop.state).toBe('held');
    expect(bench.trainers).toHaveLength(0);
    bench.hold = null;
    bench.loop.holdChanged();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.roundsKept()).toBe(1);
  });

  it.each(['pc-in-use', 'on-battery', 'outside-plan'] as const)(
    'breaks the running round off when the PC is to be left: %s',
    async (reason) => {
      bench.install('a');
      bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
        trainer.isEndless = true;
        // At this pace the round has hours to go.
        trainer.batches = 1e9;
      });
      await vi.waitFor(() => expect(bench.trainers[0]?.startedCount).toBe(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      bench.hold = { reason, untilMs: null };
      bench.loop.holdChanged();
      await vi.waitFor(() => expect(bench.loop.state).toBe('held'));
      expect(bench.roundsKept()).toBe(0);
      expect(bench.loop.problem).toBeNull();
    },
  );

  it('lets a round end that is nearly done when the plan closes, but starts no other', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0 }, (trainer) => {
      trainer.isSlow = true;
    });
    await vi.waitFor(() => expect(bench.trainers[0]?.startedCount).toBe(1));
    bench.hold = { reason: 'outside-plan', untilMs: null };
    bench.loop.holdChanged();
    bench.trainers[0]!.finish();
    await vi.waitFor(() => expect(bench.loop.state).toBe('held'));
    expect(bench.roundsKept()).toBe(1);
  });

  it('does not train the rounds a pause has left out: one, then a rest', async () => {
    bench.install('a');
    bench.hold = { reason: 'outside-plan', untilMs: null };
    bench.start({ restSeconds: 3600 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('held'));
    bench.hold = null;
    for (let change = 0; change < 5; change++) bench.loop.holdChanged();
    await vi.waitFor(() => expect(bench.loop.state).toBe('resting'));
    for (let change = 0; change < 5; change++) bench.loop.holdChanged();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.roundsKept()).toBe(1);
  });

  it('keeps the trainer through a short pause, and ends it when there is nothing to do for long', async () => {
    bench.install('a');
    bench.trainerIdleMs = 500;
    bench.start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    bench.settings.write({ roundLimit: 2 });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.roundsKept()).toBe(2));
    expect(bench.trainers).toHaveLength(1);
    expect(bench.trainers[0]!.loadCount).toBe(1);
    await vi.waitFor(() => expect(bench.trainers[0]!.isClosed).toBe(true));
    bench.settings.write({ roundLimit: 3 });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.roundsKept()).toBe(3));
    expect(bench.trainers).toHaveLength(2);
  });

  it('gives the trainer other examples between two rounds', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    bench.examples = currentExamples(2);
    bench.loop.examplesChanged();
    bench.settings.write({ roundLimit: 3 });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.roundsKept()).toBe(3));
    expect(bench.trainers).toHaveLength(1);
    expect(bench.trainers[0]!.loadCount).toBe(2);
  });

  it('begins the running round again when another method is chosen', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.isEndless = true;
    });
    await vi.waitFor(() => expect(bench.trainers[0]?.startedCount).toBe(1));
    bench.loop.methodChanged();
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.trainers).toHaveLength(2);
    expect(bench.trainers[0]!.isClosed).toBe(true);
    expect(bench.loop.problem).toBeNull();
    expect(bench.roundsKept()).toBe(1);
  });

  it('trains each round with the task’s settings of the moment', async () => {
    bench.client.saveTask(TASK);
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    const training = { ...TASK.training, epochs: 7 };
    const federation = { strategy: 'fedprox', proximalCoefficient: 0.5 };
    bench.client.saveTask(parseTask({ ...TASK, training, federation }));
    bench.settings.write({ roundLimit: 3 });
    bench.loop.wake();
    await vi.waitFor(() => expect(bench.roundsKept()).toBe(3));
    const [first, second, third] = bench.trainers[0]!.rounds;
    expect(first).toMatchObject({ training: TASK.training });
    expect(first).not.toHaveProperty('proximal');
    expect(second).toMatchObject({ training });
    // Not the weights a round begins with, but those that were installed.
    const proximal = { coefficient: 0.5, startWeights: new Float32Array(6) };
    expect([second!.proximal, third!.proximal]).toEqual([proximal, proximal]);
  });

  it('trains no round beyond the limit for weights that come while others are judged', async () => {
    bench.install('a');
    bench.onRoundDone = () => bench.install('b');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.evaluate = async () => {
        if (bench.roundsKept() === 1 && bench.client.base()!.baseId === 'b') bench.install('c');
        return judgement(0.75);
      };
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.client.base()!.baseId).toBe('c');
    expect(bench.client.unmeasuredInstall()).toBeNull();
    expect(bench.roundsKept()).toBe(1);
  });

  it('judges installed weights before it trains on them', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 0 });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    expect(bench.client.unmeasuredInstall()).toBeNull();
  });

  it('keeps scores of the kind that the task has, and reports the share judged right', async () => {
    bench.install('a');
    bench.start({ restSeconds: 0, roundLimit: 1 }, (trainer) => {
      trainer.evaluate = async () => ({ ...judgement(0.75), score: 0.5, scoreKind: 'balanced-accuracy' });
    });
    await vi.waitFor(() => expect(bench.loop.state).toBe('finished'));
    const scored = { scoreKind: 'balanced-accuracy', ownScore: 0.5, checkScore: null };
    expect(readHistory(bench.database, 10)).toMatchObject([
      { event: 'installed', ...scored },
      { event: 'round', ...scored },
    ]);
    expect(new Outbox(bench.database).next()?.report.metrics.validationAccuracy).toBe(0.75);
  });
});
