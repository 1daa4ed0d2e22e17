import { TrainerSession } from '@genba/main/trainer/session';
import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';
import { judgeNorms, type NormRecord } from '@genba/shared/federation/screening/judge-norms';
import { deltaNorms, normGroups, weightNorms } from '@genba/shared/federation/screening/norms';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { MemoryServer } from '@genba/shared/federation/strategies/memory-server';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, screeningOf } from '@genba/shared/model/task';
import { beforeAll, describe, expect, it } from 'vitest';
import { DIGIT_SIZE, pickDigits, readMnist } from './mnist.ts';

// Two plants that really train: one is away from the start, while the other reports every round and converges.

const EXAMPLES = 160;
/** Updates of the plant that is there. */
const UPDATES = 120;
/** Rounds of the plant that is away. */
const AWAY = 150;

const TASK = parseTask({
  id: 'digits',
  name: { en: 'Digits', ja: '数字' },
  input: { kind: 'image', width: DIGIT_SIZE, height: DIGIT_SIZE, channels: 1 },
  classes: [...'0123456789'],
  model: { template: 'mlp', hiddenUnits: [32] },
  training: { batchSize: 20 },
});
const LAYOUT = weightLayout(TASK);
const GROUPS = normGroups(LAYOUT);
const SETTINGS = screeningOf(TASK)!;

let server: MemoryServer;
let seed = 0;

async function trainerOf(plant: number): Promise<TrainerSession> {
  const own = [...Array(EXAMPLES).keys()].map((position) => position + plant * EXAMPLES);
  const { images, labels } = pickDigits(readMnist('test'), own);
  const set = { inputs: images, labels: Uint16Array.from(labels) };
  return TrainerSession.load({ task: TASK, training: set, validation: set, check: null, backend: 'wasm' });
}

async function train(trainer: TrainerSession, start: Float32Array, rounds: number): Promise<Float32Array> {
  let weights = start;
  const control = { onProgress: () => {}, isCancelled: () => false };
  for (let round = 0; round < rounds; round++)
    weights = (await trainer.train(weights, { seed: seed++ }, control)).weights;
  return weights;
}

function measure(startWeights: Float32Array, clientWeights: Float32Array, rounds: number): NormRecord {
  return { rounds, norms: deltaNorms({ clientWeights, startWeights }, GROUPS, fastestKernels()) };
}

/** The plant that is there reports round after round. @returns the norms of all */
async function converge(): Promise<NormRecord[]> {
  const trainer = await trainerOf(0);
  const history: NormRecord[] = [];
  let start = server.join('here');
  for (let update = 0; update < UPDATES; update++) {
    const weights = await train(trainer, start, 1);
    history.push(measure(start, weights, 1));
    const report = { weights, examples: EXAMPLES, receivedAtMs: update };
    const reply = server.report('here', report).replies.get('here');
    if (reply?.kind !== 'weights') throw new Error('the relay answers at once');
    start = reply.weights;
  }
  return history;
}

describe('a plant that comes back when the others have converged', () => {
  let first: Float32Array;
  let task: NormRecord[];
  let away: TrainerSession;

  beforeAll(async () => {
    server = MemoryServer.create(createStrategy(TASK.federation, LAYOUT), initialWeights(LAYOUT, TASK.seed));
    first = server.join('away');
    task = await converge();
    away = await trainerOf(1);
  });

  const judge = (of: NormRecord, start: Float32Array) =>
    judgeNorms(of, { own: [], task }, { settings: SETTINGS, startNormsOf: () => weightNorms(start, GROUPS) });

  it('is far from what is usual by then, and not held for it', async () => {
    const back = measure(first, await train(away, first, AWAY), AWAY);
    const bare = { settings: SETTINGS, startNormsOf: () => ({ model: 0, hidden1: 0, logits: 0 }) };
    expect(judgeNorms(back, { own: [], task }, bare)!.taskScore).toBeGreaterThan(2 * SETTINGS.scoreLimit);
    expect(judge(back, first)).toBeNull();
  });

  it('is not held as a newcomer that sends its first thirty rounds at once', async () => {
    const start = server.join('new');
    expect(judge(measure(start, await train(away, start, 30), 30), start)).toBeNull();
  });

  it('is held if what it sends is no training', async () => {
    const weights = await train(away, first, 1);
    const scaled = first.map((value, index) => value + 100 * (weights[index]! - value));
    for (const rounds of [1, AWAY, 1_000_000])
      expect(judge(measure(first, scaled, rounds), first)).toMatchObject({ kind: 'history' });
  });
});
