/** The named problems of bench/problems.json, and what follows from their sizes. */
import { readFileSync } from 'node:fs';

const { layers, models, tasks } = JSON.parse(readFileSync(new URL('../problems.json', import.meta.url), 'utf8'));

export const CELLS = ['rnn', 'gru', 'lstm'];
const GATES = { rnn: 1, gru: 3, lstm: 4 };

/** Recurrent layers alone, and whole models, by name; all of them have a name and defaults filled in. */
export const LAYER_PROBLEMS = new Map(
  Object.entries(layers).map(([name, sizes]) => [
    name,
    { name, layers: 1, bidirectional: false, ragged: false, ...sizes },
  ]),
);
export const MODEL_PROBLEMS = new Map(Object.entries(models).map(([name, sizes]) => [name, { name, ...sizes }]));

/** Training steps of whole tasks. */
export const TASK_PROBLEMS = new Map(Object.entries(tasks).map(([name, sizes]) => [name, { name, ...sizes }]));

/** Whether a problem is one step of one sequence. */
export const isStream = ({ steps, batch }) => steps === 1 && batch === 1;

/** Lengths uniform in [T/4, T], sorted, the longest T, as evenly as they can be: no luck of a seed in the result. */
function raggedLengths(steps, batch) {
  return Array.from({ length: batch }, (_, b) => Math.round(steps - ((steps * 3) / 4) * (b / (batch - 1))));
}

/** The length of every sequence, the longest first. */
export function lengthsOf({ steps, batch, ragged }) {
  return ragged ? raggedLengths(steps, batch) : new Array(batch).fill(steps);
}

/** Sequences alive at each step, from lengths that are sorted, the longest first. */
export function batchSizesOf(lengths) {
  return Int32Array.from({ length: lengths[0] }, (_, step) => lengths.filter((length) => length > step).length);
}

/** Valid steps: the sum of the lengths. */
export const validStepsOf = (problem) => lengthsOf(problem).reduce((a, b) => a + b);

/** Every layer and direction of a stack: the suffix of its parameters' names and the width of its input. */
export function directionsOf({ inputs, units, layers, bidirectional }) {
  const suffixes = bidirectional ? ['', '_reverse'] : [''];
  return Array.from({ length: layers }, (_, layer) => {
    const width = layer === 0 ? inputs : units * suffixes.length;
    return suffixes.map((suffix) => ({ layer, suffix: `_l${layer}${suffix}`, width }));
  });
}

/** Names and sizes of the parameters, in PyTorch's order and layout. */
export function parametersOf(problem) {
  const { cell, units } = problem;
  const rows = GATES[cell] * units;
  return directionsOf(problem).flatMap((directions) =>
    directions.flatMap(({ suffix, width }) => [
      { name: `weight_ih${suffix}`, rows, columns: width },
      { name: `weight_hh${suffix}`, rows, columns: units },
      { name: `bias_ih${suffix}`, rows: 1, columns: rows },
      { name: `bias_hh${suffix}`, rows: 1, columns: rows },
    ]),
  );
}

/**
 * Floating-point operations of the products: two for each multiply-add of an input or a state with a weight, for each
 * valid step. Training is three times as much: forward, gradients of what was multiplied, gradients of the weights.
 */
export function operationsOf(problem, mode) {
  const weights = parametersOf(problem).reduce((sum, { rows, columns }) => sum + (rows > 1 ? rows * columns : 0), 0);
  return 2 * weights * validStepsOf(problem) * (mode === 'training' ? 3 : 1);
}

/** As `operationsOf`, of a training step of a whole model: recurrent layers and output; the embedding multiplies nothing. */
export function modelOperations({ cell, vocabulary, embedding, units, layers, batch, steps }) {
  const recurrent = { cell, inputs: embedding, units, layers, batch, steps, bidirectional: false, ragged: false };
  return operationsOf(recurrent, 'training') + 6 * units * vocabulary * batch * steps;
}
