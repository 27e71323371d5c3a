/** Recurrent layers alone: forward, or forward and backward with the gradients of input, weights and biases. */
import { differentiate } from '../../build/typescript/graph/gradients.js';
import { Graph } from '../../build/typescript/graph/graph.js';
import { gru, lstm, rnn } from '../../build/typescript/index.js';
import { allocateBlock } from '../../build/typescript/native/memory.js';
import { layerRule } from '../../build/typescript/network/layers/layers.js';
import { CompiledProgram } from '../../build/typescript/program/program.js';
import { parametersByName } from './case-data.mjs';
import { batchSizesOf, lengthsOf } from './problems.mjs';

const AXIS = 'time';

/**
 * The entry of a name that must be there.
 *
 * @template T
 * @param {Map<string, T>} map
 * @param {string} name
 */
function entryOf(map, name) {
  const entry = map.get(name);
  if (entry === undefined) throw new Error(`there is no ${name}, only ${[...map.keys()].join(', ')}`);
  return entry;
}

/** The graph of a problem, with its parameters one after the other in memory of the model. */
function buildGraph({ cell, inputs, units, layers, bidirectional }, training) {
  const direction = bidirectional ? 'bidirectional' : 'forward';
  const description = { lstm, gru, rnn }[cell]({ units, layers, direction });
  const graph = new Graph();
  /** @type {Map<string, { value: import('../../build/typescript/graph/value.js').Value, offset: number }>} */
  const parameters = new Map();
  const states = [];
  let bytes = 0;
  const x = graph.external('x', graph.steps(AXIS), inputs);
  const finals = [];
  const notNeeded = () => {
    throw new Error('recurrent layers alone need parameters and states, nothing else of a model');
  };
  /** @type {import('../../build/typescript/network/layers/layer.js').BuildContext} */
  const context = {
    graph,
    training,
    axis: AXIS,
    parameter: (name, { rows, columns }) => {
      const value = graph.external(name, rows, columns, { source: 'parameter', offset: bytes });
      parameters.set(name, { value, offset: bytes });
      bytes += Math.ceil((rows * columns * 4) / 64) * 64;
      return value;
    },
    initialState: (name, width) => {
      const value = graph.external(`${name}/initial`, graph.batch(AXIS), width);
      states.push(value);
      return value;
    },
    finalState: (_, value) => {
      finals.push(value);
    },
    buffer: notNeeded,
    updateBuffer: notNeeded,
    requireRows: notNeeded,
    table: notNeeded,
    dropoutKey: notNeeded,
    operationId: notNeeded,
    penalty: notNeeded,
  };
  /** @type {any} the declarations leave out what belongs to the library alone */
  const rule = layerRule(description);
  /** @type {import('../../build/typescript/graph/value.js').Value} */
  const y = rule.build(description, context, [x]);
  if (!training) return { graph, parameters, states, bytes, results: new Map([['y', y]]), outputs: [y, ...finals] };
  const dy = graph.external('dy', graph.steps(AXIS), y.columns);
  /** @type {any[]} */
  const sources = [x, ...[...parameters.values()].map(({ value }) => value)];
  const gradients = differentiate(graph, [{ value: y, gradient: dy }], sources);
  const results = new Map(
    sources.map(({ id, name }) => {
      const gradient = gradients.get(id);
      if (gradient === undefined) throw new Error(`${name} has no gradient`);
      return [String(name), gradient];
    }),
  );
  return { graph, parameters, states, bytes, results, outputs: [...results.values()] };
}

/**
 * @param problem one of problems.mjs, with `cell`
 * @param data its numbers, of case-data.mjs
 * @returns `run()`, which gives the milliseconds of one run, and `result(name)`, of the last one: the output `y`, or in
 *   training the gradients of `x` and of the parameters
 */
export function recurrentLayer(problem, data, { threads, training }) {
  const { graph, parameters, states, bytes, results, outputs } = buildGraph(problem, training);
  const batchSizes = batchSizesOf(lengthsOf(problem));
  const rows = batchSizes.reduce((sum, size) => sum + size, 0);
  const blocks = { parameter: allocateBlock(bytes), gradient: allocateBlock(64), optimizer: allocateBlock(64) };
  const program = new CompiledProgram(graph, {
    outputs,
    axes: new Map([[AXIS, { steps: batchSizes.length, batch: batchSizes[0], rows }]]),
    blocks,
    threads,
    prepare: !training,
  });
  const { buffer, byteOffset } = blocks.parameter;
  for (const [name, { data: values }] of parametersByName(problem, data.parameters)) {
    new Float32Array(buffer, byteOffset + entryOf(parameters, name).offset, values.length).set(values);
  }
  const write = (memory, values) => memory.set(values.subarray(0, memory.length));
  let prepared = false;
  return {
    run() {
      // Inputs may share memory with later values: they are written before every run, as a model does.
      for (const state of states) program.real(state).fill(0);
      write(program.real('x'), data.x);
      if (training) write(program.real('dy'), data.dy);
      const start = performance.now();
      program.execute([batchSizes], prepared);
      prepared = !training;
      return performance.now() - start;
    },
    result: (name) => program.real(entryOf(results, name)),
  };
}
