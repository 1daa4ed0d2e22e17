import { ACTIVATIONS, type Activation, type KernelStart, type Padding } from '../layer-spec.ts';
import { BadTopology } from './bad-topology.ts';
import type { TopologyLayer } from './topology-schema.ts';

/** Largest setting that is a count or a length. */
const MAX_SETTING = 8192;

/** Keras' first weights and ours. Those it draws from a bell curve are drawn evenly here, with the same variance. */
const STARTS: Readonly<Record<string, KernelStart>> = {
  GlorotUniform: 'glorotUniform',
  GlorotNormal: 'glorotUniform',
  HeUniform: 'heUniform',
  HeNormal: 'heUniform',
  LecunUniform: 'lecunUniform',
  LecunNormal: 'lecunUniform',
  Zeros: 'zeros',
};

/** Settings that change nothing here: where the layer came from, and how it was described. */
const WITHOUT_MEANING = new Set([
  ...['name', 'dtype', 'batch_input_shape', 'batch_shape', 'input_shape', 'module', 'sparse', 'ragged'],
  ...['quantization_config', 'lora_rank', 'lora_alpha', 'bias_initializer', 'optional', 'seed'],
  ...['beta_initializer', 'gamma_initializer', 'moving_mean_initializer', 'moving_variance_initializer'],
]);

/** Reads the settings of one layer, and refuses those that were not asked for and mean something. */
export class LayerSettings {
  readonly className: string;
  readonly name: string;
  readonly #config: TopologyLayer['config'];
  readonly #read = new Set<string>();

  /** @throws BadTopology for a layer without a usable name */
  constructor({ class_name, config }: TopologyLayer) {
    this.className = class_name;
    this.#config = config;
    const { name } = config;
    if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
      throw new BadTopology(`a ${class_name} has no name of letters, digits, "_", "-" and ".", at most 64`);
    }
    this.name = name;
  }

  /** @throws BadTopology naming the layer */
  refuse(reason: string): never {
    throw new BadTopology(`layer "${this.name}" (${this.className}): ${reason}`);
  }

  /** A whole number from 1 on. */
  count(key: string): number {
    const value = this.#take(key);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_SETTING) {
      this.refuse(`${key} must be a whole number from 1 to ${MAX_SETTING}`);
    }
    return value;
  }

  /** One number for all sides, given once or once per side. Left out or null: `fallback`. */
  side(key: string, fallback?: number): number {
    const value = this.#take(key);
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    const sides = Array.isArray(value) ? value : [value];
    const [first] = sides;
    const isCount =
      typeof first === 'number' && Number.isInteger(first) && first >= 1 && first <= MAX_SETTING;
    if (!isCount || sides.some((side) => side !== first)) {
      this.refuse(`${key} must be one whole number, the same on all sides`);
    }
    return first as number;
  }

  padding(): Padding {
    const value = this.#take('padding') ?? 'valid';
    if (value !== 'same' && value !== 'valid') this.refuse('padding must be "same" or "valid"');
    return value;
  }

  /** What the layer ends in; a softmax is for the last layer only. */
  activation(): Activation | 'softmax' {
    const value = this.#take('activation') ?? 'linear';
    if (value === 'softmax') return value;
    const found = ACTIVATIONS.find((name) => name === value);
    return found ?? this.refuse(`activation must be one of ${ACTIVATIONS.join(', ')}`);
  }

  hasBias(): boolean {
    return this.flag('use_bias', true);
  }

  /** Left out or null: `fallback`. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.#take(key) ?? fallback;
    return typeof value === 'boolean' ? value : this.refuse(`${key} must be true or false`);
  }

  /** How a kernel begins; the variance scaling that TensorFlow.js writes for Glorot's is known too. */
  start(key: string): KernelStart {
    const value = this.#take(key);
    if (value === undefined || value === null) return 'glorotUniform';
    const { class_name, config } = Object(value) as { class_name?: string; config?: object };
    const { scale, mode } = Object(config) as { scale?: number; mode?: string };
    if (class_name === 'VarianceScaling' && scale === 1 && mode === 'fan_avg') return 'glorotUniform';
    if (class_name === 'VarianceScaling' && scale === 2 && mode === 'fan_in') return 'heUniform';
    if (class_name === 'VarianceScaling' && scale === 1 && mode === 'fan_in') return 'lecunUniform';
    return STARTS[class_name ?? ''] ?? this.refuse(`${key} must be one of ${Object.keys(STARTS).join(', ')}`);
  }

  /** Demands a setting's only possible value, where it is given. @param advice what to do about another */
  only(key: string, allowed: readonly unknown[], advice: string): void {
    const value = this.#take(key);
    if (value === undefined || value === null) return;
    const values = Array.isArray(value) ? value : [value];
    if (!values.every((each) => allowed.includes(each))) this.refuse(`${key}: ${advice}`);
  }

  /** Lets a setting be whatever it is. */
  ignore(key: string): void {
    this.#read.add(key);
  }

  /** Every setting must have been read, or mean nothing. @throws BadTopology */
  finish(): void {
    this.only('trainable', [true], 'a frozen layer is not trained together; set it to true');
    this.only('data_format', ['channels_last'], 'must be "channels_last"');
    const unread = Object.entries(this.#config).find(
      ([key, value]) => value !== null && !this.#read.has(key) && !WITHOUT_MEANING.has(key),
    );
    if (unread !== undefined) this.refuse(`${unread[0]} is not supported; leave it out or set it to null`);
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.#config[key];
  }
}
