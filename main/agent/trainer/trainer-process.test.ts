import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import path from 'node:path';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { brightHalves, sampleTask } from '../../trainer/fixtures.ts';
import { writeExamples } from '../dataset/examples-writer.ts';
import { type TrainerExit, TrainerProcess, type TrainerProcessOptions } from './trainer-process.ts';

// Plain JavaScript starts fastest and gives the same bits everywhere.
const request = (epochs = 2) => ({
  task: sampleTask({ training: { epochs } }),
  training: brightHalves(240, 1),
  validation: brightHalves(90, 2),
  check: null,
  backend: 'cpu' as const,
});
const weights = initialWeights(weightLayout(sampleTask()), 1);

/** Long enough never to end by itself in a test. */
const ENDLESS = 100;

let trainer: TrainerProcess | undefined;
afterEach(async () => {
  await trainer?.close();
});

function start(options?: TrainerProcessOptions): TrainerProcess {
  trainer = new TrainerProcess(options);
  return trainer;
}

/** Starts an endless round; `began` resolves with its first progress. */
async function startEndlessRound(options?: TrainerProcessOptions) {
  const running = start(options);
  await running.load(request(ENDLESS));
  let began = () => {};
  const firstProgress = new Promise<void>((resolve) => {
    began = resolve;
  });
  const round = running.train(weights, { seed: 1 }, () => began());
  round.catch(() => {});
  await firstProgress;
  return { running, round };
}

describe('TrainerProcess', () => {
  it('loads, trains with progress, and judges in a process of its own', async () => {
    const running = start();
    const progress: number[] = [];
    expect(await running.load(request())).toMatchObject({ name: 'cpu' });
    const result = await running.train(weights, { seed: 1 }, ({ batch }) => progress.push(batch));
    const judged = await running.evaluate(result.weights, 'validation');
    expect(running.pid).not.toBe(process.pid);
    expect(result.weights).toHaveLength(weights.length);
    expect(progress.at(-1)).toBe(30);
    expect(judged.accuracy).toBeGreaterThan(0.95);
    expect(await running.evaluate(weights, 'check')).toMatchObject({ accuracy: null });
  });

  it('passes on a refusal with its code and detail', async () => {
    const running = start();
    const wrong = { ...request(), training: { inputs: new Uint8Array(3), labels: Uint16Array.of(0) } };
    await expect(running.load(wrong)).rejects.toMatchObject({
      code: 'dataset/mismatch',
      detail: expect.stringContaining('training set'),
    });
    await running.load(request());
    await expect(running.train(new Float32Array(3), { seed: 1 })).rejects.toMatchObject({
      code: 'update/wrong-shape',
    });
  });

  it('cancels the running round and can train again', async () => {
    const { running, round } = await startEndlessRound();
    running.cancel();
    await expect(round).rejects.toMatchObject({ code: 'trainer/cancelled' });
    running.cancel();
    expect((await running.evaluate(weights, 'validation')).examples).toBe(90);
  });

  it('kills a child whose batch goes on too long after a cancel, and calls that cancelled', async () => {
    const exits: TrainerExit[] = [];
    const { running, round } = await startEndlessRound({
      onExit: (exit) => exits.push(exit),
      deadlines: { cancelMs: 100 },
    });
    // Stopped, it is as deaf as in the middle of a batch of seconds.
    process.kill(running.pid!, 'SIGSTOP');
    running.cancel();
    await expect(round).rejects.toMatchObject({ code: 'trainer/cancelled' });
    await vi.waitFor(() => expect(exits).toEqual([{ code: null, signal: 'SIGKILL', isExpected: false }]));
  });

  it('lets a child live that has nothing to cancel, or has cancelled in time', async () => {
    const { running, round } = await startEndlessRound({ deadlines: { cancelMs: 5_000 } });
    running.cancel();
    await expect(round).rejects.toMatchObject({ code: 'trainer/cancelled' });
    running.cancel();
    expect((await running.evaluate(weights, 'validation')).examples).toBe(90);
  });

  it('runs below the others on this PC, and tells its processor time', async () => {
    const usage: { cpuMs: number; isBusy: boolean }[] = [];
    const running = start({ onUsage: (cpuMs, isBusy) => usage.push({ cpuMs, isBusy }) });
    await running.load(request());
    expect(os.getPriority(running.pid!)).toBeGreaterThanOrEqual(os.constants.priority.PRIORITY_BELOW_NORMAL);
    await running.train(weights, { seed: 1 });
    const times = usage.map(({ cpuMs }) => cpuMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(0);
    expect(usage.at(-1)!.isBusy).toBe(false);
    expect(usage.at(-2)!.isBusy).toBe(true);
  });

  it('reads examples from a file, again when they have changed, and refuses half a file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), '工場 例 '));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const write = (name: string, sets: Parameters<typeof writeExamples>[1]) =>
      writeExamples(path.join(folder, name), sets);
    const { training, validation, ...rest } = request();
    const running = start();
    const stored = await write('a.examples', { training, validation, check: null });
    await running.load({ ...rest, stored });
    expect((await running.train(weights, { seed: 1 })).examples).toBe(240);
    const more = { training: brightHalves(300, 1), validation, check: brightHalves(30, 3) };
    await running.load({ ...rest, stored: await write('b.examples', more) });
    expect((await running.train(weights, { seed: 1 })).examples).toBe(300);
    expect((await running.evaluate(weights, 'check')).examples).toBe(30);
    truncateSync(stored.path, 1000);
    await expect(running.load({ ...rest, stored })).rejects.toMatchObject({ code: 'dataset/damaged' });
  });

  it('rejects all pending calls when the child is killed, and a new one starts', async () => {
    const exits: TrainerExit[] = [];
    const { running, round } = await startEndlessRound({ onExit: (exit) => exits.push(exit) });
    const waiting = running.evaluate(weights, 'validation');
    waiting.catch(() => {});
    process.kill(running.pid!, 'SIGKILL');
    const crashed = { code: 'trainer/crashed', detail: 'signal SIGKILL' };
    await expect(round).rejects.toMatchObject(crashed);
    await expect(waiting).rejects.toMatchObject(crashed);
    await expect(running.evaluate(weights, 'validation')).rejects.toMatchObject(crashed);
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL', isExpected: false }]);

    const next = start();
    await next.load(request());
    expect((await next.train(weights, { seed: 1 })).examples).toBe(240);
  });

  it('kills a child that has gone silent', async () => {
    const { running, round } = await startEndlessRound({ deadlines: { progressMs: 1_500 } });
    process.kill(running.pid!, 'SIGSTOP');
    await expect(round).rejects.toMatchObject({
      code: 'trainer/crashed',
      detail: 'signal SIGKILL: no answer within 1500 ms',
    });
  });

  it('closes in the middle of a round, as expected and more than once', async () => {
    const exits: TrainerExit[] = [];
    const { running, round } = await startEndlessRound({ onExit: (exit) => exits.push(exit) });
    await Promise.all([running.close(), running.close()]);
    await expect(round).rejects.toMatchObject({ code: 'trainer/crashed' });
    expect(exits).toEqual([{ code: 0, signal: null, isExpected: true }]);
  });

  it('closes a child that does not listen any more', async () => {
    const { running } = await startEndlessRound({ deadlines: { closeMs: 200 } });
    process.kill(running.pid!, 'SIGSTOP');
    await running.close();
    expect(() => process.kill(running.pid!, 0)).toThrow();
  });
});
