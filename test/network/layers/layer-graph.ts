/** The graph of one layer alone, and what it asked for while it was built. */
import { Graph } from '../../../src/graph/graph.js';
import type { Node, Value } from '../../../src/graph/value.js';
import type { BufferRequest, ParameterRequest } from '../../../src/network/layers/layer.js';
import { type AnyLayer, layerRule } from '../../../src/network/layers/layers.js';

/** The time axis of the layer. */
export const AXIS = 'time';

/** What a layer makes of an input `x` of so many columns. */
export interface LayerGraph {
  readonly graph: Graph;
  readonly x: Value;
  readonly output: Value;
  /** In the order of asking. */
  readonly requests: ReadonlyMap<string, ParameterRequest>;
  readonly parameters: ReadonlyMap<string, Value>;
  /** Columns of the initial states by name. */
  readonly initialStates: ReadonlyMap<string, number>;
  readonly finalStates: ReadonlyMap<string, Value>;
  readonly penalties: readonly { readonly value: Value; readonly weight: number }[];
}

/** How a layer is built. */
export interface LayerGraphOptions {
  readonly training?: boolean;
  /** Of the input. */
  readonly columns?: number;
  readonly rows?: 'steps' | 'batch';
  /** Where the parameters are: in the model's memory, or inputs as any other. */
  readonly parameterSource?: 'parameter' | 'input';
}

/** Builds a layer on rows of real numbers: of all steps, or one row for each sequence. */
export function layerGraph(
  layer: AnyLayer,
  { training = false, columns = 3, rows = 'steps', parameterSource = 'parameter' }: LayerGraphOptions = {},
): LayerGraph {
  const graph = new Graph();
  const x = graph.external('x', rows === 'steps' ? graph.steps(AXIS) : graph.batch(AXIS), columns);
  const requests = new Map<string, ParameterRequest>();
  const parameters = new Map<string, Value>();
  const initialStates = new Map<string, number>();
  const finalStates = new Map<string, Value>();
  const penalties: { value: Value; weight: number }[] = [];
  let operations = 0;
  const context = {
    graph,
    training,
    axis: AXIS,
    parameter: (name: string, request: ParameterRequest) => {
      requests.set(name, request);
      const value = graph.external(name, request.rows, request.columns, { source: parameterSource });
      parameters.set(name, value);
      return value;
    },
    buffer: (name: string, { rows, columns }: BufferRequest) => graph.external(`buffer/${name}`, rows, columns),
    updateBuffer: () => undefined,
    requireRows: () => undefined,
    table: (node: string): Value => {
      throw new Error(`a layer alone has no embedding '${node}'`);
    },
    initialState: (name: string, units: number) => {
      initialStates.set(name, units);
      return graph.external(`state/${name}`, graph.batch(AXIS), units);
    },
    finalState: (name: string, value: Value) => {
      finalStates.set(name, value);
    },
    dropoutKey: () => graph.externals.get('key') ?? graph.external('key', 1, 4, { type: 'int32' }),
    operationId: () => operations++,
    penalty: (value: Value, weight: number) => {
      penalties.push({ value, weight });
    },
  };
  const output = layerRule(layer).build(layer, context, [x]);
  return { graph, x, output, requests, parameters, initialStates, finalStates, penalties };
}

/** The nodes of an operation. */
export function nodesOf({ graph }: Pick<LayerGraph, 'graph'>, name: string): Node[] {
  return graph.nodes.filter(({ operation }) => operation.name === name);
}

/** The only node of an operation. */
export function nodeOf(built: Pick<LayerGraph, 'graph'>, name: string): Node {
  const nodes = nodesOf(built, name);
  if (nodes.length === 1) return nodes[0] as Node;
  const all = built.graph.nodes.map(({ operation }) => operation.name);
  throw new Error(`there are ${nodes.length} nodes of ${name} among ${all.join(' ')}`);
}

/** An attribute of a node. */
export function attribute({ operation, attributes }: Node, name: string): number {
  const index = operation.attributes.indexOf(name);
  if (index < 0) throw new Error(`${operation.name} has no attribute ${name}`);
  return attributes[index] as number;
}

/** How many nodes of each operation the graph of a layer has. */
export function operationCounts({ graph }: Pick<LayerGraph, 'graph'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation } of graph.nodes) counts[operation.name] = (counts[operation.name] ?? 0) + 1;
  return counts;
}
