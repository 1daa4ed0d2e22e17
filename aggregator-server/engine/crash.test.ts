import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineBench, haltAt } from '../testing/engine-bench.ts';
import { SERVED_FEDERATIONS, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { ENGINE_STEPS, type EngineStep } from './steps.ts';

const REPORTS = ['osaka', 'nagoya', 'osaka', 'nagoya', 'osaka'] as const;
/** In turn the first and the last of a round or a buffer of two. */
const STOPPED_REPORTS = [2, 3] as const;
const START_MS = Date.parse('2026-11-23T06:00:00.000Z');

interface Outcome {
  readonly state: object;
  readonly clients: readonly object[];
  readonly files: readonly string[];
}

interface Stop {
  readonly step: EngineStep;
  /** Index in {@link REPORTS}. */
  readonly report: number;
}

/**
 * Lets two plants report by turns, `pauseMs` apart. With a stop given, the engine hangs there for ever, and a new one
 * takes over the folder; the client, which saw no receipt, delivers that update again.
 */
async function run(federation: object, pauseMs: number, stop: Stop | null): Promise<Outcome> {
  const folder = await temporaryFolder();
  const task = smallTask({ federation });
  const halt = stop === null ? null : haltAt(stop.step);
  let nowMs = START_MS;
  const more = { now: () => new Date(nowMs) };
  let bench = await EngineBench.open(folder, task, halt?.onStep, more);
  await bench.join('osaka');
  await bench.join('nagoya');
  for (const [index, clientId] of REPORTS.entries()) {
    nowMs += pauseMs;
    const { base, weights } = await bench.baseOf(clientId);
    const update = {
      updateId: crypto.randomUUID(),
      clientId,
      baseId: base.baseId,
      weights: trained(weights, index),
    };
    if (stop?.report === index) halt?.arm();
    const delivered = bench.deliver(update).then(() => bench.engine.whenIdle());
    if (stop?.report !== index) {
      await delivered;
      continue;
    }
    const reopen = () => EngineBench.open(folder, task, undefined, more);
    bench = await bench.takenOver({ work: delivered, halted: halt?.halted, reopen });
    await bench.deliver(update);
    await bench.engine.whenIdle();
  }
  const outcome = {
    state: bench.engine.state,
    clients: await bench.standingsOf(['osaka', 'nagoya']),
    files: (await bench.store.weights.list()).sort(),
  };
  await bench.close();
  return outcome;
}

describe.each(Object.entries(SERVED_FEDERATIONS))('under %s, a stop', (_name, federation) => {
  let undisturbed: Promise<Outcome> | undefined;

  it.each(ENGINE_STEPS)('at %s replays to the same state, bit by bit', async (step) => {
    undisturbed ??= run(federation, 1, null);
    const expected = await undisturbed;
    for (const report of STOPPED_REPORTS) {
      expect(await run(federation, 1, { step, report })).toEqual(expected);
    }
  });
});

describe('in rounds that only their deadline closes, a stop', () => {
  const federation = { strategy: 'fedavg', deadlineMs: 1000, roundSize: 3 };

  let undisturbed: Promise<Outcome> | undefined;

  it.each(ENGINE_STEPS)('at %s replays to the same state, bit by bit', async (step) => {
    undisturbed ??= run(federation, 1200, null);
    const expected = await undisturbed;
    expect(expected.state).toMatchObject({ globalVersion: REPORTS.length - 1 });
    for (const report of STOPPED_REPORTS) {
      expect(await run(federation, 1200, { step, report })).toEqual(expected);
    }
  });
});

it('closes rounds by the journaled times, whenever a timer fires', async () => {
  const folder = await temporaryFolder();
  const task = smallTask({ federation: { strategy: 'fedavg', deadlineMs: 1000 } });
  let nowMs = START_MS;
  const more = { now: () => new Date(nowMs) };
  const bench = await EngineBench.open(folder, task, undefined, more);
  await bench.join('osaka');
  await bench.join('nagoya');
  const { base, weights } = await bench.baseOf('osaka');
  const update = { updateId: crypto.randomUUID(), clientId: 'osaka', baseId: base.baseId };
  await bench.deliver({ ...update, weights: trained(weights, 1) });
  await bench.engine.whenIdle();
  await bench.close();
  nowMs += 5000;
  // A restart after the deadline: the timer fires at once.
  const again = await EngineBench.open(folder, task, undefined, more);
  await delay(50);
  await again.engine.whenIdle();
  expect(again.engine.state).toMatchObject({ globalVersion: 1 });
  const answer = await again.baseOf('osaka');
  expect(answer.base).toMatchObject({ updateId: update.updateId, version: 1 });
  expect(answer.weights).toEqual(trained(weights, 1));
  await again.close();
});
