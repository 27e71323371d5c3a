/** Problems of the gradients of recurrent weights and biases: sums over all rows of a packed batch. */
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem } from './problem.js';

const shapes = [
  { name: 'one step of one sequence', batchSizes: batches.oneStepOfOneSequence, units: 1, initial: true },
  { name: 'one step', batchSizes: batches.oneStep, units: 7, initial: false },
  { name: 'one sequence', batchSizes: batches.oneSequence, units: 3, initial: true },
  { name: 'all lengths different', batchSizes: batches.allLengthsDifferent, units: 17, initial: true },
  { name: 'more units than a panel', batchSizes: batches.moreSequencesThanATile, units: 70, initial: false },
  { name: '600 rows', batchSizes: batches.sixHundredRows, units: 33, initial: true },
] as const;

type Shape = (typeof shapes)[number];

function describe(operation: string, shape: Shape) {
  const { batchSizes, units, initial } = shape;
  const name = `${operation}, ${shape.name}, ${units} units, ${initial ? 'an' : 'no'} initial state`;
  const random = operandsFor(name);
  const rows = rowCount(batchSizes);
  const states = {
    y: random.matrix(rows, units),
    ...(initial ? { h0: random.matrix(sequenceCount(batchSizes), units) } : {}),
  };
  return { problem: { name, batchSizes, terms: rows }, random, rows, units, states };
}

function stateWeightGradient(shape: Shape, gates: number): Problem {
  const { problem, random, rows, units, states } = describe(`stateWeightGradient of ${gates} gates`, shape);
  const operands = { da: random.matrix(rows, gates * units), ...states };
  return { ...problem, operation: 'stateWeightGradient', operands };
}

function gruWeightGradient(shape: Shape, resetAfter: number): Problem {
  const { problem, random, rows, units, states } = describe(`gruWeightGradient with resetAfter ${resetAfter}`, shape);
  const operands = { da: random.matrix(rows, 3 * units), s_or_ds: random.matrix(rows, units), ...states };
  return { ...problem, operation: 'gruWeightGradient', operands, attributes: { resetAfter } };
}

function gruBiasGradient(shape: Shape): Problem {
  const { problem, random, rows, units } = describe('gruBiasGradient', shape);
  const operands = { da: random.matrix(rows, 3 * units), ds: random.matrix(rows, units) };
  return { ...problem, operation: 'gruBiasGradient', operands };
}

/** The three operations at every size. */
export const stateGradientProblems: readonly Problem[] = shapes.flatMap((shape) => [
  stateWeightGradient(shape, 1),
  stateWeightGradient(shape, 4),
  gruWeightGradient(shape, 0),
  gruWeightGradient(shape, 1),
  gruBiasGradient(shape),
]);
