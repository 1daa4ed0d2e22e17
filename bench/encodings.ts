/**
 * Updates as float32, float16 and int8 on one core: bytes on the wire, decoding against memcpy, and what decoding adds
 * to a merge and to taking an update in, all in one run: `node bench/encodings.ts`.
 * Prints tables, and the figures as JSON on the last line.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeUpdateFile } from '@genba/aggregator-server/store/decoded-update';
import { stageVector, weightFilePath } from '@genba/aggregator-server/store/vector-files';
import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import { ELEMENT_BYTES, payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { type DeltaEncoding, UPDATE_ENCODINGS } from '@genba/shared/federation/encoding/update-encoding';
import type { Kernels } from '@genba/shared/federation/kernels/kernels';
import { plainKernels } from '@genba/shared/federation/kernels/plain-kernels';
import { SimdKernels } from '@genba/shared/federation/kernels/simd-kernels';
import { mergeInto } from '@genba/shared/federation/merge-into';
import type { WeightLayout } from '@genba/shared/model/layout';
import { machine, machineLine, median, rounded } from './figures.ts';

const SIZES = [1_000_000, 25_000_000];
const DELTAS: DeltaEncoding[] = ['float16', 'int8'];
/** Turns that count; in each, every contender runs for about TURN_MS, and at least once. */
const TURNS = 9;
/** Processor time is counted in steps of up to 4 ms. */
const TURN_MS = 60;
const FILE_TURNS = 5;
const SEED_SCALE = 1e-3;

/** Two layers of kernel and bias. */
function layoutOf(size: number): WeightLayout {
  const sizes = [Math.floor(size * 0.9), 1000, size - Math.floor(size * 0.9) - 1010, 10];
  let offset = 0;
  const tensors = sizes.map((length, index) => {
    const name = `layer${index >> 1}/${index % 2 === 0 ? 'kernel' : 'bias'}`;
    const spec = { layer: `layer${index >> 1}`, role: 'trainable', shape: [length], size: length } as const;
    const tensor = { ...spec, name, offset };
    offset += length;
    return tensor;
  });
  return { tensors, size };
}

/** Between -0.05 and 0.05, the same every time. */
function vectorOf(length: number, seed: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    vector[i] = (state / 2 ** 32 - 0.5) / 10;
  }
  return vector;
}

/** Milliseconds of this thread's processor time; the median over the turns, in each of which all have one. */
function raced(contenders: Readonly<Record<string, () => void>>): Record<string, number> {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let turn = -1; turn < TURNS; turn++) {
    for (const [name, run] of Object.entries(contenders)) {
      const startedAt = performance.now();
      run();
      const runs = Math.max(1, Math.round(TURN_MS / (performance.now() - startedAt)));
      const before = process.threadCpuUsage();
      for (let count = 0; count < runs; count++) run();
      const { user, system } = process.threadCpuUsage(before);
      if (turn >= 0) times[name]!.push((user + system) / 1000 / runs);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

const simd = SimdKernels.create();
if (simd === null) throw new Error('this machine has no WebAssembly SIMD');

/** Decoding alone, and before a merge of vectors in one pool, as the server holds them. */
function decoding(size: number) {
  const layout = layoutOf(size);
  const pool = simd!.createPool(7, size);
  const start = pool.take();
  start.set(vectorOf(size, 1));
  const [relay, global] = [pool.take(), pool.take()];
  relay.set(vectorOf(size, 2));
  global.set(vectorOf(size, 3));
  const change = vectorOf(size, 4);
  const trained = start.map((weight, i) => weight + SEED_SCALE * change[i]!);
  const client = pool.take();
  const targets = { globalWeights: pool.take().fill(0), calibratedWeights: pool.take().fill(0) };
  const groups = [{ name: 'model', ranges: [{ start: 0, end: size }] }];
  const input = { startWeights: start, referenceNow: relay, referenceAtBase: start, globalWeights: global };
  const merge = () =>
    mergeInto({ ...input, clientWeights: client }, { groups, mixingWeight: 0.3 }, targets, simd!);
  const payloads = DELTAS.map(
    (encoding) => [encoding, encodeUpdate({ encoding, layout }, trained, start)!.payload] as const,
  );
  client.set(trained);
  const decode = (encoding: DeltaEncoding, payload: Uint8Array, kernels: Kernels) => () => {
    const range = { start: 0, end: size };
    if (encoding === 'float16') {
      const halves = new Uint16Array(payload.buffer, 0, size);
      kernels.decodeFloat16({ startWeights: start, halves }, range, client);
    } else {
      const steps = new Int8Array(payload.buffer, payload.byteLength - size, size);
      kernels.decodeInt8({ startWeights: start, steps }, range, 1e-6, client);
    }
  };
  const contenders: Record<string, () => void> = {
    memcpy: () => client.set(start),
    merge,
  };
  for (const [encoding, payload] of payloads) {
    contenders[`${encoding}, SIMD`] = decode(encoding, payload, simd!);
    contenders[`${encoding}, plain`] = decode(encoding, payload, plainKernels);
    contenders[`${encoding}, SIMD, then merge`] = () => {
      decode(encoding, payload, simd!)();
      merge();
    };
  }
  const ms = raced(contenders);
  const memcpyRate = (2 * ELEMENT_BYTES.float32) / ms.memcpy!;
  return DELTAS.map((encoding) => {
    const bytes = 2 * ELEMENT_BYTES.float32 + ELEMENT_BYTES[encoding];
    return {
      weights: size,
      encoding,
      decodeMs: ms[`${encoding}, SIMD`]!,
      ofMemcpy: bytes / ms[`${encoding}, SIMD`]! / memcpyRate,
      timesPlain: ms[`${encoding}, plain`]! / ms[`${encoding}, SIMD`]!,
      mergeMs: ms.merge!,
      decodeThenMergeMs: ms[`${encoding}, SIMD, then merge`]!,
    };
  });
}

/** Taking an update in: from a complete file to synced weights, on the wall. */
async function arriving(size: number) {
  const layout = layoutOf(size);
  const folder = await mkdtemp(join(tmpdir(), 'genba-encodings-'));
  try {
    await mkdir(join(folder, 'temporary'));
    const start = vectorOf(size, 1);
    const change = vectorOf(size, 4);
    const trained = start.map((weight, i) => weight + SEED_SCALE * change[i]!);
    const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const startDigest = digestOf(new Uint8Array(start.buffer));
    const startPath = weightFilePath(folder, startDigest);
    await mkdir(join(startPath, '..'));
    await writeFile(startPath, start);
    const times: Record<string, number[]> = { 'write and sync': [] };
    const timed = async (name: string, run: () => Promise<{ path: string }>) => {
      const startedAt = performance.now();
      const { path } = await run();
      times[name] = [...(times[name] ?? []), performance.now() - startedAt];
      await rm(path);
    };
    const updates = await Promise.all(
      DELTAS.map(async (encoding) => {
        const { payload, weights } = encodeUpdate({ encoding, layout }, trained, start)!;
        const path = join(folder, `${encoding}.part`);
        await writeFile(path, payload);
        const weightsDigest = digestOf(new Uint8Array(weights.buffer));
        return { path, folder, encoding, layout, startDigest, weightsDigest };
      }),
    );
    for (let turn = 0; turn < FILE_TURNS; turn++) {
      await timed('write and sync', () => stageVector(folder, trained));
      for (const update of updates) await timed(update.encoding, () => decodeUpdateFile(update));
    }
    return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const wire = SIZES.flatMap((weights) =>
  UPDATE_ENCODINGS.map((encoding) => ({
    weights,
    encoding,
    bytes: payloadBytes(encoding, layoutOf(weights)),
  })),
);
const decoded = SIZES.flatMap(decoding);
const arrivals = [];
for (const weights of SIZES) arrivals.push({ weights, ms: await arriving(weights) });

console.log(machineLine());
console.table(wire);
console.table(
  decoded.map((each) => ({
    weights: `${each.weights / 1e6} M`,
    encoding: each.encoding,
    'decode, ms': rounded(each.decodeMs),
    'of memcpy': rounded(each.ofMemcpy),
    'times plain': rounded(each.timesPlain, 1),
    'merge, ms': rounded(each.mergeMs),
    'decode, then merge, ms': rounded(each.decodeThenMergeMs),
    // However it is done, a fused sweep cannot save more than the whole of decoding.
    'fused saves at most': rounded(1 - each.mergeMs / each.decodeThenMergeMs),
  })),
);
console.table(
  arrivals.map(({ weights, ms }) => ({
    weights: `${weights / 1e6} M`,
    ...Object.fromEntries(Object.entries(ms).map(([name, value]) => [`${name}, ms`, rounded(value, 1)])),
  })),
);
console.log(JSON.stringify({ bench: 'encodings', machine: machine(), wire, decoded, arrivals }));
