/** ONNX graphs as plain objects: what the readers of its messages hand on. */
import { InterchangeError } from '../../core/errors.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-pb.js';

/** The value of an attribute. */
export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: TensorProto }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  /** Of a kind that no supported operator has. */
  | { readonly kind: 'other' };

/** One operator applied. */
export interface OnnxNode {
  readonly op: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  /** For messages; may be empty. */
  readonly name: string;
  /** Empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A size of an input: a number, or the name of what is known only when data arrive; empty where the file says nothing. */
export type DeclaredSize = number | string;

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** The code of the type of its elements, 0 where there is none. */
  readonly elementType: number;
  /** Undefined where the file does not say how many there are. */
  readonly sizes: readonly DeclaredSize[] | undefined;
}

/** A graph, or the branch of an `If`. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: ReadonlyMap<string, TensorProto>;
}

/** How deep graphs may be nested in the attributes of nodes. */
const MOST_NESTED = 64;

const whole = (name: string, value: bigint): number => {
  const number = Number(value);
  // The largest and smallest numbers stand for "to the end" in slices.
  if (Number.isSafeInteger(number) || value >= 2n ** 62n || value <= -(2n ** 62n)) return number;
  const message = `the attribute '${name}' is ${value}, more than 2^53`;
  throw new InterchangeError('unsupported_attribute', message, { attribute: name, value: String(value) });
};

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function attributeOf(proto: AttributeProto, depth: number): Attribute {
  const { name, type } = proto;
  switch (type) {
    case AttributeType.FLOAT:
      return { kind: 'float', value: proto.f };
    case AttributeType.INT:
      return { kind: 'int', value: whole(name, proto.i) };
    case AttributeType.STRING:
      return { kind: 'string', value: text(proto.s) };
    case AttributeType.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case AttributeType.INTS:
      return { kind: 'ints', value: proto.ints.map((value) => whole(name, value)) };
    case AttributeType.STRINGS:
      return { kind: 'strings', value: proto.strings.map(text) };
    case AttributeType.TENSOR:
      return proto.t === undefined ? { kind: 'other' } : { kind: 'tensor', value: proto.t };
    case AttributeType.GRAPH:
      return proto.g === undefined ? { kind: 'other' } : { kind: 'graph', value: graphOf(proto.g, depth + 1) };
    default:
      return { kind: 'other' };
  }
}

function nodeOf({ opType, domain, name, input, output, attribute }: NodeProto, depth: number): OnnxNode {
  const attributes = new Map(attribute.map((each) => [each.name, attributeOf(each, depth)] as const));
  return { op: opType, domain: domain === 'ai.onnx' ? '' : domain, name, inputs: input, outputs: output, attributes };
}

function declaredValue({ name, type }: ValueInfoProto): OnnxValue {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  const sizes = tensor?.shape?.dim.map(({ value }): DeclaredSize => {
    if (value.case === 'dimValue') return Number(value.value);
    return value.case === 'dimParam' ? value.value : '';
  });
  return { name, elementType: tensor?.elemType ?? 0, sizes };
}

/**
 * A graph of its message.
 *
 * @throws {InterchangeError} `unsupported_attribute` for graphs within graphs within graphs, and for numbers beyond 2^53
 */
export function graphOf(proto: GraphProto, depth = 0): OnnxGraph {
  if (depth > MOST_NESTED) {
    const message = `graphs are nested more than ${MOST_NESTED} deep in the attributes of nodes`;
    throw new InterchangeError('unsupported_attribute', message, { depth });
  }
  const initializers = new Map(proto.initializer.map((tensor) => [tensor.name, tensor] as const));
  return {
    nodes: proto.node.map((node) => nodeOf(node, depth)),
    inputs: proto.input.map(declaredValue).filter(({ name }) => !initializers.has(name)),
    outputs: proto.output.map(declaredValue),
    initializers,
  };
}

/** What a node is called in messages: `LSTM '/rnn/LSTM'`. */
export function describeNode({ op, domain, name, outputs }: OnnxNode): string {
  const called = name === '' ? (outputs.find((output) => output !== '') ?? '') : name;
  return `${domain === '' ? '' : `${domain}.`}${op} '${called}'`;
}

/** @throws {InterchangeError} `unsupported_attribute` for one that a node has and should not have */
export function refuseAttribute(node: OnnxNode, attribute: string, found: unknown, expected: string): never {
  const message = `${describeNode(node)}: ${attribute} is ${JSON.stringify(found)}, expected ${expected}`;
  throw new InterchangeError('unsupported_attribute', message, { node: node.name, attribute, value: found, expected });
}

/** The attribute, where the node has one. @throws {InterchangeError} `unsupported_attribute` for one of another kind */
export function attribute<K extends Exclude<Attribute['kind'], 'other'>>(
  node: OnnxNode,
  name: string,
  kind: K,
): Extract<Attribute, { readonly kind: K }>['value'] | undefined {
  const found = node.attributes.get(name);
  if (found === undefined) return undefined;
  if (found.kind === kind) return found.value as never;
  return refuseAttribute(node, name, found.kind, `an attribute of the kind ${kind}`);
}
