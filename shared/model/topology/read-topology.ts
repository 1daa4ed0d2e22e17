import { INPUT_NAME } from '../input-name.ts';
import type { LayerSpec } from '../layer-spec.ts';
import { BadTopology } from './bad-topology.ts';
import { readLayer } from './read-layer.ts';
import type { Topology, TopologyLayer } from './topology-schema.ts';

/** Names that mean something else here: the input, the whole model in screening, the softmax of an exported model. */
const RESERVED = new Set([INPUT_NAME, 'model', 'probabilities']);

/** A layer and the names of those that feed it. */
interface Node {
  readonly name: string;
  readonly from: readonly string[];
  readonly layer: LayerSpec;
  readonly hasSoftmax: boolean;
}

/**
 * The layers of a topology, each after those that feed it, the output last. A softmax at the end is taken off: the loss
 * has one, and works on logits. Deterministic, so that all sides lay the weights out alike.
 * @throws BadTopology
 */
export function readTopology(topology: Topology): LayerSpec[] {
  const nodes = withoutSoftmax(inOrder(connected(topology), outputName(topology)));
  return nodes.map(({ layer, from }) => ({ ...layer, from }));
}

/** Shape of one example as the topology says it; null where it does not. */
export function declaredInputShape({ config: { layers } }: Topology): (number | null)[] | null {
  const entry = layers.find(({ class_name }) => class_name === 'InputLayer') ?? layers[0]!;
  const shape = entry.config.batch_input_shape ?? entry.config.batch_shape;
  return Array.isArray(shape) ? (shape.slice(1) as (number | null)[]) : null;
}

function connected({ class_name, config: { layers } }: Topology): Node[] {
  const entries = layers.filter(({ class_name }) => class_name === 'InputLayer');
  if (entries.length > 1) throw new BadTopology('two inputs; one example is one tensor here');
  const entryName = entries[0]?.config.name;
  let before = INPUT_NAME;
  const nodes: Node[] = [];
  for (const entry of layers) {
    if (entry.class_name === 'InputLayer') continue;
    const { layer, hasSoftmax } = readLayer(entry);
    const { name } = layer;
    if (RESERVED.has(name)) throw new BadTopology(`layer "${name}": that name is taken; give it another one`);
    if (nodes.some((node) => node.name === name)) {
      throw new BadTopology(`two layers are called "${name}"; give one another name`);
    }
    const feeding = class_name === 'Sequential' ? [before] : feedingNames(entry, name);
    const from = feeding.map((each) => (each === entryName ? INPUT_NAME : each));
    nodes.push({ name, from, layer, hasSoftmax });
    before = name;
  }
  return nodes;
}

/** Who feeds a layer of a Functional model, in the form of Keras 2 and TensorFlow.js or in that of Keras 3. */
function feedingNames({ inbound_nodes = [] }: TopologyLayer, name: string): string[] {
  if (inbound_nodes.length !== 1) {
    throw new BadTopology(`layer "${name}" is used ${inbound_nodes.length} times; each must be used once`);
  }
  const names = namesIn(inbound_nodes[0]);
  if (names.length === 0)
    throw new BadTopology(`layer "${name}": nothing feeds it; its inbound_nodes name none`);
  return names;
}

/** Finds `["name", 0, 0]` wherever Keras may have put it. */
function namesIn(node: unknown): string[] {
  if (Array.isArray(node)) {
    const [name, index, tensor] = node as unknown[];
    if (typeof name === 'string' && typeof index === 'number' && typeof tensor === 'number') return [name];
    return node.flatMap(namesIn);
  }
  if (typeof node !== 'object' || node === null) return [];
  const { args, config, keras_history } = node as Record<string, unknown>;
  return [args, config, keras_history].flatMap(namesIn);
}

function outputName({ class_name, config }: Topology): string | null {
  if (class_name === 'Sequential') return null;
  const names = namesIn(config.output_layers);
  if (names.length !== 1) throw new BadTopology(`${names.length} outputs; a model here has one`);
  return names[0]!;
}

/** @param output name of the last layer; null: the last of the list */
function inOrder(nodes: readonly Node[], output: string | null): Node[] {
  const done = new Set([INPUT_NAME]);
  const ordered: Node[] = [];
  let waiting = [...nodes];
  while (waiting.length > 0) {
    // The first of the list that can be: the order does not depend on anything else.
    const next = waiting.find(
      ({ from, name }) => from.every((each) => done.has(each)) && (name !== output || waiting.length === 1),
    );
    if (next === undefined) {
      const [{ name, from }] = waiting as [Node, ...Node[]];
      const missing = from.find((each) => !done.has(each));
      throw new BadTopology(
        missing === undefined
          ? `layer "${name}" is the output, and other layers come after it; take them out`
          : `layer "${name}" is fed by "${missing}", which is not there before it`,
      );
    }
    ordered.push(next);
    done.add(next.name);
    waiting = waiting.filter((node) => node !== next);
  }
  const used = new Set(ordered.flatMap(({ from }) => from));
  const idle = ordered.slice(0, -1).find(({ name }) => !used.has(name));
  if (idle !== undefined) {
    throw new BadTopology(`layer "${idle.name}" does not lead to the output; take it out`);
  }
  return ordered;
}

function withoutSoftmax(ordered: readonly Node[]): Node[] {
  const early = ordered.slice(0, -1).find(({ hasSoftmax }) => hasSoftmax);
  if (early !== undefined) {
    throw new BadTopology(`layer "${early.name}": a softmax may only be the last; leave it out`);
  }
  const last = ordered.at(-1);
  if (last === undefined) throw new BadTopology('no layers; it needs a Dense at least');
  // Where the softmax is a layer of its own nothing is left of it.
  return last.hasSoftmax && last.layer.kind === 'activation' ? ordered.slice(0, -1) : [...ordered];
}
