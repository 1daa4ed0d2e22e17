/**
 * Writes WebAssembly modules: the few instructions the kernels need, as functions that nest like expressions.
 * Encoding: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */

/** Instructions as bytes; as an expression it leaves one value on the stack. */
export type Code = readonly number[];

/** Types of parameters, variables and results. */
export type ValueType = 'i32' | 'f64' | 'v128';

const TYPE_BYTES: Record<ValueType, number> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

/** A parameter or variable of a function. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets, and leaves the value for the expression around it. */
  tee(value: Code): Code;
}

/** Whole number from 0 in as few bytes as it needs (LEB128). */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** 32-bit whole number of either sign (signed LEB128). */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -0x40 || rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

/** Items behind their count. */
function list(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

/** Bytes behind their length. */
function sized(bytes: Code): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(name: string): number[] {
  return sized(Array.from(name, (character) => character.charCodeAt(0)));
}

/** A 128-bit instruction; operands come first, immediates last. */
function vector(opcode: number, operands: readonly Code[], immediates: Code = []): Code {
  return [...operands.flat(), 0xfd, ...unsigned(opcode), ...immediates];
}

/** Alignment (vectors start at any float32, so 2² bytes are promised) and distance from the address. */
function memoryArgument(offsetBytes: number): Code {
  return [2, ...unsigned(offsetBytes)];
}

const binary = (opcode: number) => (a: Code, b: Code) => vector(opcode, [a, b]);

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  shl: (a: Code, b: Code): Code => [...a, ...b, 0x74],
  ltU: (a: Code, b: Code): Code => [...a, ...b, 0x49],
};

export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
};

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  sub: (a: Code, b: Code): Code => [...a, ...b, 0xa1],
};

export const v128 = {
  load: (address: Code, offsetBytes: number) => vector(0x00, [address], memoryArgument(offsetBytes)),
  /** Two float32 in the lower half. */
  load64Zero: (address: Code, offsetBytes: number) => vector(0x5d, [address], memoryArgument(offsetBytes)),
  /** Four whole numbers of 8 bits each in the lowest quarter. */
  load32Zero: (address: Code, offsetBytes: number) => vector(0x5c, [address], memoryArgument(offsetBytes)),
  /** Four whole numbers of 16 bits, from 0, each widened to 32. */
  load16x4U: (address: Code, offsetBytes: number) => vector(0x04, [address], memoryArgument(offsetBytes)),
  and: binary(0x4e),
  or: binary(0x50),
  store: (address: Code, value: Code, offsetBytes: number) =>
    vector(0x0b, [address, value], memoryArgument(offsetBytes)),
  anyTrue: (a: Code) => vector(0x53, [a]),
};

export const f64x2 = {
  splat: (a: Code) => vector(0x14, [a]),
  promoteLowF32x4: (a: Code) => vector(0x5f, [a]),
  add: binary(0xf0),
  sub: binary(0xf1),
  mul: binary(0xf2),
  /** The lower two of four whole numbers. */
  convertLowI32x4S: (a: Code) => vector(0xfe, [a]),
};

export const f32x4 = {
  splat: (a: Code) => vector(0x13, [a]),
  sub: binary(0xe5),
  /** Rounds two float64 to the nearest float32, into the lower half. */
  demoteF64x2Zero: (a: Code) => vector(0x5e, [a]),
};

export const i32x4 = {
  splat: (a: Code) => vector(0x11, [a]),
  shl: (a: Code, bits: Code) => vector(0xab, [a, bits]),
  add: binary(0xae),
  maxU: binary(0xb9),
  /** All bits of an element where it holds. */
  ltU: binary(0x3a),
  geU: binary(0x40),
};

/** Four whole numbers of 8 bits with a sign, in the lowest quarter, each widened to 32. */
export function widenedBytes(a: Code): Code {
  return vector(0xa7, [vector(0x87, [a])]);
}

/** The upper half in both halves. */
export function upperHalf(a: Variable): Code {
  const upper = [8, 9, 10, 11, 12, 13, 14, 15];
  return vector(0x0d, [a.get, a.get], [...upper, ...upper]);
}

/** The lower halves of both: a's, then b's. */
export function joinLowHalves(a: Code, b: Code): Code {
  return vector(0x0d, [a, b], [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
}

/** Runs the body, and again as long as the condition (an i32) is not 0. */
export function repeatWhile(body: readonly Code[], condition: Code): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0, 0x0b];
}

/** One exported function under construction. */
export class WasmFunction {
  readonly name: string;
  readonly #result: ValueType | null;
  readonly #parameters: number[] = [];
  readonly #variables: number[] = [];
  readonly #body: number[] = [];

  constructor(name: string, result: ValueType | null) {
    this.name = name;
    this.#result = result;
  }

  /** Declares the next parameter; all of them come before the first variable. */
  parameter(type: ValueType): Variable {
    if (this.#variables.length > 0) throw new Error('parameters come before variables');
    this.#parameters.push(TYPE_BYTES[type]);
    return this.#declared();
  }

  variable(type: ValueType): Variable {
    this.#variables.push(TYPE_BYTES[type]);
    return this.#declared();
  }

  append(...code: readonly Code[]): void {
    for (const bytes of code) this.#body.push(...bytes);
  }

  /** Entry of the type section. */
  signature(): Code {
    const results = this.#result === null ? [] : [TYPE_BYTES[this.#result]];
    return [0x60, ...sized(this.#parameters), ...sized(results)];
  }

  /** Entry of the code section. */
  code(): Code {
    const variables = list(this.#variables.map((type) => [1, type]));
    return sized([...variables, ...this.#body, 0x0b]);
  }

  #declared(): Variable {
    const index = unsigned(this.#parameters.length + this.#variables.length - 1);
    return {
      get: [0x20, ...index],
      set: (value) => [...value, 0x21, ...index],
      tee: (value) => [...value, 0x22, ...index],
    };
  }
}

/** Most that 32-bit addresses reach, pages of 64 KiB. */
const MOST_PAGES = 65_536;

/**
 * A module of these functions over one memory, imported as `kernels.memory`.
 * @param how.isShared whether that is one which threads share
 */
export function assembleModule(
  functions: readonly WasmFunction[],
  { isShared = false }: { readonly isShared?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]) => [id, ...sized(list(items))];
  const memoryOfAnySize = isShared ? [0x03, 0, ...unsigned(MOST_PAGES)] : [0x00, 0];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map((each) => each.signature()),
    ),
    ...section(2, [[...text('kernels'), ...text('memory'), 0x02, ...memoryOfAnySize]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]),
    ),
    ...section(
      10,
      functions.map((each) => each.code()),
    ),
  );
}
