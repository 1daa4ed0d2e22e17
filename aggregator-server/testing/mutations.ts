import { seededRandom } from '@genba/shared/model/random';
import { clientMessageSchema } from '@genba/shared/protocol/messages';

/** A seeded source of everything random in a run of mutations. */
export class Dice {
  readonly seed: number;
  readonly #random: () => number;

  /** @param seed that of a run to be repeated; a fresh one when left out, or what `GENBA_SEED` says */
  constructor(
    seed: number = Number(process.env.GENBA_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]),
  ) {
    this.seed = seed;
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  oneOf<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

/** The types of all messages a client may say, as the schema has them. */
export const CLIENT_MESSAGE_TYPES = clientMessageSchema.options.map(({ shape }) => shape.type.value);

/** JSON text that no value of JavaScript becomes by itself. */
const RAW_TOKENS = ['1e999', '-0', '01', '0x10', 'NaN', 'Infinity', 'undefined', '+1', '.5', '1.', "'text'"];
const DEPTHS = [10, 1000, 30_000];
/** Stands for a token in a text until that is written. */
const MARK = '\u{e000}raw\u{e000}';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Holder = Json[] | { [key: string]: Json };

/** Values of every wrong kind and beyond every bound. */
function hostileValue(dice: Dice): Json {
  return dice.oneOf<() => Json>([
    () => dice.oneOf([null, true, false, '', ' ', [], {}]),
    () => dice.oneOf([0, -1, 1, 1.5, 1e-9, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 2 ** 63]),
    () =>
      dice.oneOf([
        '\0',
        '\ud800',
        '\udfff',
        '\u202e',
        '\ufeff',
        '仙台',
        '👩‍🏭',
        '0',
        '1e3',
        'null',
        '../../x',
        '%00',
      ]),
    () => String.fromCodePoint(...Array.from({ length: 1 + dice.below(40) }, () => dice.below(0xd7ff))),
    () => 'x'.repeat(dice.oneOf([65, 101, 2001, 60_000])),
    () => dice.oneOf([crypto.randomUUID(), '0'.repeat(64), 'A'.repeat(43), 'A'.repeat(86)]),
    () => Array.from({ length: dice.oneOf([1, 33, 2000]) }, () => dice.oneOf([0, 'a', null])),
    () => ({ type: 'hello', toString: 'x', length: 1 }),
  ])();
}

/** The value with a small change that keeps its kind. */
function nearValue(dice: Dice, value: Json): Json {
  if (typeof value === 'number') return value + dice.oneOf([-1, 1, 0.5, 1e9, -(2 ** 31)]);
  if (typeof value === 'boolean') return !value;
  if (value === null) return dice.oneOf([0, '', false]);
  if (Array.isArray(value)) return dice.oneOf([[...value, ...value], value.slice(1), [value]]);
  if (typeof value === 'object') return dice.oneOf([[value], { ...value, [dice.oneOf(KEYS)]: null }]);
  const at = dice.below(value.length + 1);
  const [head, tail] = [value.slice(0, at), value.slice(at)];
  // Another character of its own alphabet: most ids, digests and signatures stay well-formed by that.
  const sameForm = head + (value[dice.below(value.length)] ?? '') + tail.slice(1);
  return dice.oneOf([
    sameForm,
    sameForm,
    sameForm,
    head,
    tail,
    head + tail.slice(1),
    head + dice.oneOf(['a', 'A', '0', '-', ' ', '=', '\n', 'é', '\u0000']) + tail.slice(1),
    head + tail.slice(0, 1) + tail,
    value.toUpperCase(),
    ` ${value}`,
    value + value,
  ]);
}

/** Keys that mean something to JavaScript, and keys of other messages. */
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  '',
  'extra',
  'type',
  'taskId',
  'updateId',
  'baseId',
  'weightsSha256',
  '型',
  '0',
] as const;

/** Every object and array inside a value, itself included. */
function holdersOf(value: Json): Holder[] {
  if (value === null || typeof value !== 'object') return [];
  return [value, ...Object.values(value).flatMap(holdersOf)];
}

function setOwn(holder: Holder, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Changes one place of a message, as somebody would who knows how it is built. */
function changeStructure(dice: Dice, message: Json): { json: Json; raw: string } {
  const json = structuredClone(message);
  const holder = dice.oneOf(holdersOf(json));
  const keys = Object.keys(holder);
  const key = keys.length > 0 ? dice.oneOf(keys) : 'extra';
  const old = (holder as { [key: string]: Json })[key] ?? null;
  let raw = 'null';
  dice.oneOf([
    () => setOwn(holder, key, hostileValue(dice)),
    () => setOwn(holder, key, nearValue(dice, old)),
    () => setOwn(holder, dice.oneOf(KEYS), dice.oneOf([old, hostileValue(dice)])),
    () => void Reflect.deleteProperty(holder, key),
    () => {
      Reflect.deleteProperty(holder, key);
      setOwn(holder, dice.oneOf([key.toUpperCase(), ` ${key}`, `${key}\0`, ...KEYS]), old);
    },
    () => setOwn(json as Holder, 'type', dice.oneOf(CLIENT_MESSAGE_TYPES)),
    () => {
      const depth = dice.oneOf(DEPTHS);
      raw = dice.oneOf([
        `${'['.repeat(depth)}${']'.repeat(depth)}`,
        `${'{"a":'.repeat(depth / 10)}1${'}'.repeat(depth / 10)}`,
      ]);
      setOwn(holder, key, MARK);
    },
    () => {
      raw = dice.oneOf(RAW_TOKENS);
      setOwn(holder, key, MARK);
    },
  ])();
  return { json, raw };
}

/** Changes how a message is written rather than what it says. */
function changeText(dice: Dice, text: string): string {
  const at = dice.below(text.length);
  const key = dice.oneOf([...KEYS, 'clientId', 'nonce', 'code', 'reason', 'offset']);
  const again = `${JSON.stringify(key)}:${JSON.stringify(hostileValue(dice))}`;
  return dice.oneOf([
    // A key twice: before what it says properly, and after.
    () => `{${again},${text.slice(1)}`,
    () => `${text.slice(0, -1)},${again}}`,
    () => `[${text}]`,
    () => `${text}${text}`,
    () => `\ufeff${text}`,
    () => `${text.slice(0, -1)},}`,
    () => `/* */${text}`,
    () => text.replaceAll('"', "'"),
    () => JSON.stringify(text),
    () => text.slice(0, at),
    () => text.slice(at),
    () => `${text}${'\0'.repeat(1 + dice.below(9))}`,
    () => `${text}${' '.repeat(65_536)}`,
    () => dice.oneOf(['', ' ', 'null', 'true', '0', '""', '[]', '{}', '{"type":{}}', '{"type":"__proto__"}']),
  ])();
}

/** Overwrites, cuts, inserts or flips bits of bytes, at one to three places. */
export function changeBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let edits = 1 + dice.below(3); edits > 0; edits--) {
    const at = dice.below(changed.byteLength + 1);
    const [head, tail] = [changed.subarray(0, at), changed.subarray(at)];
    const fresh = dice.bytes(1 + dice.below(12));
    changed = dice.oneOf([
      () => Buffer.concat([head, fresh, tail.subarray(fresh.byteLength)]),
      () => Buffer.concat([head, tail.subarray(fresh.byteLength)]),
      () => Buffer.concat([head, fresh, tail]),
      () => Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ (1 << dice.below(8))]), tail.subarray(1)]),
      () => head,
    ])();
  }
  return changed;
}

/** A mutation of a control message: of its structure, of its text, or of its bytes. */
export function mutateMessage(dice: Dice, message: object): Uint8Array {
  const text = JSON.stringify(message);
  const how = dice.below(10);
  if (how < 2) return changeBytes(dice, Buffer.from(text));
  if (how < 4) return Buffer.from(changeText(dice, text));
  const { json, raw } = changeStructure(dice, message as Json);
  return Buffer.from(JSON.stringify(json).replaceAll(JSON.stringify(MARK), () => raw));
}

const HEADER_BYTES = 16;

/** A mutation of a data frame: of one field of its header, of its length, or of its bytes. */
export function mutateDataFrame(dice: Dice, frame: Uint8Array): Uint8Array {
  const number32 = () => dice.oneOf([0, 1, 2, 77, 2 ** 31, 2 ** 32 - 1, dice.below(2 ** 32)]);
  const overwrite = (place: number, bytes: readonly number[]) => {
    const changed = Buffer.from(frame);
    changed.set(bytes, place);
    return changed;
  };
  return dice.oneOf<() => Uint8Array>([
    () => changeBytes(dice, frame),
    // Kind, reserved bytes, transfer, and both halves of the offset.
    () => overwrite(0, [dice.below(256)]),
    () => overwrite(1 + dice.below(3), [1 + dice.below(255)]),
    () => overwrite(4, littleEndian(number32())),
    () => overwrite(8, littleEndian(number32())),
    () => overwrite(12, littleEndian(number32())),
    () => frame.subarray(0, dice.below(HEADER_BYTES + 1)),
    () => Buffer.concat([frame, dice.bytes(1 + dice.below(200))]),
    () => Buffer.concat([frame, Buffer.alloc(dice.oneOf([2 ** 10, 2 ** 18]))]),
  ])();
}

function littleEndian(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => Math.floor(value / 2 ** shift) % 256);
}
