/** A recurrent layer alone: forward, or forward and backward with the gradients of input, weights and states. */
import { differentiate } from '../../dist/graph/gradients.js';
import { Graph } from '../../dist/graph/graph.js';
import { CompiledProgram } from '../../dist/graph/program.js';
import { gru, lstm, rnn } from '../../dist/index.js';
import { layerRule } from '../../dist/layers/layers.js';
import { allocateBlock } from '../../dist/native/memory.js';

const AXIS = 'time';

/** Sequences alive at each step, from lengths that are sorted, the longest first. */
export function batchSizesOf(lengths) {
  return Int32Array.from({ length: lengths[0] }, (_, step) => lengths.filter((length) => length > step).length);
}

/** Numbers in [-1, 1), the same at every call. */
function fill(memory, scale = 1) {
  let seed = 1;
  for (let e = 0; e < memory.length; e++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    memory[e] = (seed / 1073741824 - 1) * scale;
  }
}

/**
 * @param problem `{ cell, inputs, units, layers, bidirectional, batchSizes, threads, training }`
 * @returns a function that runs it once
 */
export function recurrentLayer(problem) {
  const { cell, inputs, units, layers = 1, bidirectional = false, batchSizes, threads, training } = problem;
  const direction = bidirectional ? 'bidirectional' : 'forward';
  const description = { lstm, gru, rnn }[cell]({ units, layers, direction });
  const graph = new Graph();
  const parameters = [];
  const written = [];
  let bytes = 0;
  const x = graph.external('x', graph.steps(AXIS), inputs);
  written.push(x);
  const outputs = [];
  const y = layerRule(description).build(
    description,
    {
      graph,
      training,
      axis: AXIS,
      parameter: (name, { rows, columns }) => {
        const value = graph.external(name, rows, columns, { source: 'parameter', offset: bytes });
        bytes += Math.ceil((rows * columns * 4) / 64) * 64;
        parameters.push(value);
        return value;
      },
      initialState: (name, width) => {
        const value = graph.external(`${name}/initial`, graph.batch(AXIS), width);
        written.push(value);
        return value;
      },
      finalState: (_, value) => outputs.push(value),
    },
    [x],
  );
  if (training) {
    const dy = graph.external('dy', graph.steps(AXIS), y.columns);
    written.push(dy);
    const sources = [...parameters, ...written.filter((value) => value !== dy)];
    const gradients = differentiate(graph, [{ value: y, gradient: dy }], sources);
    outputs.length = 0;
    outputs.splice(0, outputs.length, ...sources.map((source) => gradients.get(source.id)));
  } else {
    outputs.push(y);
  }
  const rows = batchSizes.reduce((sum, size) => sum + size, 0);
  const blocks = { parameter: allocateBlock(bytes), gradient: allocateBlock(64), optimizer: allocateBlock(64) };
  const program = new CompiledProgram(graph, {
    outputs,
    axes: new Map([[AXIS, { steps: batchSizes.length, batch: batchSizes[0], rows }]]),
    blocks,
    threads,
    prepare: !training,
  });
  fill(new Float32Array(blocks.parameter.buffer, blocks.parameter.byteOffset, bytes / 4), 1 / Math.sqrt(units));
  let prepared = false;
  return () => {
    for (const value of written) {
      const memory = program.real(value);
      if (value === x || value.name === 'dy') continue;
      memory.fill(0);
    }
    // Inputs may share memory with later values: they are written before every run, as a model does.
    fill(program.real(x));
    if (training) fill(program.real('dy'));
    const start = performance.now();
    program.run([batchSizes], prepared);
    prepared = !training;
    return performance.now() - start;
  };
}
