/** The weights of an attention layer, for display. */

import type { PackedAxes, PackedAxis } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { packedAxes } from '../../batch/check-axes.js';
import { OptionError } from '../../core/errors.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { OperationName } from '../../graph/operands.js';
import type { Node, Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { AxisCapacity } from '../../program/emit.js';
import { buildForward } from '../build/build-forward.js';
import { type BuiltGraph, carriedStates } from '../build/build-graph.js';
import { networkAxes } from '../build/network-axes.js';
import type { ParameterLayout } from '../build/parameters.js';
import { checkBatch } from '../execute/check-batch.js';
import { Execution } from '../execute/execution.js';
import type { BuildProgram, Programs } from '../execute/programs.js';

/** The operations that show the weights of an operation of attention. */
const WEIGHTS_OF = {
  attention: 'attentionWeights',
  additiveAttention: 'additiveAttentionWeights',
} as const satisfies Partial<Record<OperationName, OperationName>>;

/** The attention weights of one sequence: each step of the query on each step of the memory. */
export interface AttentionMap {
  /** Steps of the queries. */
  readonly steps: number;
  /** Steps of the memory. */
  readonly memorySteps: number;
  /** [steps * memorySteps] row-major; the numbers of a row sum up to 1. */
  readonly weights: Float32Array;
}

/** A graph that computes the weights of an attention layer. */
export interface AttentionGraph extends BuiltGraph {
  /** [N, most steps of a memory]; 0 after the end of each. */
  readonly weights: Value;
  /** Time axis of the memory. */
  readonly memoryAxis: string;
}

/** @throws {OptionError} `invalid_option` when there is no such node, or its layer is not an attention layer */
function requireAttention({ nodes }: NetworkDescription, name: string): void {
  const layer = nodes.find((node) => node.name === name)?.layer;
  if (layer?.kind === 'attention') return;
  const what = layer === undefined ? 'is no node of the network' : `is a node of kind ${layer.kind}`;
  throw new OptionError('invalid_option', `'${name}' ${what}, expected an attention`, { name });
}

/** The graph that computes the weights of a node, for memories of up to the capacity of their axis. */
function attentionGraph(
  description: NetworkDescription,
  layout: ParameterLayout,
  name: string,
  capacities: ReadonlyMap<string, AxisCapacity>,
): AttentionGraph {
  const forward = buildForward(description, layout, { training: false });
  const { graph, results, nodes, initialStates } = forward;
  const { operation, inputs, attributes } = (nodes.get(name) as Value).node as Node;
  const { value: memory, ...scored } = Object.fromEntries(inputs) as { readonly value: Value };
  const settings = Object.fromEntries(operation.attributes.map((each, index) => [each, attributes[index] as number]));
  const memoryAxis = (memory.rows as SymbolicExtent).axis;
  const { steps } = capacities.get(memoryAxis) as AxisCapacity;
  const weightsOf = WEIGHTS_OF[operation.name as keyof typeof WEIGHTS_OF];
  const shown = graph.applyNamed(weightsOf, scored, settings, { S: steps });
  const weights = shown.get('weights') as Value;
  const built = { graph, results, nodes, initialStates, finalStates: carriedStates(forward), prepare: true };
  return { ...built, outputs: [weights], weights, memoryAxis };
}

/** Steps of each sequence of an axis. */
function lengthsOf({ batchSizes }: PackedAxis): Int32Array {
  const lengths = new Int32Array(batchSizes[0] as number);
  for (const alive of batchSizes) for (let place = 0; place < alive; place++) (lengths[place] as number)++;
  return lengths;
}

/** The maps of all sequences by sample. @param execution a finished execution of an attention graph */
function attentionMaps(execution: Execution<AttentionGraph>, axes: PackedAxes): AttentionMap[] {
  const { weights: value, memoryAxis } = execution.compiled.built;
  const all = execution.view(value);
  const own = axes.get((value.rows as SymbolicExtent).axis) as PackedAxis;
  const memory = axes.get(memoryAxis) as PackedAxis;
  const memoryLengths = lengthsOf(memory);
  const memoryOf = new Int32Array(memoryLengths.length);
  for (const [place, length] of memoryLengths.entries()) memoryOf[memory.order?.[place] ?? place] = length;
  const maps = Array.from(lengthsOf(own), (steps, place) => {
    const memorySteps = memoryOf[own.order?.[place] ?? place] as number;
    return { steps, memorySteps, weights: new Float32Array(steps * memorySteps) };
  });
  let row = 0;
  for (const [step, alive] of own.batchSizes.entries()) {
    for (const { weights, memorySteps } of maps.slice(0, alive)) {
      const begin = row++ * value.columns;
      weights.set(all.subarray(begin, begin + memorySteps), step * memorySteps);
    }
  }
  const bySample = new Array<AttentionMap>(maps.length);
  for (const [place, map] of maps.entries()) bySample[own.order?.[place] ?? place] = map;
  return bySample;
}

/** Reads the weights of the attention layers of one model. */
export class AttentionReader {
  readonly #description: NetworkDescription;
  readonly #graph: Pick<Graph, 'derivedAxes'>;
  readonly #programs: Programs<string, AttentionGraph>;

  /** @param graph knows the time axes that layers make @param programsOf gives the programs of the model for a graph of each node */
  constructor(
    description: NetworkDescription,
    layout: ParameterLayout,
    graph: Pick<Graph, 'derivedAxes'>,
    programsOf: (build: BuildProgram<string, AttentionGraph>) => Programs<string, AttentionGraph>,
  ) {
    this.#description = description;
    this.#graph = graph;
    this.#programs = programsOf((node, capacities) => attentionGraph(description, layout, node, capacities));
  }

  /** The weights of a node by sample. Errors as `Model.attention`. @param version of the parameters */
  async read(node: string, batch: Batch, version: number, signal?: AbortSignal): Promise<AttentionMap[]> {
    const description = this.#description;
    requireAttention(description, node);
    const axes = packedAxes(batch, networkAxes(description, this.#graph));
    checkBatch(batch, axes, description);
    const compiled = this.#programs.get(node, axes);
    const execution = new Execution(compiled, { description, batch, axes, state: undefined, version });
    await execution.start(signal);
    return attentionMaps(execution, axes);
  }
}
