import type { WeightRange } from '../groups.ts';
import { requireInside } from '../validate.ts';
import {
  type AverageInput,
  type CalibrationInput,
  type HalvesInput,
  type Kernels,
  type MergeFactors,
  type MergeTargets,
  POOL_NAME_BYTES,
  type PoolOptions,
  type StepsInput,
  type VectorPool,
} from './kernels.ts';
import { plainKernels } from './plain-kernels.ts';
import { type SimdFunction, SUMS_BYTES, simdModule, TURN } from './simd-module.ts';

/** As much of the global `WebAssembly` as is needed here: the language's own types do not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => { readonly buffer: ArrayBufferLike };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

type SimdExports = Readonly<Record<SimdFunction, (...parameters: number[]) => number | undefined>>;

/** An instance of the module with its memory, which never grows: its buffer stays. */
interface Workspace {
  readonly exports: SimdExports;
  readonly buffer: ArrayBufferLike;
  /** Where sweep one finds and leaves its sums. */
  readonly sums: Float64Array;
  /** All of one length, one behind the other. */
  readonly vectors: readonly Float32Array[];
}

/** Where things lie in a memory, bytes. */
interface Arrangement {
  readonly first: number;
  /** From the start of one vector to that of the next. */
  readonly stride: number;
  readonly pages: number;
}

/** A function of the module with all it works on. */
interface Call {
  readonly name: SimdFunction;
  readonly inputs: readonly Float32Array[];
  readonly targets?: readonly Float32Array[];
  readonly factors?: readonly number[];
}

/** A function that decodes, with all it works on. */
interface DecodeCall {
  readonly name: SimdFunction;
  readonly startWeights: Float32Array;
  readonly payload: Uint16Array | Int8Array;
  readonly target: Float32Array;
  readonly factors?: readonly number[];
}

const PAGE_BYTES = 65_536;
/** What 32-bit addresses reach, less the last page: the end of a vector must have an address too. */
const MAX_PAGES = 65_535;
/** Vectors start on a cache line; where disks read them, at a page of the system's memory. */
const ALIGNMENT_BYTES = 64;
const SHARED_ALIGNMENT_BYTES = 4096;

/**
 * Elements per call where vectors lie in one workspace. WebAssembly starts in code that was compiled fast and runs
 * slowly; the faster code takes over between calls, not within one.
 */
const CALL_LENGTH = 65_536;
/** Elements per call where vectors are copied: five blocks of this length stay in a core's own cache. */
const BLOCK_LENGTH = 4_096;
/** The most vectors a function reads. */
const BLOCK_COUNT = 5;

/** The vectors of a workspace, and which of them are in use. */
class WorkspacePool implements VectorPool {
  readonly workspace: Workspace;
  /** Of each vector, elements. */
  readonly length: number;
  #free: Float32Array[];

  constructor(workspace: Workspace, length: number) {
    this.workspace = workspace;
    this.length = length;
    this.#free = [...workspace.vectors];
  }

  take(): Float32Array {
    return this.#free.pop() ?? new Float32Array(this.length);
  }

  keepOnly(kept: readonly Float32Array[]): void {
    this.#free = this.workspace.vectors.filter((vector) => !kept.some((each) => isSameMemory(each, vector)));
  }

  find({ buffer, byteOffset, byteLength }: ArrayBufferView): Float32Array | null {
    const { workspace } = this;
    if (buffer !== workspace.buffer && !isSameName(buffer, workspace.buffer)) return null;
    const isThere = (each: Float32Array) => each.byteOffset === byteOffset && each.byteLength === byteLength;
    return workspace.vectors.find(isThere) ?? null;
  }
}

/**
 * The kernels in WebAssembly SIMD. Vectors of one pool are swept where they lie. Others are copied through a
 * small workspace block by block, at about half the speed and without memory of their size.
 */
export class SimdKernels implements Kernels {
  readonly name = 'simd';
  readonly #api: WebAssemblyApi;
  readonly #module: object;
  /** The same for shared memory. */
  #sharedModule: object | null = null;
  /** By the buffer of their vectors, and gone with them. */
  readonly #pools = new WeakMap<ArrayBufferLike, WorkspacePool>();
  readonly #blocks: Workspace;

  private constructor(api: WebAssemblyApi) {
    this.#api = api;
    this.#module = new api.Module(simdModule());
    this.#blocks = this.#newWorkspace(BLOCK_COUNT, BLOCK_LENGTH);
  }

  /** Null where there is no WebAssembly, it knows no SIMD, or a page's security policy forbids it. */
  static create(): SimdKernels | null {
    const api = (globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
    if (api === undefined) return null;
    try {
      return new SimdKernels(api);
    } catch {
      return null;
    }
  }

  /** More than one memory holds (4 GiB) or the machine has addresses for comes as ordinary vectors. */
  createPool(count: number, length: number, { sharedAs }: PoolOptions = {}): VectorPool {
    if (arranged(count, length, sharedAs !== undefined).pages > MAX_PAGES)
      return plainKernels.createPool(count, length);
    let workspace: Workspace;
    try {
      workspace = this.#newWorkspace(count, length, sharedAs);
    } catch {
      return plainKernels.createPool(count, length);
    }
    const pool = new WorkspacePool(workspace, length);
    this.#pools.set(workspace.buffer, pool);
    return pool;
  }

  vectorBeside(vector: Float32Array): Float32Array {
    const pool = this.#pools.get(vector.buffer);
    return pool?.length === vector.length ? pool.take() : new Float32Array(vector.length);
  }

  addProjection(input: CalibrationInput, range: WeightRange, sums: Float64Array): void {
    const name = isRelay(input) ? 'projectRelay' : 'project';
    const { rest } = this.#sweep({ name, inputs: calibrationVectors(input) }, range, sums);
    // Whole quads lie before the rest: its elements meet the lanes they belong to.
    plainKernels.addProjection(input, rest, sums);
  }

  merge(
    input: CalibrationInput & AverageInput,
    range: WeightRange,
    factors: MergeFactors,
    targets: MergeTargets,
  ): boolean {
    const { rest, overflowed } = this.#sweep(
      {
        name: isRelay(input) ? 'mergeRelay' : 'merge',
        inputs: [...calibrationVectors(input), input.globalWeights],
        targets: [targets.calibratedWeights, targets.globalWeights],
        factors: [factors.coefficient, factors.mixingWeight],
      },
      range,
    );
    return plainKernels.merge(input, rest, factors, targets) || overflowed;
  }

  calibrate(input: CalibrationInput, range: WeightRange, coefficient: number, target: Float32Array): boolean {
    const { rest, overflowed } = this.#sweep(
      { name: 'calibrate', inputs: calibrationVectors(input), targets: [target], factors: [coefficient] },
      range,
    );
    return plainKernels.calibrate(input, rest, coefficient, target) || overflowed;
  }

  average(input: AverageInput, range: WeightRange, mixingWeight: number, target: Float32Array): boolean {
    const { rest, overflowed } = this.#sweep(
      {
        name: 'average',
        inputs: [input.clientWeights, input.globalWeights],
        targets: [target],
        factors: [mixingWeight],
      },
      range,
    );
    return plainKernels.average(input, rest, mixingWeight, target) || overflowed;
  }

  isAllFinite(weights: Float32Array): boolean {
    const { rest, overflowed } = this.#check('checkFinite', weights);
    return !overflowed && plainKernels.isAllFinite(rest);
  }

  isMergeable(weights: Float32Array): boolean {
    const { rest, overflowed } = this.#check('checkMergeable', weights);
    return !overflowed && plainKernels.isMergeable(rest);
  }

  decodeFloat16(input: HalvesInput, range: WeightRange, target: Float32Array): boolean {
    const { startWeights, halves } = input;
    const call = { name: 'decodeFloat16', startWeights, payload: halves, target } as const;
    const { rest, overflowed } = this.#decode(call, range);
    return plainKernels.decodeFloat16(input, rest, target) && !overflowed;
  }

  decodeInt8(input: StepsInput, range: WeightRange, scale: number, target: Float32Array): boolean {
    const { startWeights, steps } = input;
    const call = { name: 'decodeInt8', startWeights, payload: steps, target, factors: [scale] } as const;
    const { rest, overflowed } = this.#decode(call, range);
    return plainKernels.decodeInt8(input, rest, scale, target) && !overflowed;
  }

  #check(
    name: 'checkFinite' | 'checkMergeable',
    weights: Float32Array,
  ): { rest: Float32Array; overflowed: boolean } {
    const whole = { start: 0, end: weights.length };
    const { rest, overflowed } = this.#sweep({ name, inputs: [weights] }, whole);
    return { rest: weights.subarray(rest.start), overflowed };
  }

  /** Runs over the whole turns of a range, block by block, and gives what is left of it: less than one turn. */
  #decode(call: DecodeCall, range: WeightRange): { rest: WeightRange; overflowed: boolean } {
    const { name, startWeights, payload, target, factors = [] } = call;
    requireInside(range, [startWeights, payload, target]);
    const { exports, vectors, buffer } = this.#blocks;
    const [weights, room] = vectors as [Float32Array, Float32Array];
    const coded = new Uint8Array(buffer, room.byteOffset, room.byteLength);
    const { BYTES_PER_ELEMENT: width } = payload;
    const rest = { start: range.end - ((range.end - range.start) % TURN), end: range.end };
    let overflowed = false;
    for (let start = range.start; start < rest.start; start += BLOCK_LENGTH) {
      const end = Math.min(start + BLOCK_LENGTH, rest.start);
      const count = end - start;
      weights.set(startWeights.subarray(start, end));
      coded.set(new Uint8Array(payload.buffer, payload.byteOffset + start * width, count * width));
      // Over the copy: it is read before it is written.
      const { byteOffset } = weights;
      if (exports[name](byteOffset, room.byteOffset, byteOffset, count, ...factors) === 1) overflowed = true;
      target.set(weights.subarray(0, count), start);
    }
    return { rest, overflowed };
  }

  /** Runs over the whole turns of a range, and gives what is left of it: less than one turn. */
  #sweep(call: Call, range: WeightRange, sums?: Float64Array): { rest: WeightRange; overflowed: boolean } {
    const vectors = [...call.inputs, ...(call.targets ?? [])];
    requireInside(range, vectors);
    const end = range.end - ((range.end - range.start) % TURN);
    const pool = this.#pools.get(vectors[0]!.buffer);
    const areTogether = pool !== undefined && vectors.every(({ buffer }) => buffer === pool.workspace.buffer);
    const workspace = areTogether ? pool.workspace : this.#blocks;
    const callLength = areTogether ? CALL_LENGTH : BLOCK_LENGTH;
    const run = areTogether ? runInPlace : runOnCopies;
    if (sums) workspace.sums.set(sums);
    let overflowed = false;
    for (let start = range.start; start < end; start += callLength) {
      const piece = { start, end: Math.min(start + callLength, end) };
      if (run(call, piece, workspace) === 1) overflowed = true;
    }
    sums?.set(workspace.sums);
    return { rest: { start: end, end: range.end }, overflowed };
  }

  /** @param sharedAs lies behind the sums, because each message shows a thread the memory as another object */
  #newWorkspace(count: number, length: number, sharedAs?: Uint8Array): Workspace {
    const isShared = sharedAs !== undefined;
    const { first, stride, pages } = arranged(count, length, isShared);
    const memory = new this.#api.Memory({ initial: pages, maximum: pages, shared: isShared });
    const { exports } = new this.#api.Instance(this.#moduleFor(isShared), { kernels: { memory } });
    const { buffer } = memory;
    if (isShared) nameOf(buffer).set(sharedAs);
    return {
      exports: exports as SimdExports,
      buffer,
      sums: new Float64Array(buffer, 0, SUMS_BYTES / Float64Array.BYTES_PER_ELEMENT),
      vectors: Array.from(
        { length: count },
        (_, index) => new Float32Array(buffer, first + index * stride, length),
      ),
    };
  }

  #moduleFor(isShared: boolean): object {
    if (!isShared) return this.#module;
    this.#sharedModule ??= new this.#api.Module(simdModule({ isShared }));
    return this.#sharedModule;
  }
}

function arranged(count: number, length: number, isShared: boolean): Arrangement {
  const alignment = isShared ? SHARED_ALIGNMENT_BYTES : ALIGNMENT_BYTES;
  const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const first = aligned(isShared ? SUMS_BYTES + POOL_NAME_BYTES : SUMS_BYTES);
  const stride = aligned(length * Float32Array.BYTES_PER_ELEMENT);
  return { first, stride, pages: Math.ceil((first + count * stride) / PAGE_BYTES) };
}

function nameOf(buffer: ArrayBufferLike): Uint8Array {
  return new Uint8Array(buffer, SUMS_BYTES, POOL_NAME_BYTES);
}

/** Whether both are one shared memory: only those have names, and none of any other kind is as long by chance and bears it. */
function isSameName(a: ArrayBufferLike, b: ArrayBufferLike): boolean {
  if (a instanceof ArrayBuffer || b instanceof ArrayBuffer || a.byteLength !== b.byteLength) return false;
  const name = nameOf(b);
  return nameOf(a).every((byte, index) => byte === name[index]);
}

function calibrationVectors(input: CalibrationInput): Float32Array[] {
  return [input.clientWeights, input.startWeights, input.referenceNow, input.referenceAtBase];
}

function isRelay({ startWeights, referenceAtBase }: CalibrationInput): boolean {
  return isSameMemory(startWeights, referenceAtBase);
}

function isSameMemory(a: Float32Array, b: Float32Array): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset;
}

/** Runs on vectors that all lie in the workspace. */
function runInPlace(
  { name, inputs, targets = [], factors = [] }: Call,
  { start, end }: WeightRange,
  { exports }: Workspace,
): number | undefined {
  const addresses = [...inputs, ...targets].map(
    ({ byteOffset }) => byteOffset + start * Float32Array.BYTES_PER_ELEMENT,
  );
  return exports[name](...addresses, end - start, ...factors);
}

/** Copies the range into the workspace's vectors, a vector that is read twice once; runs there; copies back. */
function runOnCopies(
  { name, inputs, targets = [], factors = [] }: Call,
  { start, end }: WeightRange,
  { exports, vectors }: Workspace,
): number | undefined {
  const addresses = inputs.map((input, index) => {
    const first = inputs.indexOf(input);
    if (first === index) vectors[index]!.set(input.subarray(start, end));
    return vectors[first]!.byteOffset;
  });
  // Over the first inputs' copies: they are read before they are written, and already in the cache.
  const copies = targets.map((_, index) => vectors[index]!);
  const targetAddresses = copies.map(({ byteOffset }) => byteOffset);
  const outcome = exports[name](...addresses, ...targetAddresses, end - start, ...factors);
  targets.forEach((target, index) => {
    target.set(copies[index]!.subarray(0, end - start), start);
  });
  return outcome;
}
