/** The forward part of a graph: the layers of a network, one after the other. */

import { TIME } from '../../batch/axes.js';
import { ShapeError } from '../../core/errors.js';
import { describeExtent, type SymbolicExtent } from '../../graph/extent.js';
import { Graph } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/value.js';
import { type NetworkDescription, type NodeDescription, outputNodes } from '../../network/description.js';
import type { BufferRequest, BuildContext, ParameterRequest } from '../../network/layers/layer.js';
import { layerRule } from '../../network/layers/layers.js';
import { axisOf, carriedTo, hasSteps } from '../../network/layers/rows.js';
import type { ParameterLayout } from './parameters.js';
import { graphPrecision } from './precision.js';

/** Inputs of a program besides those of the network. Names of the network's inputs contain no slash. */
export const PROGRAM_INPUTS = {
  one: 'program/one',
  key: 'program/key',
  clipNorm: 'program/clipNorm',
  clipValue: 'program/clipValue',
  hyperparameters: 'program/hyperparameters',
  /** Those of an optimizer of a user's own, in the type of the program. */
  ownNumbers: 'program/ownNumbers',
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

/** What a buffer holds after a training step. */
export interface BufferUpdate {
  /** Name of the node. */
  readonly layer: string;
  readonly buffer: Value;
  readonly value: Value;
}

/** How many rows of a time axis a layer needs to be trained. */
export interface RowsRequirement {
  readonly layer: string;
  readonly extent: SymbolicExtent;
  readonly least: number;
}

/** The layers of a network as a graph. */
export interface Forward {
  readonly graph: Graph;
  /** Outputs of the network by name; an output without a name is `output`. */
  readonly results: ReadonlyMap<string, Value>;
  /** Output of every node, and the inputs, by name. */
  readonly nodes: ReadonlyMap<string, Value>;
  readonly parameters: readonly Value[];
  /** Numbers that are not trained, by name. */
  readonly buffers: ReadonlyMap<string, Value>;
  /** Their new values; empty where nothing is trained. */
  readonly bufferUpdates: readonly BufferUpdate[];
  /** What batches must have at least for a training step. */
  readonly leastRows: readonly RowsRequirement[];
  /** Initial states by name that are inputs of the program: those that the network does not give. */
  readonly initialStates: ReadonlyMap<string, Value>;
  /** Final states of all recurrent layers by name. */
  readonly finalStates: ReadonlyMap<string, Value>;
  /** The network's own initial states of the open axis, which are inputs in spite of that; by name. */
  readonly givenStates: ReadonlyMap<string, Value>;
  /** Name of the layer that each node of the graph belongs to. */
  readonly owners: ReadonlyMap<Node, string>;
  /** The terms that the layers add to the training objective; empty where nothing is trained. */
  readonly penalties: readonly Penalty[];
}

/** How the layers are built. */
export interface ForwardOptions {
  /** Whether dropout and the like, and penalties, are active. */
  readonly training: boolean;
  /**
   * Time axis that is computed step by step. All its initial states are inputs, also those that the network computes.
   */
  readonly open?: string;
  /** Whether parameters and buffers are inputs of the program, as others, in place of memory of the model; default false. */
  readonly parametersAreInputs?: boolean;
}

/** Lets the layers of one network add their operations to one graph. */
class ForwardBuilder {
  readonly graph: Graph;
  readonly nodes = new Map<string, Value>();
  readonly parameters: Value[] = [];
  readonly buffers = new Map<string, Value>();
  readonly bufferUpdates: BufferUpdate[] = [];
  readonly leastRows: RowsRequirement[] = [];
  readonly initialStates = new Map<string, Value>();
  readonly finalStates = new Map<string, Value>();
  readonly givenStates = new Map<string, Value>();
  readonly owners = new Map<Node, string>();
  readonly penalties: Penalty[] = [];
  readonly #layout: ParameterLayout;
  readonly #options: ForwardOptions;
  #key: Value | undefined;
  #operations = 0;

  constructor(layout: ParameterLayout, options: ForwardOptions) {
    this.graph = new Graph(graphPrecision(layout.precision));
    this.#layout = layout;
    this.#options = options;
  }

  addInputs({ inputs }: NetworkDescription): void {
    const { graph } = this;
    for (const [name, input] of Object.entries(inputs)) {
      const { axis = TIME, per } = input;
      const rows = per === 'sequence' ? graph.batch(axis) : graph.steps(axis);
      const isIndices = input.kind === 'indices';
      this.nodes.set(name, isIndices ? graph.indices(name, rows, input.size) : graph.external(name, rows, input.units));
    }
  }

  addNode(node: NodeDescription): void {
    const { graph } = this;
    const before = graph.nodes.length;
    const inputs = node.inputs.map((name) => this.#read(name));
    const output = layerRule(node.layer).build(node.layer, this.#contextOf(node, axisOf(inputs)), inputs);
    this.nodes.set(node.name, output);
    for (const made of graph.nodes.slice(before)) this.owners.set(made, node.name);
  }

  /** An input, a node, or a final state. */
  #read(name: string): Value {
    return (this.nodes.get(name) ?? this.finalStates.get(name)) as Value;
  }

  #contextOf(node: NodeDescription, axis: string): BuildContext {
    const { graph } = this;
    const { training } = this.#options;
    return {
      graph,
      training,
      axis,
      parameter: (part, request) => this.#parameter(`${node.name}.${part}`, request),
      buffer: (part, request) => this.#buffer(`${node.name}.${part}`, request),
      updateBuffer: (buffer, value) => {
        if (training) this.bufferUpdates.push({ layer: node.name, buffer, value });
      },
      requireRows: ({ rows }, least) => {
        if (typeof rows !== 'number') this.leastRows.push({ layer: node.name, extent: rows, least });
      },
      table: (name) => {
        const { request } = this.#layout.requests.get(`${name}.weight`) as { request: ParameterRequest };
        return this.#parameter(`${name}.weight`, request);
      },
      initialState: (part, units, own = axis) => this.#initialState(node, part, units, own),
      finalState: (part, value) => {
        this.finalStates.set(`${node.name}.${part}`, value);
      },
      dropoutKey: () => {
        this.#key ??= graph.external(PROGRAM_INPUTS.key, 1, 4, { type: 'int32' });
        return this.#key;
      },
      operationId: () => this.#operations++,
      penalty: (value, weight) => {
        if (training && weight !== 0) this.penalties.push({ value, weight });
      },
    };
  }

  #parameter(name: string, request: ParameterRequest): Value {
    const known = this.graph.externals.get(name);
    if (known !== undefined) return known;
    const offset = this.#layout.place(name, request);
    const place = this.#options.parametersAreInputs === true ? {} : ({ source: 'parameter', offset } as const);
    const value = this.graph.external(name, request.rows, request.columns, place);
    this.parameters.push(value);
    return value;
  }

  #buffer(name: string, request: BufferRequest): Value {
    const known = this.buffers.get(name);
    if (known !== undefined) return known;
    const offset = this.#layout.placeBuffer(name, request);
    const place = this.#options.parametersAreInputs === true ? {} : ({ source: 'buffer', offset } as const);
    const value = this.graph.external(name, request.rows, request.columns, place);
    this.buffers.set(name, value);
    return value;
  }

  #initialState(node: NodeDescription, part: string, units: number, axis: string): Value {
    const name = `${node.name}.${part}`;
    const source = node.states?.[part];
    const given = source === undefined ? undefined : this.#givenState(name, source, units, axis);
    if (given !== undefined && axis !== this.#options.open) return given;
    if (given !== undefined) this.givenStates.set(name, given);
    const value = this.graph.external(stateInput(name), this.graph.batch(axis), units);
    this.initialStates.set(name, value);
    return value;
  }

  #givenState(name: string, source: string, units: number, axis: string): Value {
    const value = this.#read(source);
    if (value.type === 'real' && !hasSteps(value) && value.columns === units) {
      return carriedTo(this.graph, value, axis);
    }
    const given = value.type === 'real' ? `[${describeExtent(value.rows)}, ${value.columns}]` : 'indices';
    const message = `the state '${name}' is given by '${source}', which is ${given}, expected one row of ${units} numbers for each sequence`;
    throw new ShapeError('shape_mismatch', message, { name, source, actual: value.columns, expected: units });
  }
}

/**
 * Lets each layer add its operations to a new graph. Parameters are placed in `layout` in the order in which the layers ask
 * for them, which is the same in every mode.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
 */
export function buildForward(
  description: NetworkDescription,
  layout: ParameterLayout,
  options: ForwardOptions,
): Forward {
  const builder = new ForwardBuilder(layout, options);
  builder.addInputs(description);
  for (const node of description.nodes) builder.addNode(node);
  const { graph, nodes, parameters, buffers, bufferUpdates, leastRows } = builder;
  const { initialStates, finalStates, givenStates, owners, penalties } = builder;
  const results = new Map(
    [...outputNodes(description)].map(([name, node]) => [name, nodes.get(node) as Value] as const),
  );
  const states = { initialStates, finalStates, givenStates };
  return { graph, results, nodes, parameters, buffers, bufferUpdates, leastRows, ...states, owners, penalties };
}
