import { FLOAT16_NOT_FINITE } from '../encoding/float16.ts';
import { MAX_WEIGHT_MAGNITUDE } from '../validate.ts';
import {
  assembleModule,
  type Code,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  joinLowHalves,
  repeatWhile,
  upperHalf,
  type Variable,
  v128,
  WasmFunction,
  widenedBytes,
} from './assembler.ts';

/**
 * What the module exports. Parameters: the address of each vector's first element, targets last; how many elements;
 * the factors. Sweeps two return 1 when a result overflowed, else 0.
 *
 * - `project(W, S, now, at base, count)`
 * - `merge(W, S, now, at base, G, reply, G', count, c, β)`
 * - `calibrate(W, S, now, at base, reply, count, c)`
 * - `average(W, G, G', count, β)`
 * - `checkFinite(v, count)` and `checkMergeable(v, count)`; 1 when a value is not
 * - `decodeFloat16(S, bits, Ŵ, count)` and `decodeInt8(S, steps, Ŵ, count, scale)`; 1 when a result is not mergeable
 *
 * The relay functions are for vectors whose reference at the base is the start weights: one vector less to read.
 */
export type SimdFunction =
  | 'project'
  | 'projectRelay'
  | 'merge'
  | 'mergeRelay'
  | 'calibrate'
  | 'average'
  | 'checkFinite'
  | 'checkMergeable'
  | 'decodeFloat16'
  | 'decodeInt8';

/** Elements per turn of a loop. The functions take whole turns only, and at least one. */
export const TURN = 8;

/** Where the projections find and leave their sums; vectors come after it. */
export const SUMS_BYTES = 64;

const PAIR_BYTES = 2 * Float32Array.BYTES_PER_ELEMENT;
const QUAD_BYTES = 2 * PAIR_BYTES;
const TURN_BYTES = TURN * Float32Array.BYTES_PER_ELEMENT;
/** A quad's bytes as float64. */
const WIDE_PAIR_BYTES = 16;

/** Bits of a float32, shifted left over its sign: from here on it is an infinity or no number. */
const NOT_FINITE = 0xff000000 | 0;

/** The same of the smallest float32 that is not mergeable. */
const NOT_MERGEABLE = (bitsOf(MAX_WEIGHT_MAGNITUDE) + 1) << 1;

/** Bits of the largest float32 that is not above a positive number. */
function bitsOf(limit: number): number {
  const nearest = Float32Array.of(limit);
  const bits = new Uint32Array(nearest.buffer)[0]!;
  return nearest[0]! > limit ? bits - 1 : bits;
}

/** A function that loops over vectors of one length. */
class Sweep<Address extends string, Factor extends string> {
  readonly fn: WasmFunction;
  /** Of each vector's next turn. */
  readonly at: Readonly<Record<Address, Variable>>;
  /** Each in both lanes. */
  readonly factor: Readonly<Record<Factor, Variable>>;
  readonly #addresses: readonly Variable[];
  readonly #turnBytes: readonly number[];
  readonly #count: Variable;

  constructor(
    fn: WasmFunction,
    names: {
      readonly addresses: readonly Address[];
      readonly factors: readonly Factor[];
      /** Bytes of an element where it is no float32. */
      readonly elementBytes?: Readonly<Partial<Record<Address, number>>>;
    },
  ) {
    this.fn = fn;
    this.at = namedVariables(names.addresses, () => fn.parameter('i32'));
    this.#addresses = names.addresses.map((name) => this.at[name]);
    this.#turnBytes = names.addresses.map(
      (name) => TURN * (names.elementBytes?.[name] ?? Float32Array.BYTES_PER_ELEMENT),
    );
    this.#count = fn.parameter('i32');
    const scalars = namedVariables(names.factors, () => fn.parameter('f64'));
    this.factor = namedVariables(names.factors, () => fn.variable('v128'));
    for (const name of names.factors) fn.append(this.factor[name].set(f64x2.splat(scalars[name].get)));
  }

  /** Two variables: for the lower and the upper pair of a quad. */
  pairs(): readonly [Variable, Variable] {
    return [this.fn.variable('v128'), this.fn.variable('v128')];
  }

  /** Appends the loop; `quad` gives the code for the four elements at a distance from the addresses. */
  loop(quad: (offset: number) => readonly Code[]): void {
    const first = this.#addresses[0]!;
    const end = this.fn.variable('i32');
    const sizeBytes = i32.shl(this.#count.get, i32.const(Math.log2(Float32Array.BYTES_PER_ELEMENT)));
    const turn: Code[] = [];
    for (let offset = 0; offset < TURN_BYTES; offset += QUAD_BYTES) turn.push(...quad(offset));
    for (const [index, address] of this.#addresses.entries()) {
      turn.push(address.set(i32.add(address.get, i32.const(this.#turnBytes[index]!))));
    }
    this.fn.append(end.set(i32.add(first.get, sizeBytes)), repeatWhile(turn, i32.ltU(first.get, end.get)));
  }
}

function namedVariables<Name extends string>(
  names: readonly Name[],
  declare: () => Variable,
): Record<Name, Variable> {
  return Object.fromEntries(names.map((name) => [name, declare()])) as Record<Name, Variable>;
}

/** Two elements as float64. */
function pair(address: Variable, offset: number): Code {
  return f64x2.promoteLowF32x4(v128.load64Zero(address.get, offset));
}

/** Four elements, each rounded once to float32. */
function rounded(low: Code, high: Code): Code {
  return joinLowHalves(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high));
}

/** Notes quads of results, and tells at the end whether one was too large: an infinity or no number, or a lower limit. */
class OverflowCheck {
  readonly #largest: Variable;
  readonly #limit: number;

  constructor(fn: WasmFunction, limit = NOT_FINITE) {
    this.#largest = fn.variable('v128');
    this.#limit = limit;
  }

  note(quad: Variable): Code {
    return this.#largest.set(i32x4.maxU(this.#largest.get, i32x4.shl(quad.get, i32.const(1))));
  }

  /** Where all bits of an element are set, one was too large. */
  noteMask(mask: Code): Code {
    return this.#largest.set(v128.or(this.#largest.get, mask));
  }

  overflowed(): Code {
    return v128.anyTrue(i32x4.geU(this.#largest.get, i32x4.splat(i32.const(this.#limit))));
  }
}

/** Sweep one: ⟨Δ, δ⟩ and ‖δ‖². */
function projection(name: 'project' | 'projectRelay'): WasmFunction {
  const sweep = new Sweep(new WasmFunction(name, null), {
    addresses: ['client', 'start', 'now', 'atBase'],
    factors: [],
  });
  const { fn, at } = sweep;
  const start = fn.variable('v128');
  const delta = fn.variable('v128');
  const dots = sweep.pairs();
  const squaredNorms = sweep.pairs();
  const addPair = (half: 0 | 1, offset: number) => {
    const atBase = name === 'projectRelay' ? start.get : pair(at.atBase, offset);
    const shift = f64x2.sub(pair(at.now, offset), atBase);
    return [
      start.set(pair(at.start, offset)),
      delta.set(f64x2.sub(pair(at.client, offset), start.get)),
      dots[half].set(f64x2.add(dots[half].get, f64x2.mul(shift, delta.get))),
      squaredNorms[half].set(f64x2.add(squaredNorms[half].get, f64x2.mul(delta.get, delta.get))),
    ];
  };
  const sums = [...dots, ...squaredNorms];
  fn.append(...sums.map((sum, i) => sum.set(v128.load(i32.const(0), i * WIDE_PAIR_BYTES))));
  sweep.loop((offset) => [...addPair(0, offset), ...addPair(1, offset + PAIR_BYTES)]);
  fn.append(...sums.map((sum, i) => v128.store(i32.const(0), sum.get, i * WIDE_PAIR_BYTES)));
  return fn;
}

/** W + (Δ − c δ) of a pair, from Δ as code and the rest in variables. */
function replyOf(client: Variable, start: Variable, shift: Code, coefficient: Variable): Code {
  const delta = f64x2.sub(client.get, start.get);
  return f64x2.add(client.get, f64x2.sub(shift, f64x2.mul(coefficient.get, delta)));
}

/** (1 − β) G + β W of a pair. */
function averageOf(client: Code, global: Code, keep: Variable, mixingWeight: Variable): Code {
  return f64x2.add(f64x2.mul(keep.get, global), f64x2.mul(mixingWeight.get, client));
}

/** 1 − β in both lanes. */
function keepOf(fn: WasmFunction, mixingWeight: Variable): Variable {
  const keep = fn.variable('v128');
  fn.append(keep.set(f64x2.sub(f64x2.splat(f64.const(1)), mixingWeight.get)));
  return keep;
}

/** Sweep two. Every element of a quad is read before any is written, because a target may be an input. */
function merge(name: 'merge' | 'mergeRelay'): WasmFunction {
  const sweep = new Sweep(new WasmFunction(name, 'i32'), {
    addresses: ['client', 'start', 'now', 'atBase', 'global', 'toReply', 'toGlobal'],
    factors: ['coefficient', 'mixingWeight'],
  });
  const { fn, at, factor } = sweep;
  const keep = keepOf(fn, factor.mixingWeight);
  const check = new OverflowCheck(fn);
  const clients = sweep.pairs();
  const start = fn.variable('v128');
  const replies = sweep.pairs();
  const [replyQuad, averageQuad] = sweep.pairs();
  const calibratePair = (half: 0 | 1, offset: number) => {
    const atBase = name === 'mergeRelay' ? start.get : pair(at.atBase, offset);
    const shift = f64x2.sub(pair(at.now, offset), atBase);
    return [
      clients[half].set(pair(at.client, offset)),
      start.set(pair(at.start, offset)),
      replies[half].set(replyOf(clients[half], start, shift, factor.coefficient)),
    ];
  };
  const averagePair = (half: 0 | 1, offset: number) =>
    averageOf(clients[half].get, pair(at.global, offset), keep, factor.mixingWeight);
  sweep.loop((offset) => [
    ...calibratePair(0, offset),
    ...calibratePair(1, offset + PAIR_BYTES),
    replyQuad.set(rounded(replies[0].get, replies[1].get)),
    averageQuad.set(rounded(averagePair(0, offset), averagePair(1, offset + PAIR_BYTES))),
    v128.store(at.toReply.get, replyQuad.get, offset),
    v128.store(at.toGlobal.get, averageQuad.get, offset),
    check.note(replyQuad),
  ]);
  fn.append(check.overflowed());
  return fn;
}

/** Sweep two without the merge. */
function calibrate(): WasmFunction {
  const sweep = new Sweep(new WasmFunction('calibrate', 'i32'), {
    addresses: ['client', 'start', 'now', 'atBase', 'toReply'],
    factors: ['coefficient'],
  });
  const { fn, at, factor } = sweep;
  const check = new OverflowCheck(fn);
  const client = fn.variable('v128');
  const start = fn.variable('v128');
  const quad = fn.variable('v128');
  const replies = sweep.pairs();
  const calibratePair = (half: 0 | 1, offset: number) => [
    client.set(pair(at.client, offset)),
    start.set(pair(at.start, offset)),
    replies[half].set(
      replyOf(client, start, f64x2.sub(pair(at.now, offset), pair(at.atBase, offset)), factor.coefficient),
    ),
  ];
  sweep.loop((offset) => [
    ...calibratePair(0, offset),
    ...calibratePair(1, offset + PAIR_BYTES),
    quad.set(rounded(replies[0].get, replies[1].get)),
    v128.store(at.toReply.get, quad.get, offset),
    check.note(quad),
  ]);
  fn.append(check.overflowed());
  return fn;
}

/** Sweep two without the reply. */
function average(): WasmFunction {
  const sweep = new Sweep(new WasmFunction('average', 'i32'), {
    addresses: ['client', 'global', 'toGlobal'],
    factors: ['mixingWeight'],
  });
  const { fn, at, factor } = sweep;
  const keep = keepOf(fn, factor.mixingWeight);
  const check = new OverflowCheck(fn);
  const quad = fn.variable('v128');
  const averagePair = (offset: number) =>
    averageOf(pair(at.client, offset), pair(at.global, offset), keep, factor.mixingWeight);
  sweep.loop((offset) => [
    quad.set(rounded(averagePair(offset), averagePair(offset + PAIR_BYTES))),
    v128.store(at.toGlobal.get, quad.get, offset),
    check.note(quad),
  ]);
  fn.append(check.overflowed());
  return fn;
}

/** Reads a vector and computes nothing. */
function check(name: 'checkFinite' | 'checkMergeable', limit: number): WasmFunction {
  const sweep = new Sweep(new WasmFunction(name, 'i32'), { addresses: ['vector'], factors: [] });
  const { fn, at } = sweep;
  const largest = new OverflowCheck(fn, limit);
  const quad = fn.variable('v128');
  sweep.loop((offset) => [quad.set(v128.load(at.vector.get, offset)), largest.note(quad)]);
  fn.append(largest.overflowed());
  return fn;
}

/**
 * Ŵ = S + δ̂ in 16 bits. A float16's exponent and fraction are moved to where a float32 has them, and the exponent is
 * raised by the difference of the biases. A subnormal one has no leading 1: it is read as if it had, and that is taken
 * off again. So no float32 is subnormal on the way, which processors compute many times slower; the deltas of
 * training are often that small.
 */
function decodeFloat16(): WasmFunction {
  const halfBytes = Uint16Array.BYTES_PER_ELEMENT;
  const sweep = new Sweep(new WasmFunction('decodeFloat16', 'i32'), {
    addresses: ['start', 'halves', 'target'],
    factors: [],
    elementBytes: { halves: halfBytes },
  });
  const { fn, at } = sweep;
  const check = new OverflowCheck(fn, NOT_MERGEABLE);
  const names = ['magnitude', 'sign', 'notFinite', 'normal', 'rebias', 'one', 'leading'] as const;
  const constants = namedVariables(names, () => fn.variable('v128'));
  const [bits, magnitude] = sweep.pairs();
  const [delta, quad] = sweep.pairs();
  const isSubnormal = fn.variable('v128');
  fn.append(
    constants.magnitude.set(i32x4.splat(i32.const(0x7fff))),
    constants.sign.set(i32x4.splat(i32.const(0x8000))),
    constants.notFinite.set(i32x4.splat(i32.const(FLOAT16_NOT_FINITE))),
    constants.normal.set(i32x4.splat(i32.const(0x400))),
    constants.rebias.set(i32x4.splat(i32.const(112 << 23))),
    constants.one.set(i32x4.splat(i32.const(1 << 23))),
    constants.leading.set(f32x4.splat(f32.const(2 ** -14))),
  );
  sweep.loop((offset) => [
    bits.set(v128.load16x4U(at.halves.get, (offset / Float32Array.BYTES_PER_ELEMENT) * halfBytes)),
    magnitude.set(v128.and(bits.get, constants.magnitude.get)),
    check.noteMask(i32x4.geU(magnitude.get, constants.notFinite.get)),
    isSubnormal.set(i32x4.ltU(magnitude.get, constants.normal.get)),
    delta.set(
      i32x4.add(
        i32x4.add(i32x4.shl(magnitude.get, i32.const(13)), constants.rebias.get),
        v128.and(isSubnormal.get, constants.one.get),
      ),
    ),
    delta.set(
      v128.or(
        f32x4.sub(delta.get, v128.and(isSubnormal.get, constants.leading.get)),
        i32x4.shl(v128.and(bits.get, constants.sign.get), i32.const(16)),
      ),
    ),
    quad.set(
      rounded(
        f64x2.add(pair(at.start, offset), f64x2.promoteLowF32x4(delta.get)),
        f64x2.add(pair(at.start, offset + PAIR_BYTES), f64x2.promoteLowF32x4(upperHalf(delta))),
      ),
    ),
    v128.store(at.target.get, quad.get, offset),
    check.note(quad),
  ]);
  fn.append(check.overflowed());
  return fn;
}

/** Ŵ = S + s · step. */
function decodeInt8(): WasmFunction {
  const sweep = new Sweep(new WasmFunction('decodeInt8', 'i32'), {
    addresses: ['start', 'steps', 'target'],
    factors: ['scale'],
    elementBytes: { steps: Int8Array.BYTES_PER_ELEMENT },
  });
  const { fn, at, factor } = sweep;
  const check = new OverflowCheck(fn, NOT_MERGEABLE);
  const [steps, quad] = sweep.pairs();
  const decodedPair = (offset: number, whole: Code) =>
    f64x2.add(pair(at.start, offset), f64x2.mul(factor.scale.get, f64x2.convertLowI32x4S(whole)));
  sweep.loop((offset) => [
    steps.set(widenedBytes(v128.load32Zero(at.steps.get, offset / Float32Array.BYTES_PER_ELEMENT))),
    quad.set(rounded(decodedPair(offset, steps.get), decodedPair(offset + PAIR_BYTES, upperHalf(steps)))),
    v128.store(at.target.get, quad.get, offset),
    check.note(quad),
  ]);
  fn.append(check.overflowed());
  return fn;
}

/** The module's bytes: about 3 kB, put together in well under a millisecond, the same every time. */
export function simdModule(memory: { readonly isShared?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const functions = [
    projection('project'),
    projection('projectRelay'),
    merge('merge'),
    merge('mergeRelay'),
    calibrate(),
    average(),
    check('checkFinite', NOT_FINITE),
    check('checkMergeable', NOT_MERGEABLE),
    decodeFloat16(),
    decodeInt8(),
  ];
  return assembleModule(functions, memory);
}
