import { createRequire } from 'node:module';
import { nativePackage } from '../native-tensorflow.ts';
import type { NativeAttribute, NativeBinding } from './native-backend.ts';
import type { GraphConstant, GraphOperation } from './recorder.ts';

/** What the graph is given each time it runs. */
export interface GraphInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The tag under which the only graph of a file is found. */
export const GRAPH_TAG = 'serve';
/** The name that TensorFlow gives such a file. */
export const GRAPH_FILE = 'saved_model.pb';

/** The version of graphs that TensorFlow 2.15 writes. */
const GRAPH_VERSION = 1645;
const SAVED_MODEL_VERSION = 1;

/** The messages of TensorFlow's protocol buffers, as tfjs-node has them generated; what is used of them. */
interface Messages {
  readonly SavedModel: new () => {
    setSavedModelSchemaVersion(version: number): void;
    addMetaGraphs(graph: unknown): void;
    serializeBinary(): Uint8Array;
  };
  readonly MetaGraphDef: (new () => {
    setMetaInfoDef(info: unknown): void;
    setGraphDef(graph: unknown): void;
  }) & { readonly MetaInfoDef: new () => { addTags(tag: string): void } };
  readonly GraphDef: new () => { addNode(node: unknown): void; setVersions(versions: unknown): void };
  readonly VersionDef: new () => { setProducer(version: number): void };
  readonly NodeDef: new () => NodeMessage;
  readonly AttrValue: (new () => AttributeMessage) & {
    readonly ListValue: new () => {
      setIList(values: unknown): void;
      setFList(values: unknown): void;
      setBList(values: unknown): void;
    };
  };
  readonly Tensor: new () => {
    setDtype(dtype: number): void;
    setTensorShape(shape: unknown): void;
    setTensorContent(bytes: Uint8Array): void;
  };
  readonly TensorShape: (new () => { addDim(dimension: unknown): void }) & {
    readonly Dim: new () => { setSize(size: number): void };
  };
}

interface NodeMessage {
  setName(name: string): void;
  setOp(operation: string): void;
  setInputList(inputs: readonly string[]): void;
  getAttrMap(): { set(name: string, value: AttributeMessage): void };
}

interface AttributeMessage {
  setS(value: unknown): void;
  setI(value: unknown): void;
  setF(value: unknown): void;
  setB(value: unknown): void;
  setType(value: unknown): void;
  setShape(value: unknown): void;
  setTensor(value: unknown): void;
  setList(value: unknown): void;
}

/**
 * A graph in the form that TensorFlow loads: the content of a file {@link GRAPH_FILE} with nothing beside it.
 * @throws Error an attribute has a type that no operation of a step had so far
 */
export function savedModelBytes(
  binding: NativeBinding,
  inputs: readonly GraphInput[],
  nodes: readonly (GraphConstant | GraphOperation)[],
): Uint8Array {
  const messages = createRequire(import.meta.url)(`${nativePackage()}/dist/proto/api_pb.js`) as Messages;
  const writer = new GraphWriter(messages, binding);
  for (const input of inputs) writer.addInput(input);
  for (const node of nodes) {
    if ('operation' in node) writer.addOperation(node);
    else writer.addConstant(node);
  }
  return writer.bytes();
}

class GraphWriter {
  readonly #messages: Messages;
  readonly #binding: NativeBinding;
  readonly #graph: InstanceType<Messages['GraphDef']>;

  constructor(messages: Messages, binding: NativeBinding) {
    this.#messages = messages;
    this.#binding = binding;
    this.#graph = new messages.GraphDef();
  }

  addInput({ name, shape, dtype }: GraphInput): void {
    const attributes = this.#add(name, 'Placeholder', []).getAttrMap();
    attributes.set('dtype', this.#attribute('setType', dtype));
    attributes.set('shape', this.#attribute('setShape', this.#shape(shape)));
  }

  addConstant({ name, shape, dtype, values }: GraphConstant): void {
    const tensor = new this.#messages.Tensor();
    tensor.setDtype(dtype);
    tensor.setTensorShape(this.#shape(shape));
    tensor.setTensorContent(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const attributes = this.#add(name, 'Const', []).getAttrMap();
    attributes.set('dtype', this.#attribute('setType', dtype));
    attributes.set('value', this.#attribute('setTensor', tensor));
  }

  addOperation({ name, operation, attributes, inputs }: GraphOperation): void {
    const map = this.#add(name, operation, inputs).getAttrMap();
    for (const attribute of attributes) map.set(attribute.name, this.#valueOf(attribute));
  }

  bytes(): Uint8Array {
    const { VersionDef, MetaGraphDef, SavedModel } = this.#messages;
    const versions = new VersionDef();
    versions.setProducer(GRAPH_VERSION);
    this.#graph.setVersions(versions);
    const info = new MetaGraphDef.MetaInfoDef();
    info.addTags(GRAPH_TAG);
    const meta = new MetaGraphDef();
    meta.setMetaInfoDef(info);
    meta.setGraphDef(this.#graph);
    const model = new SavedModel();
    model.setSavedModelSchemaVersion(SAVED_MODEL_VERSION);
    model.addMetaGraphs(meta);
    return model.serializeBinary();
  }

  #add(name: string, operation: string, inputs: readonly string[]): NodeMessage {
    const node = new this.#messages.NodeDef();
    node.setName(name);
    node.setOp(operation);
    node.setInputList(inputs);
    this.#graph.addNode(node);
    return node;
  }

  #attribute(set: keyof AttributeMessage, value: unknown): AttributeMessage {
    const attribute = new this.#messages.AttrValue();
    attribute[set](value);
    return attribute;
  }

  #valueOf({ name, type, value }: NativeAttribute): AttributeMessage {
    const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } =
      this.#binding;
    const list = new this.#messages.AttrValue.ListValue();
    const isList = Array.isArray(value);
    switch (type) {
      case TF_ATTR_STRING:
        return this.#attribute('setS', Buffer.from(String(value)));
      case TF_ATTR_TYPE:
        return this.#attribute('setType', value);
      case TF_ATTR_SHAPE:
        return this.#attribute('setShape', this.#shape(value as readonly number[]));
      case TF_ATTR_INT:
        if (!isList) return this.#attribute('setI', value);
        list.setIList(value);
        break;
      case TF_ATTR_FLOAT:
        if (!isList) return this.#attribute('setF', value);
        list.setFList(value);
        break;
      case TF_ATTR_BOOL:
        if (!isList) return this.#attribute('setB', value);
        list.setBList(value);
        break;
      default:
        throw new Error(`the attribute ${name} is of type ${type}`);
    }
    return this.#attribute('setList', list);
  }

  #shape(shape: readonly number[]): InstanceType<Messages['TensorShape']> {
    const message = new this.#messages.TensorShape();
    for (const length of shape) {
      const dimension = new this.#messages.TensorShape.Dim();
      dimension.setSize(length);
      message.addDim(dimension);
    }
    return message;
  }
}
