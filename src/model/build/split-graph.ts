/**
 * Splits the graph of a network for decoding. The part that is known before the first step of an axis is computed once
 * for a batch. The part that depends on the steps becomes a separate graph, which is executed for one step at a time.
 */
import type { Extent, SymbolicExtent } from '../../graph/extent.js';
import { Graph, type GraphOptions } from '../../graph/graph.js';
import type { Node, Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { buildForward, type Forward } from './build-forward.js';
import type { ProgramGraph } from './build-graph.js';
import { neededNodes, notStreamable, type StreamObstacle, streamObstacle } from './causality.js';
import type { ParameterLayout } from './parameters.js';
import { graphPrecision } from './precision.js';

/** A state that is passed from step to step. */
export interface DecoderState {
  readonly columns: number;
  /** Its value for the first step, in the graph of the memory; zero where the network computes none. */
  readonly given: Value | undefined;
  /** After the step, in the graph of the step. */
  readonly after: Value;
}

/** The two parts of a network. */
export interface SplitGraph {
  readonly memory: ProgramGraph;
  readonly step: ProgramGraph;
  /** Values of the memory by the names of the step's inputs that receive them. */
  readonly handed: ReadonlyMap<string, Value>;
  readonly states: ReadonlyMap<string, DecoderState>;
  /** The output, in the graph of the step. */
  readonly output: Value;
  /** Inputs of the network that the step reads. */
  readonly inputs: readonly string[];
}

/** The network, and the axis at which it is split. */
export interface SplitRequest {
  readonly description: NetworkDescription;
  readonly layout: ParameterLayout;
  /** Time axis of the steps. */
  readonly axis: string;
  /** Name of the output. */
  readonly output: string;
}

function isOn(rows: Extent, kind: SymbolicExtent['kind'], axis: string): boolean {
  return typeof rows !== 'number' && rows.kind === kind && rows.axis === axis;
}

/** Copies the part that depends on the steps of an axis into a separate graph. */
class StepGraph {
  readonly graph: Graph;
  readonly handed = new Map<string, Value>();
  readonly #copies = new Map<number, Value>();
  readonly #dependent = new Set<number>();
  readonly #constant = new Set<number>();
  readonly #axis: string;

  /** @param packing how its own graph packs weights: as the other one does */
  constructor({ graph, initialStates }: Forward, axis: string, packing: GraphOptions) {
    this.graph = new Graph(packing);
    this.#axis = axis;
    for (const value of graph.externals.values()) {
      if (this.#isOfModel(value) || value.constant !== undefined) this.#constant.add(value.id);
      else if (isOn(value.rows, 'steps', axis)) this.#dependent.add(value.id);
    }
    for (const { id, rows } of initialStates.values()) if (isOn(rows, 'batch', axis)) this.#dependent.add(id);
    for (const node of graph.nodes) this.#classify(node);
  }

  #isOfModel({ source }: Value): boolean {
    return source === 'parameter' || source === 'buffer';
  }

  /** What depends on a step does so through its rows or through an operand; weights are packed where they are read. */
  #classify({ inputs, outputs }: Node): void {
    const operands = [...inputs.values()];
    const isDependent =
      operands.some(({ id }) => this.#dependent.has(id)) ||
      [...outputs.values()].some(({ rows }) => isOn(rows, 'steps', this.#axis));
    const isConstant = operands.every(({ id }) => this.#constant.has(id));
    for (const { id } of outputs.values()) {
      if (isDependent) this.#dependent.add(id);
      else if (isConstant) this.#constant.add(id);
    }
  }

  /** Whether a value is known only after a step has been given. */
  dependsOnStep({ id }: Value): boolean {
    return this.#dependent.has(id);
  }

  /** The value in this graph: a copy, or an input that receives it from the memory. */
  copy(value: Value): Value {
    const known = this.#copies.get(value.id);
    if (known !== undefined) return known;
    if (!this.#dependent.has(value.id) && !this.#constant.has(value.id)) return this.#hand(value);
    if (value.node !== undefined) {
      this.#copyNode(value.node);
      return this.#copies.get(value.id) as Value;
    }
    const { name, rows, columns, constant, source, type, low, high, offset } = value as Value & { name: string };
    const place = { ...(source && { source }), ...(offset !== undefined && { offset }) };
    const options = { type, low, high, ...place, ...(constant && { constant }) };
    return this.#keep(value, this.graph.external(name, rows, columns, options));
  }

  #hand(value: Value): Value {
    const name = `memory/${this.handed.size}`;
    this.handed.set(name, value);
    return this.#keep(value, this.graph.external(name, value.rows, value.columns));
  }

  #keep(value: Value, copy: Value): Value {
    this.#copies.set(value.id, copy);
    return copy;
  }

  #copyNode({ operation, inputs, attributes, outputs }: Node): void {
    const operands = Object.fromEntries([...inputs].map(([name, value]) => [name, this.copy(value)]));
    const settings = Object.fromEntries(operation.attributes.map((name, index) => [name, attributes[index] as number]));
    const extents: Record<string, Extent> = {};
    for (const { name, rows, columns } of operation.signature.outputs) {
      const value = outputs.get(name);
      if (value === undefined) continue;
      for (const [terms, extent] of [[rows, value.rows] as const, [columns, value.columns] as const]) {
        const [term] = terms;
        if (terms.length === 1 && term?.factor === 1 && term.letter !== '') extents[term.letter] = extent;
      }
    }
    const copies = this.graph.applyNamed(operation.name, operands, settings, extents);
    for (const [name, value] of outputs) this.#keep(value, copies.get(name) as Value);
  }
}

/** Finds the output, and all states that it depends on, directly or through other states. */
function rootsOf({ graph, initialStates, finalStates, results }: Forward, { axis, output }: SplitRequest) {
  const result = results.get(output) as Value;
  const states = new Map<string, Value>();
  for (;;) {
    const needed = neededNodes(graph.nodes, [result, ...states.values()]);
    const read = new Set(needed.flatMap(({ inputs }) => [...inputs.values()].map(({ id }) => id)));
    const before = states.size;
    for (const [name, { id, rows }] of initialStates) {
      if (isOn(rows, 'batch', axis) && read.has(id)) states.set(name, finalStates.get(name) as Value);
    }
    if (states.size === before) return { result, states };
  }
}

/**
 * Splits a network at an axis.
 *
 * @throws {UsageError} `not_streamable` with the layer, when a layer reads later steps of the axis or leaves steps out
 */
export function splitGraph(request: SplitRequest): SplitGraph {
  const { description, layout, axis } = request;
  const forward = buildForward(description, layout, { training: false, open: axis });
  const { result, states } = rootsOf(forward, request);
  const step = new StepGraph(forward, axis, graphPrecision(layout.precision));
  const given = [...states.keys()].map((name) => [name, forward.givenStates.get(name)] as const);
  const late = given.find(([, value]) => value !== undefined && step.dependsOnStep(value))?.[0];
  const obstacle: StreamObstacle | undefined = late
    ? { layer: late.slice(0, late.indexOf('.')), reason: 'laterSteps' }
    : streamObstacle(forward, axis, [result, ...states.values()]);
  if (obstacle !== undefined) {
    const consequence = `a decoder makes the axis '${axis}' step by step and has no later steps yet`;
    throw notStreamable(obstacle, consequence, { axis });
  }
  const output = step.copy(result);
  const decoderStates = new Map<string, DecoderState>();
  for (const [name, value] of given) {
    const after = step.copy(states.get(name) as Value);
    decoderStates.set(name, { columns: after.columns, given: value, after });
  }
  const computed = [...step.handed.values(), ...given.flatMap(([, value]) => value ?? [])];
  const afterStep = [...decoderStates.values()].map(({ after }) => after);
  return {
    memory: { graph: forward.graph, outputs: [...new Set(computed.filter(({ node }) => node))], prepare: true },
    step: { graph: step.graph, outputs: [...new Set([output, ...afterStep])], prepare: true },
    handed: step.handed,
    states: decoderStates,
    output,
    inputs: Object.keys(description.inputs).filter((name) => step.graph.externals.has(name)),
  };
}
