import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { isAboutFile, type OperatorCommand } from '../store/operator-table.ts';
import { EngineBench, haltAt } from '../testing/engine-bench.ts';
import { SERVED_FEDERATIONS, smallTask, trained } from '../testing/fixtures.ts';
import { scaled } from '../testing/poison.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { ENGINE_STEPS, type EngineStep } from './steps.ts';

const START_MS = Date.parse('2026-11-23T06:00:00.000Z');
const TIME = '2026-11-23T06:00:00.000Z';

/** What happens after three ordinary turns of both plants, one after the other. */
const ACTIONS = [
  { kind: 'report', clientId: 'nagoya', factor: 1000 },
  { kind: 'report', clientId: 'osaka', factor: 1 },
  { kind: 'release' },
  { kind: 'report', clientId: 'nagoya', factor: 1 },
  { kind: 'report', clientId: 'osaka', factor: -1e6 },
  { kind: 'drop' },
  { kind: 'report', clientId: 'osaka', factor: 1 },
  { kind: 'rollback', version: 2 },
  { kind: 'report', clientId: 'nagoya', factor: 1 },
] as const;

interface Stop {
  readonly step: EngineStep;
  /** Index in {@link ACTIONS}. */
  readonly action: number;
}

/** Does all of it; with a stop given, the engine hangs there for ever and a new one takes over the folder. */
async function run(federation: object, stop: Stop | null) {
  const folder = await temporaryFolder();
  const task = smallTask({ federation, screening: { minimumHistory: 3 } });
  const halt = stop === null ? null : haltAt(stop.step);
  let wasHalted = false;
  void halt?.halted.then(() => {
    wasHalted = true;
  });
  let nowMs = START_MS;
  const more = { now: () => new Date(nowMs) };
  let bench = await EngineBench.open(folder, task, halt?.onStep, more);

  const make = async (clientId: string, factor: number, seed: number) => {
    const { base, weights: start } = await bench.baseOf(clientId);
    const weights = factor === 1 ? trained(start, seed) : scaled(start, seed, factor);
    return { updateId: randomUUID(), clientId, baseId: base.baseId, weights };
  };
  /** Whatever an operator asked for and nobody has carried out: what a desk does, also after a restart. */
  const carryOut = async () => {
    for (const request of await bench.store.operators.waiting())
      if (!isAboutFile(request)) await bench.engine.execute(request);
  };
  const prepare = async (index: number) => {
    const action = ACTIONS[index]!;
    if (action.kind === 'report') {
      const update = await make(action.clientId, action.factor, 10 + index);
      return { begin: () => bench.deliver(update), again: () => bench.deliver(update) };
    }
    const [held] = await bench.store.screening.quarantined(task.id);
    const command: OperatorCommand =
      action.kind === 'rollback' ? action : { kind: action.kind, updateId: held!.updateId };
    const request = {
      requestId: randomUUID(),
      taskId: task.id,
      command,
      requestedAt: TIME,
      requestedBy: 'test',
    };
    await bench.store.operators.ask(request);
    return { begin: carryOut, again: carryOut };
  };

  for (const plant of ['osaka', 'nagoya']) await bench.join(plant);
  for (let turn = 0; turn < 3; turn++) {
    for (const plant of ['osaka', 'nagoya']) {
      nowMs += 1;
      await bench.deliver(await make(plant, 1, turn));
      await bench.engine.whenIdle();
    }
  }
  for (const index of ACTIONS.keys()) {
    nowMs += 1;
    const { begin, again } = await prepare(index);
    if (stop?.action === index) halt?.arm();
    const done = begin().then(() => bench.engine.whenIdle());
    if (stop?.action !== index) {
      await done;
      continue;
    }
    const reopen = () => EngineBench.open(folder, task, undefined, more);
    bench = await bench.takenOver({ work: done, halted: halt?.halted, reopen });
    await again();
    await bench.engine.whenIdle();
  }
  const { catalogue, weights, screening, operators } = bench.store;
  const outcome = {
    state: bench.engine.state,
    clients: await bench.standingsOf(['osaka', 'nagoya']),
    summary: await catalogue.summarise(task.id),
    quarantined: await screening.quarantined(null),
    waiting: await operators.waiting(),
    files: (await weights.list()).sort(),
  };
  await bench.close();
  const { clients: _seen, ...counts } = outcome.summary;
  return { wasHalted, outcome: { ...outcome, summary: counts } };
}

/** Steps that an action passes, so that no stop is tried in vain. */
const PASSED: Readonly<Record<(typeof ACTIONS)[number]['kind'], readonly EngineStep[]>> = {
  report: ENGINE_STEPS.filter((step) => step.startsWith('quarantine/') || step.startsWith('receive/')),
  release: ['operator/taken', 'operator/committed', 'apply/computed', 'apply/all-stored', 'apply/committed'],
  drop: ['operator/taken', 'operator/committed', 'apply/all-stored'],
  rollback: ['operator/taken', 'operator/committed', 'apply/all-stored'],
};

/** Without those that clients calibrate for: what they start from is their own work, which a bench does not do. */
const FEDERATIONS = Object.entries(SERVED_FEDERATIONS).filter(
  ([, federation]) => !('calibratedBy' in federation),
);

it.each(FEDERATIONS)(
  'under %s a stop on the way into quarantine, out of it or back to a version replays to the same state',
  async (_name, federation) => {
    const undisturbed = await run(federation, null);
    expect(undisturbed.outcome).toMatchObject({ quarantined: [], waiting: [], summary: { setAside: 1 } });
    let points = 0;
    for (const [action, { kind, ...details }] of ACTIONS.entries()) {
      if ('factor' in details && details.factor === 1) continue;
      for (const step of PASSED[kind]) {
        const stopped = await run(federation, { step, action });
        expect(stopped.wasHalted, `${step} of action ${action}`).toBe(true);
        expect(stopped.outcome, `${step} of action ${action}`).toEqual(undisturbed.outcome);
        points++;
      }
    }
    expect(points).toBe(19);
  },
  60_000,
);
