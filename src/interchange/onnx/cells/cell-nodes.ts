/** Cells as nodes of ONNX's recurrent operators, and graphs with these in place of what was written out. */
import { create } from '@bufbuild/protobuf';
import type { Attribute, OnnxGraph, OnnxNode } from '../ir.js';
import { TensorProto_DataType as DataType, type TensorProto, TensorProtoSchema } from '../onnx-pb.js';
import type { Cell } from './gates.js';
import type { Activation } from './polynomial.js';

/** Nodes and tensors that stand for a cell. */
export interface CellNodes {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly TensorProto[];
}

function floats(name: string, numbers: Float32Array, dims: readonly number[]): TensorProto {
  const rawData = new Uint8Array(numbers.length * 4);
  const view = new DataView(rawData.buffer);
  for (const [at, number] of numbers.entries()) view.setFloat32(at * 4, number, true);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: DataType.FLOAT, rawData });
}

/** Numbers of activations, as ONNX lists them: of those that have such numbers alone. */
function listed(name: string, numbers: readonly (number | undefined)[]): [string, Attribute][] {
  const value = numbers.filter((number) => number !== undefined);
  return value.length === 0 ? [] : [[name, { kind: 'floats', value }]];
}

function cellAttributes({ units, activations, isResetAfter }: Cell): Map<string, Attribute> {
  const numbers = (part: 'alpha' | 'beta') => activations.map((each: Activation) => each[part]);
  return new Map<string, Attribute>([
    ['hidden_size', { kind: 'int', value: units }],
    ['activations', { kind: 'strings', value: activations.map(({ op }) => op) }],
    ...listed('activation_alpha', numbers('alpha')),
    ...listed('activation_beta', numbers('beta')),
    ...(isResetAfter === undefined
      ? []
      : ([['linear_before_reset', { kind: 'int', value: Number(isResetAfter) }]] as [string, Attribute][])),
  ]);
}

/**
 * The nodes of a cell: one axis for time is added, a recurrent operator goes one step, and the axis is removed.
 *
 * @param name makes names that the graph does not have
 */
export function nodesOfCell(cell: Cell, opset: number, name: (part: string) => string): CellNodes {
  const { op, x, h, c, outputs, units, inputs, W, R, B } = cell;
  const gates = R.length / (units * units);
  const axesName = name('axes');
  const axes = create(TensorProtoSchema, { name: axesName, dims: [1n], dataType: DataType.INT64, int64Data: [0n] });
  const isAttribute = opset < 13;
  const shaped = (kind: 'Squeeze' | 'Unsqueeze', input: string, output: string): OnnxNode => ({
    ...{ op: kind, domain: '', name: output, outputs: [output] },
    inputs: isAttribute ? [input] : [input, axesName],
    attributes: new Map<string, Attribute>(isAttribute ? [['axes', { kind: 'ints', value: [0] }]] : []),
  });
  const given = [x, h, ...(c === undefined ? [] : [c])];
  const [xStep, ...states] = given.map((_, at) => name(['x', 'h', 'c'][at] as string)) as [string, ...string[]];
  const finals = outputs.map((_, at) => name(['next_h', 'next_c'][at] as string));
  const [weight, recurrent, bias] = [name('W'), name('R'), B === undefined ? '' : name('B')];
  const node: OnnxNode = {
    ...{ op, domain: '', name: outputs[0] as string, attributes: cellAttributes(cell) },
    inputs: [xStep, weight, recurrent, bias, '', ...states],
    outputs: ['', ...finals],
  };
  return {
    nodes: [
      ...[xStep, ...states].map((output, at) => shaped('Unsqueeze', given[at] as string, output)),
      node,
      ...outputs.map((output, at) => shaped('Squeeze', finals[at] as string, output)),
    ],
    initializers: [
      ...(isAttribute ? [] : [axes]),
      floats(weight, W, [1, gates * units, inputs]),
      floats(recurrent, R, [1, gates * units, units]),
      ...(B === undefined ? [] : [floats(bias, B, [1, 2 * gates * units])]),
    ],
  };
}

/** Names of values that a node reads, also within its graphs. */
function* readBy(node: OnnxNode): Generator<string> {
  yield* node.inputs;
  for (const attribute of node.attributes.values()) if (attribute.kind === 'graph') yield* readIn(attribute.value);
}

function* readIn(graph: OnnxGraph): Generator<string> {
  for (const node of graph.nodes) yield* readBy(node);
  for (const { name } of graph.outputs) yield name;
}

/** All names of a graph and of those in it. */
function* namesIn(graph: OnnxGraph): Generator<string> {
  for (const { name } of graph.inputs) yield name;
  yield* graph.initializers.keys();
  for (const node of graph.nodes) {
    yield* node.outputs;
    for (const attribute of node.attributes.values()) if (attribute.kind === 'graph') yield* namesIn(attribute.value);
  }
}

/** The nodes that are left when some are removed, with those whose outputs nobody else reads. */
function withoutUnread(
  graph: OnnxGraph,
  removed: ReadonlySet<OnnxNode>,
  added: readonly OnnxNode[],
): ReadonlySet<OnnxNode> {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const reads = new Map<string, number>();
  const count = (name: string, by: number) => reads.set(name, (reads.get(name) ?? 0) + by);
  for (const name of readIn(graph)) count(name, 1);
  for (const node of added) for (const name of readBy(node)) count(name, 1);
  const gone = new Set<OnnxNode>();
  const pending = [...removed];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (gone.has(node)) continue;
    gone.add(node);
    for (const name of readBy(node)) {
      count(name, -1);
      const producer = producers.get(name);
      if (producer?.outputs.every((output) => output === '' || (reads.get(output) ?? 0) === 0)) pending.push(producer);
    }
  }
  return new Set(graph.nodes.filter((node) => !gone.has(node)));
}

/** A graph with nodes in place of cells. Values that others read keep their names. */
export function replaced(graph: OnnxGraph, cells: readonly Cell[], opset: number): OnnxGraph {
  if (cells.length === 0) return graph;
  const taken = new Set(namesIn(graph));
  const fresh = (wanted: string) => {
    let name = wanted;
    for (let count = 1; taken.has(name); count++) name = `${wanted}_${count}`;
    taken.add(name);
    return name;
  };
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const initializers = new Map(graph.initializers);
  const places = new Map<OnnxNode, readonly OnnxNode[]>();
  for (const cell of cells) {
    const made = nodesOfCell(cell, opset, (part) => fresh(`${cell.outputs[0]}/${part}`));
    for (const tensor of made.initializers) initializers.set(tensor.name, tensor);
    // The node that makes the last output of the cell stands behind all that goes in, and before all that reads the others.
    places.set(producers.get(cell.outputs.at(-1) as string) as OnnxNode, made.nodes);
  }
  const removed = new Set(cells.flatMap(({ outputs }) => outputs.map((name) => producers.get(name) as OnnxNode)));
  const left = withoutUnread(graph, removed, [...places.values()].flat());
  const nodes = graph.nodes.flatMap((node) => [...(places.get(node) ?? []), ...(left.has(node) ? [node] : [])]);
  return { ...graph, nodes, initializers };
}
