/**
 * Merge and calibrate on one core, against memcpy and NumPy on the same vectors in one run: `node bench/kernels.ts`.
 * Prints a table, and the figures as JSON on the last line.
 * Budgets: at least 70 % of memcpy's bandwidth for the bytes that must move; at least twice as fast as the plain
 * TypeScript kernels; not slower than NumPy.
 */
import { cpus } from 'node:os';
import type { CalibrationGroup } from '@genba/shared/federation/groups';
import { type Kernels, type MergeTargets, POOL_NAME_BYTES } from '@genba/shared/federation/kernels/kernels';
import { plainKernels } from '@genba/shared/federation/kernels/plain-kernels';
import { SimdKernels } from '@genba/shared/federation/kernels/simd-kernels';
import { mergeInto } from '@genba/shared/federation/merge-into';
import { type NumpyProcess, startNumpy } from './numpy-process.ts';

const SIZES = [1_000_000, 25_000_000];
const REFERENCES = ['relay', 'average'] as const;
const MIXING_WEIGHT = 0.3;
/** Turns that count; in each, every contender runs for about TURN_MS, and at least once. */
const TURNS = 7;
/** Processor time is counted in steps of up to 4 ms. */
const TURN_MS = 60;
const WARM_UP_TURNS = 1;
/** The contender the budgets are for: vectors in one pool, results in new vectors of it. */
const POOLED = 'SIMD, pool';
const BUDGETS = { ofMemcpy: 0.7, timesPlain: 2, timesNumpy: 1 };

type Reference = (typeof REFERENCES)[number];

interface Contender {
  readonly name: string;
  /** Bytes that must move for each weight, in both sweeps together. */
  readonly bytesPerWeight: number;
  /** Mean seconds of a run. */
  time(runs: number): number | Promise<number>;
}

interface Figure {
  readonly weights: number;
  readonly reference: Reference;
  readonly contender: string;
  /** Of processor time; like the others the median over the turns. */
  readonly ms: number;
  readonly gigabytesPerSecond: number;
  /** Bandwidth over that of memcpy right before it. */
  readonly ofMemcpy: number;
}

/** A task's vectors: W, S, the relay R or the average at the base G_τ, and G. */
interface Vectors {
  readonly client: Float32Array;
  readonly start: Float32Array;
  readonly reference: Float32Array;
  readonly global: Float32Array;
}

/** What a merge reads: under the relay Δ = R − S, under the average Δ = G − G_τ. */
function inputOf(kind: Reference, { client, start, reference, global }: Vectors) {
  return {
    clientWeights: client,
    startWeights: start,
    referenceNow: kind === 'relay' ? reference : global,
    referenceAtBase: kind === 'relay' ? start : reference,
    globalWeights: global,
  };
}

/** Weights as a model has them, the same every time: between -0.05 and 0.05, some nearer to each other. */
function vectorOf(length: number, seed: number): Float32Array {
  const vector = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    vector[i] = (state / 2 ** 32 - 0.5) / 10;
  }
  return vector;
}

/**
 * Times in seconds of this thread's processor time: what other processes take away is no cost of the contender. On an
 * idle machine it is the time on the wall.
 */
function secondsOf(run: () => void) {
  return (runs: number): number => {
    const before = process.threadCpuUsage();
    for (let i = 0; i < runs; i++) run();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1e6 / runs;
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * Bytes per weight. Sweep one reads W, S, the reference now and, unless that is S, the reference at the base. Sweep two
 * reads the same, and G unless that is the reference now, and writes two results.
 */
function bytesPerWeight(reference: Reference): number {
  const sweepOne = reference === 'relay' ? 3 : 4;
  const sweepTwo = 4 + 2;
  return (sweepOne + sweepTwo) * Float32Array.BYTES_PER_ELEMENT;
}

/** All in one group: the hardest case, because nothing of sweep one is still in the cache for sweep two. */
function wholeModel(length: number): CalibrationGroup[] {
  return [{ name: 'model', ranges: [{ start: 0, end: length }] }];
}

/** One that merges these vectors with these kernels. */
function merging(
  name: string,
  kind: Reference,
  vectors: Vectors,
  how: { kernels: Kernels; targets: MergeTargets },
): Contender {
  const input = inputOf(kind, vectors);
  const options = { groups: wholeModel(vectors.client.length), mixingWeight: MIXING_WEIGHT };
  return {
    name,
    bytesPerWeight: bytesPerWeight(kind),
    time: secondsOf(() => mergeInto(input, options, how.targets, how.kernels)),
  };
}

/** memcpy over the memory that a merge touches, so that no cache serves the one more than the other. */
function copying({ client, start, reference, global }: Vectors, targets: MergeTargets): Contender {
  return {
    name: 'memcpy',
    bytesPerWeight: 8 * Float32Array.BYTES_PER_ELEMENT,
    time: secondsOf(() => {
      targets.globalWeights.set(client);
      targets.calibratedWeights.set(start);
      targets.globalWeights.set(reference);
      targets.calibratedWeights.set(global);
    }),
  };
}

function racingNumpy(variant: 'float32' | 'float64', kind: Reference, numpy: NumpyProcess): Contender {
  return {
    name: `NumPy ${variant}`,
    bytesPerWeight: bytesPerWeight(kind),
    time: (runs) => numpy.time(variant, runs),
  };
}

/** Copies of the vectors in other memory. */
function copied({ client, start, reference, global }: Vectors, take: () => Float32Array): Vectors {
  const copy = (vector: Float32Array) => {
    const space = take();
    space.set(vector);
    return space;
  };
  return { client: copy(client), start: copy(start), reference: copy(reference), global: copy(global) };
}

function targetsFrom(take: () => Float32Array): MergeTargets {
  // Filled, so that no turn pays for the first touch of its memory.
  return { globalWeights: take().fill(0), calibratedWeights: take().fill(0) };
}

/** Who races on one set of vectors, and the yardstick: memcpy wherever vectors may lie, the faster one counts. */
interface Race {
  readonly yardsticks: readonly Contender[];
  readonly contenders: readonly Contender[];
}

function raceOn(kind: Reference, vectors: Vectors, numpy: NumpyProcess | null): Race {
  const { length } = vectors.client;
  const simd = SimdKernels.create();
  if (simd === null) throw new Error('this machine has no WebAssembly SIMD');
  const pool = simd.createPool(10, length, { sharedAs: new Uint8Array(POOL_NAME_BYTES) });
  const take = () => pool.take();
  const [pooled, overwritten] = [copied(vectors, take), copied(vectors, take)];
  const pooledTargets = targetsFrom(take);
  const targets = targetsFrom(() => new Float32Array(length));
  const yardsticks = [copying(vectors, targets), copying(pooled, pooledTargets)];
  const contenders = [
    merging(POOLED, kind, pooled, { kernels: simd, targets: pooledTargets }),
    // As an engine may: over the two vectors that it read for this update alone.
    merging('SIMD, pool, over inputs', kind, overwritten, {
      kernels: simd,
      targets: { globalWeights: overwritten.start, calibratedWeights: overwritten.client },
    }),
    merging('SIMD, ordinary vectors', kind, vectors, { kernels: simd, targets }),
    merging('plain', kind, vectors, { kernels: plainKernels, targets }),
    ...(numpy === null ? [] : [racingNumpy('float32', kind, numpy), racingNumpy('float64', kind, numpy)]),
  ];
  return { yardsticks, contenders };
}

/** Gives bytes per second over about TURN_MS. */
async function bandwidthOf(contender: Contender, length: number): Promise<number> {
  const startedAt = performance.now();
  await contender.time(1);
  const runs = Math.max(1, Math.round(TURN_MS / (performance.now() - startedAt)));
  return (length * contender.bytesPerWeight) / (await contender.time(runs));
}

/** Lets all take turns, each right after memcpy, so that whatever else the machine does hits both alike. */
async function figuresOf(
  { yardsticks, contenders }: Race,
  length: number,
  kind: Reference,
): Promise<Figure[]> {
  const turns = contenders.map(() => ({ rates: [] as number[], ratios: [] as number[] }));
  const memcpyRates: number[] = [];
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn++) {
    for (const [index, contender] of contenders.entries()) {
      let memcpyRate = 0;
      for (const each of yardsticks) memcpyRate = Math.max(memcpyRate, await bandwidthOf(each, length));
      const rate = await bandwidthOf(contender, length);
      if (turn < 0) continue;
      memcpyRates.push(memcpyRate);
      turns[index]!.rates.push(rate);
      turns[index]!.ratios.push(rate / memcpyRate);
    }
  }
  const figure = (contender: Contender, rate: number, ofMemcpy: number): Figure => ({
    weights: length,
    reference: kind,
    contender: contender.name,
    ms: ((length * contender.bytesPerWeight) / rate) * 1000,
    gigabytesPerSecond: rate / 1e9,
    ofMemcpy,
  });
  return [
    figure(yardsticks[0]!, median(memcpyRates), 1),
    ...contenders.map((contender, index) =>
      figure(contender, median(turns[index]!.rates), median(turns[index]!.ratios)),
    ),
  ];
}

/** The largest difference between the kernels' results and NumPy's float64 ones. */
async function distanceFromNumpy(kind: Reference, vectors: Vectors, numpy: NumpyProcess): Promise<number> {
  const targets = targetsFrom(() => new Float32Array(vectors.client.length));
  const options = { groups: wholeModel(vectors.client.length), mixingWeight: MIXING_WEIGHT };
  mergeInto(inputOf(kind, vectors), options, targets, plainKernels);
  const { reply, average } = await numpy.result();
  let largest = 0;
  for (let i = 0; i < reply.length; i++) {
    const distance = Math.max(
      Math.abs(reply[i]! - targets.calibratedWeights[i]!),
      Math.abs(average[i]! - targets.globalWeights[i]!),
    );
    largest = Math.max(largest, distance);
  }
  return largest;
}

function ratiosOf(figures: readonly Figure[]) {
  const of = (name: string) => figures.find(({ contender }) => contender === name);
  const pooled = of(POOLED)!;
  const numpy = Math.min(
    ...figures.filter((each) => each.contender.startsWith('NumPy')).map((each) => each.ms),
  );
  return {
    weights: pooled.weights,
    reference: pooled.reference,
    ofMemcpy: pooled.ofMemcpy,
    timesPlain: of('plain')!.ms / pooled.ms,
    timesNumpy: Number.isFinite(numpy) ? numpy / pooled.ms : null,
  };
}

const figures: Figure[] = [];
const ratios: ReturnType<typeof ratiosOf>[] = [];
let numpyVersion: string | null = null;
let largestDistance = 0;
for (const length of SIZES) {
  for (const kind of REFERENCES) {
    const [client, start, reference, global] = [1, 2, 3, 4].map((seed) => vectorOf(length, seed));
    const vectors = { client: client!, start: start!, reference: reference!, global: global! };
    const { referenceNow, referenceAtBase } = inputOf(kind, vectors);
    const numpy = await startNumpy(
      { client: client!, start: start!, now: referenceNow, atBase: referenceAtBase, global: global! },
      MIXING_WEIGHT,
    );
    const measured = await figuresOf(raceOn(kind, vectors, numpy), length, kind);
    figures.push(...measured);
    ratios.push(ratiosOf(measured));
    if (numpy !== null) {
      numpyVersion = numpy.version;
      largestDistance = Math.max(largestDistance, await distanceFromNumpy(kind, vectors, numpy));
      await numpy.close();
    }
  }
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, one core, Node ${process.versions.node}`);
console.log(
  numpyVersion === null
    ? 'NumPy is missing here, so nothing is compared with it (GENBA_PYTHON names a Python that has it)'
    : `NumPy ${numpyVersion}, one thread; its float64 results differ from ours by at most ${largestDistance.toExponential(1)}`,
);
console.table(
  figures.map(({ weights, reference, contender, ms, gigabytesPerSecond, ofMemcpy }) => ({
    weights: `${weights / 1e6} M`,
    reference,
    contender,
    ms: Number(ms.toFixed(2)),
    'GB/s': Number(gigabytesPerSecond.toFixed(1)),
    'of memcpy': Number(ofMemcpy.toFixed(2)),
  })),
);
for (const { weights, reference, ofMemcpy, timesPlain, timesNumpy } of ratios) {
  const besideNumpy =
    timesNumpy === null ? 'not compared with NumPy' : `${timesNumpy.toFixed(1)} times NumPy`;
  console.log(
    `${weights / 1e6} M, ${reference}: ${ofMemcpy.toFixed(2)} of memcpy, ${timesPlain.toFixed(1)} times plain, ${besideNumpy}`,
  );
}
console.log(
  `budget: at least ${BUDGETS.ofMemcpy} of memcpy, ${BUDGETS.timesPlain} times plain, ${BUDGETS.timesNumpy} times NumPy at its fastest`,
);
console.log(JSON.stringify({ bench: 'kernels', budgets: BUDGETS, numpy: numpyVersion, figures, ratios }));
