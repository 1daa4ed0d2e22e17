/**
 * Screening on the demo's data: three plants with mostly their own digits train under the relay, then one sends what it
 * should not. Prints how many honest updates would have been held (also after an outage of sixty rounds), which bad ones
 * are found by norm and by the check set, and what one bad update does to the next plant with and without screening.
 *
 *   node demo/screening.ts [updates] [seed]
 */
import { readFileSync } from 'node:fs';
import { TrainerSession } from '@genba/main/trainer/session';
import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';
import { judgeCheckSet } from '@genba/shared/federation/screening/judge-check-set';
import {
  judgeFirst,
  judgeNorms,
  lacksHistory,
  type NormRecord,
} from '@genba/shared/federation/screening/judge-norms';
import { deltaNorms, normGroups, weightNorms } from '@genba/shared/federation/screening/norms';
import { addShift } from '@genba/shared/federation/shift';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { MemoryServer } from '@genba/shared/federation/strategies/memory-server';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { parseTask, screeningOf } from '@genba/shared/model/task';
import { type DigitSet, pickDigits, readMnist } from './mnist.ts';
import { demoPlants } from './plants.ts';
import { splitByLabel } from './split.ts';

const EXAMPLES = 1500;
const CHECK_DIGITS = 1000;
/** Rounds that a plant trains through an outage; one in fifty updates comes from one. */
const OUTAGE_ROUNDS = 60;
const OWN = 20;
const ALL = 200;

const [updates = 120, seed = 3] = process.argv.slice(2).map(Number);
const task = parseTask(JSON.parse(readFileSync(new URL('./task.json', import.meta.url), 'utf8')));
const settings = screeningOf(task)!;
const layout = weightLayout(task);
const groups = normGroups(layout);
const digits = readMnist('train');
const check = pickDigits(readMnist('test'), [...Array(CHECK_DIGITS).keys()]);
const toSet = ({ images, labels }: DigitSet) => ({ inputs: images, labels: Uint16Array.from(labels) });
const plants = demoPlants(EXAMPLES);
const sets = splitByLabel(digits.labels, plants, seed).map((positions) =>
  toSet(pickDigits(digits, positions)),
);
const load = (training: ReturnType<typeof toSet>) =>
  TrainerSession.load({ task, training, validation: toSet(check), check: null, backend: 'wasm' });
const trainers: TrainerSession[] = [];
// One after the other: they share one backend.
for (const set of sets) trainers.push(await load(set));
/** The second plant with each label turned into another. */
const flipped = await load({ ...sets[1]!, labels: sets[1]!.labels.map((label) => 9 - label) });

let rounds = 0;
const control = { onProgress: () => {}, isCancelled: () => false };
async function train(trainer: TrainerSession, start: Float32Array, count: number): Promise<Float32Array> {
  let weights = start;
  for (let round = 0; round < count; round++) {
    const request = { seed: seed + rounds++ };
    weights = (await trainer.train(weights, request, control)).weights;
  }
  return weights;
}
const accuracyOf = async (weights: Float32Array) =>
  (await trainers[0]!.evaluate(weights, 'validation')).accuracy!;

const history: (NormRecord & { readonly plant: number })[] = [];
async function examine(plant: number, of: { start: Float32Array; weights: Float32Array; count: number }) {
  const { start, weights, count } = of;
  const norms = deltaNorms({ clientWeights: weights, startWeights: start }, groups, fastestKernels());
  const own = history.filter((each) => each.plant === plant).slice(-OWN);
  const known = { own, task: history.slice(-ALL) };
  const record = { rounds: count, norms };
  const startNormsOf = () => weightNorms(start, groups);
  const byNorm = lacksHistory(known, settings)
    ? judgeFirst(norms, startNormsOf(), groups)
    : judgeNorms(record, known, { settings, startNormsOf });
  const before = await accuracyOf(server.globalWeights);
  const after = await accuracyOf(addShift(server.globalWeights, start, weights));
  const byCheckSet = judgeCheckSet({ metric: 'accuracy', before, after }, settings);
  return { record, byNorm, loss: before - after, byCheckSet };
}

const server = MemoryServer.create(
  createStrategy(task.federation, layout),
  initialWeights(layout, task.seed),
);
const starts = plants.map(({ name }) => server.join(name));
const report = (on: MemoryServer, plant: number, weights: Float32Array, receivedAtMs: number) => {
  const { replies } = on.report(plants[plant]!.name, { weights, examples: EXAMPLES, receivedAtMs });
  const reply = replies.get(plants[plant]!.name);
  if (reply?.kind !== 'weights') throw new Error('the demo is answered at once');
  return reply.weights;
};

const random = seededRandom(seed);
const honest = { judged: 0, outages: 0, heldByNorm: 0, heldByCheckSet: 0, worstLoss: 0 };
for (let update = 0; update < updates; update++) {
  const plant = Math.floor(random() * plants.length);
  const count = random() < 0.02 ? OUTAGE_ROUNDS : 1;
  const start = starts[plant]!;
  const weights = await train(trainers[plant]!, start, count);
  const { record, byNorm, byCheckSet, loss } = await examine(plant, { start, weights, count });
  honest.judged++;
  if (count > 1) honest.outages++;
  if (byNorm !== null) honest.heldByNorm++;
  if (byCheckSet !== null) honest.heldByCheckSet++;
  honest.worstLoss = Math.max(honest.worstLoss, loss);
  history.push({ ...record, plant });
  starts[plant] = report(server, plant, weights, update);
}
console.log(`seed ${seed}; ${updates} honest updates:`, honest);
console.log('served model on the check digits:', await accuracyOf(server.globalWeights));

const start = starts[1]!;
const ordinary = await train(trainers[1]!, start, 1);
const scaled = (factor: number) => start.map((value, index) => value + factor * (ordinary[index]! - value));
const wild = ordinary.slice();
for (let index = layout.tensors[2]!.offset; index < wild.length; index++) wild[index] = scaled(300)[index]!;
const bad: readonly (readonly [string, Float32Array])[] = [
  ['1000 times too large', scaled(1000)],
  ['turned round, 10 times', scaled(-10)],
  ['last layer 300 times', wild],
  ['labels flipped, 1 round', await train(flipped, start, 1)],
  ['labels flipped, 3 rounds', await train(flipped, start, 3)],
];
const state = server.state;
const others = starts[2]!;
const next = await train(trainers[2]!, others, 1);
const untouched = MemoryServer.restore(createStrategy(task.federation, layout), state);
console.log('next plant, as it should be:', await accuracyOf(report(untouched, 2, next, updates)));
for (const [name, weights] of bad) {
  const { byNorm, byCheckSet, loss } = await examine(1, { start, weights, count: 1 });
  const server2 = MemoryServer.restore(createStrategy(task.federation, layout), state);
  report(server2, 1, weights, updates);
  const served = await accuracyOf(server2.globalWeights);
  const infected = await accuracyOf(report(server2, 2, next, updates + 1));
  const foundBy = [byNorm === null ? [] : ['norm'], byCheckSet === null ? [] : ['check set']]
    .flat()
    .join(', ');
  console.log(name, { foundBy: foundBy || 'nothing', loss, unscreened: { served, nextPlant: infected } });
}
const started = performance.now();
for (let count = 0; count < 20; count++) await accuracyOf(server.globalWeights);
console.log(`one judgement on ${CHECK_DIGITS} digits: ${((performance.now() - started) / 20).toFixed(1)} ms`);
const timed = performance.now();
for (let count = 0; count < 200; count++)
  deltaNorms({ clientWeights: ordinary, startWeights: start }, groups, fastestKernels());
console.log(`norms of ${layout.size} weights: ${((performance.now() - timed) / 200).toFixed(3)} ms`);
process.exit(0);
