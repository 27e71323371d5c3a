/** A layer alone as a program: outputs, final states, penalty, and the gradient of everything that it reads. */

import { executionSizes, type PackedAxes } from '../../src/batch/axes.js';
import { packedAxes } from '../../src/batch/check-axes.js';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import type { BuildContext, LayerDescription } from '../../src/network/layers/layer.js';
import { layerRule } from '../../src/network/layers/layers.js';
import { CompiledProgram } from '../../src/program/program.js';
import { emptyBlocks } from './blocks.js';

const AXIS = 'time';

/** Settings of a program. */
export interface LayerProgramOptions {
  readonly precision: 'float32' | 'float64';
  readonly threads: number;
  /** Default true. */
  readonly training?: boolean;
}

/** The rule of the layer, applied to inputs that are all read from outside, with upstream gradients for all outputs. */
function buildLayer(description: LayerDescription, inputs: number, training: boolean) {
  const graph = new Graph();
  const sources = new Map<string, Value>();
  const results = new Map<string, Value>();
  const source = (name: string, ...size: readonly [Value['rows'], number]): Value => {
    const value = graph.external(name, ...size);
    sources.set(name, value);
    return value;
  };
  const context: BuildContext = {
    graph,
    training,
    axis: AXIS,
    parameter: (name, { rows, columns }) => source(name, rows, columns),
    buffer: (name, { rows, columns }) => graph.external(`${name}/before`, rows, columns),
    updateBuffer: ({ name = '' }, value) => results.set(name.replace('before', 'after'), value),
    requireRows: () => undefined,
    table: (node) => {
      throw new Error(`a layer alone has no embedding '${node}'`);
    },
    initialState: (name, units) => source(`${name}/initial`, graph.batch(AXIS), units),
    finalState: (name, value) => results.set(`${name}/final`, value),
    dropoutKey: () => graph.external('key', 1, 4, { type: 'int32' }),
    operationId: () => 0,
    penalty: (value, weight) => {
      const weighted = graph.apply('scale', { x: value }, { factor: weight }).y;
      const before = results.get('penalty');
      results.set('penalty', before === undefined ? weighted : graph.apply('add', { a: before, b: weighted }).y);
    },
  };
  const x = source('x', graph.steps(AXIS), inputs);
  results.set('y', layerRule(description).build(description, context, [x]));
  // What a convolution leaves for the next run, and new values of buffers, have no gradient.
  const reached = [...results].filter(([name]) => name !== 'context/final' && !name.endsWith('/after'));
  const upstream = reached.map(([name, value]) => ({
    value,
    gradient: graph.external(`upstream/${name}`, value.rows, value.columns),
  }));
  const gradients = differentiate(graph, upstream, [...sources.values()]);
  for (const [name, value] of sources) results.set(`gradient/${name}`, gradients.get(value.id) as Value);
  return { graph, results };
}

/**
 * A program of one layer of one input of packed rows. Names: `x`, parameters as PyTorch's, states `h_l0/initial` and
 * `h_l0/final`, buffers `running_mean/before` and `running_mean/after`, `y`, `penalty` (weighted and added up, where the layer has one); upstream gradients `upstream/y`,
 * `upstream/h_l0/final`, `upstream/penalty`; gradients `gradient/x`, `gradient/h_l0/initial`.
 */
export class LayerProgram {
  readonly #program: CompiledProgram;
  readonly #results: ReadonlyMap<string, Value>;
  readonly #axes: PackedAxes;

  constructor(description: LayerDescription, inputs: number, batchSizes: Int32Array, options: LayerProgramOptions) {
    const { training = true, ...settings } = options;
    const { graph, results } = buildLayer(description, inputs, training);
    this.#axes = packedAxes({ batchSizes, inputs: {} }, [AXIS, ...graph.derivedAxes]);
    const capacities = [...this.#axes].map(([name, { batchSizes: sizes, rows }]) => {
      return [name, { steps: sizes.length, batch: sizes[0] as number, rows }] as const;
    });
    this.#program = new CompiledProgram(graph, {
      outputs: [...results.values()],
      axes: new Map(capacities),
      blocks: emptyBlocks(),
      ...settings,
    });
    this.#results = results;
  }

  /** Writes an input. It must have the size of the input. */
  write(name: string, values: ArrayLike<number>): void {
    const memory = this.#program.real(name);
    if (memory.length !== values.length) throw new Error(`${name} has ${memory.length} numbers, not ${values.length}`);
    memory.set(values);
  }

  run(): void {
    const { batchSizes, samples } = executionSizes(this.#axes);
    this.#program.execute(batchSizes, false, samples);
  }

  /** A copy of a result. */
  read(name: string): Float32Array | Float64Array {
    const value = this.#results.get(name);
    if (value === undefined) throw new Error(`the layer has no result ${name}`);
    return this.#program.real(value).slice();
  }
}
