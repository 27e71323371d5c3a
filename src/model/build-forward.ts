/** The forward part of a graph: the layers of a network, one after the other. */
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import type { BuildContext } from '../layers/layer.js';
import { layerRule } from '../layers/layers.js';
import type { NetworkDescription } from './network.js';
import type { ParameterLayout } from './parameters.js';

/** The one time axis of a model. */
export const TIME = 'time';

/** Inputs of a program beside those of the network, whose names hold no slash. */
export const RUN = {
  one: 'run/one',
  key: 'run/key',
  clipNorm: 'run/clipNorm',
  clipValue: 'run/clipValue',
  hyperparameters: 'run/hyperparameters',
} as const;

/** Name of the input that holds an initial state. */
export function stateInput(name: string): string {
  return `state/${name}`;
}

/** A term of the training objective beside the loss: `weight * value`, where value is [1, 1]. */
export interface Penalty {
  readonly value: Value;
  readonly weight: number;
}

/** The layers of a network as a graph. */
export interface Forward {
  readonly graph: Graph;
  readonly output: Value;
  /** Output of every node, and the inputs, by name. */
  readonly nodes: ReadonlyMap<string, Value>;
  readonly parameters: readonly Value[];
  /** Initial states by name: inputs of the program. */
  readonly initialStates: ReadonlyMap<string, Value>;
  /** Final states by the same names: outputs of the program. */
  readonly finalStates: ReadonlyMap<string, Value>;
  /** What the layers add to the training objective; empty where nothing is trained. */
  readonly penalties: readonly Penalty[];
}

/**
 * Lets each layer add its operations to a new graph. Parameters are placed in `layout` in the order in which the layers ask
 * for them, which is the same in every mode.
 *
 * @param training whether dropout and the like, and penalties, are active
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
 */
export function buildForward(description: NetworkDescription, layout: ParameterLayout, training: boolean): Forward {
  const graph = new Graph();
  const nodes = new Map<string, Value>();
  const parameters: Value[] = [];
  const initialStates = new Map<string, Value>();
  const finalStates = new Map<string, Value>();
  const penalties: Penalty[] = [];
  let key: Value | undefined;
  let operations = 0;
  for (const [name, input] of Object.entries(description.inputs)) {
    const rows = graph.steps(TIME);
    nodes.set(
      name,
      input.kind === 'indices' ? graph.indices(name, rows, input.size) : graph.external(name, rows, input.units),
    );
  }
  for (const node of description.nodes) {
    const context: BuildContext = {
      graph,
      training,
      axis: TIME,
      parameter: (part, request) => {
        const name = `${node.name}.${part}`;
        const offset = layout.place(name, request);
        const value = graph.external(name, request.rows, request.columns, { source: 'parameter', offset });
        parameters.push(value);
        return value;
      },
      initialState: (part, units) => {
        const name = `${node.name}.${part}`;
        const value = graph.external(stateInput(name), graph.batch(TIME), units);
        initialStates.set(name, value);
        return value;
      },
      finalState: (part, value) => {
        finalStates.set(`${node.name}.${part}`, value);
      },
      dropoutKey: () => {
        key ??= graph.external(RUN.key, 1, 4, { type: 'int32' });
        return key;
      },
      operationId: () => operations++,
      penalty: (value, weight) => {
        if (training && weight !== 0) penalties.push({ value, weight });
      },
    };
    const inputs = node.inputs.map((input) => nodes.get(input) as Value);
    nodes.set(node.name, layerRule(node.layer).build(node.layer, context, inputs));
  }
  const output = nodes.get(description.output) as Value;
  return { graph, output, nodes, parameters, initialStates, finalStates, penalties };
}
