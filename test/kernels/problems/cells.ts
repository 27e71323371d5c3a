/** Problems of the recurrent cells and of their backward passes. */
import { type OperationName, oracles } from '../../oracle/index.js';
import type { Matrix } from '../../oracle/matrix.js';
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem, recurrentWeights, rounded } from './problem.js';

/** A cell: its operation, its gates, and what the backward operation reads of the forward results. */
interface Cell {
  readonly name: string;
  readonly operation: OperationName;
  readonly backward: OperationName;
  readonly gates: number;
  readonly attributes: Readonly<Record<string, number>>;
  readonly states: readonly string[];
  readonly kept: readonly string[];
}

const cells: readonly Cell[] = [
  {
    name: 'rnn of tanh',
    operation: 'rnn',
    backward: 'rnnBackward',
    gates: 1,
    attributes: { activation: 0 },
    states: ['h0'],
    kept: ['y'],
  },
  {
    name: 'rnn of relu',
    operation: 'rnn',
    backward: 'rnnBackward',
    gates: 1,
    attributes: { activation: 1 },
    states: ['h0'],
    kept: ['y'],
  },
  {
    name: 'lstm',
    operation: 'lstm',
    backward: 'lstmBackward',
    gates: 4,
    attributes: {},
    states: ['h0', 'c0'],
    kept: ['gates', 'c', 'c0'],
  },
  {
    name: 'gru',
    operation: 'gru',
    backward: 'gruBackward',
    gates: 3,
    attributes: {},
    states: ['h0'],
    kept: ['y', 'gates', 's', 'h0'],
  },
  {
    name: 'gruResetBefore',
    operation: 'gruResetBefore',
    backward: 'gruResetBeforeBackward',
    gates: 3,
    attributes: {},
    states: ['h0'],
    kept: ['y', 'gates', 'h0'],
  },
];

/** A size, what is left out of the forward operands, and which upstream gradients reach the backward ones. */
interface Shape {
  readonly name: string;
  readonly batchSizes: readonly number[];
  readonly units: number;
  readonly absent: readonly string[];
  readonly upstream: readonly string[];
}

const everything = ['dy', 'dhT', 'dcT'];
const shapes: readonly Shape[] = [
  {
    name: 'one step of one sequence, 1 unit',
    batchSizes: batches.oneStepOfOneSequence,
    units: 1,
    absent: [],
    upstream: everything,
  },
  {
    name: 'one step, 3 units, no bias',
    batchSizes: batches.oneStep,
    units: 3,
    absent: ['bR'],
    upstream: everything,
  },
  {
    name: 'one sequence, 7 units, no initial state',
    batchSizes: batches.oneSequence,
    units: 7,
    absent: ['h0', 'c0'],
    upstream: ['dy'],
  },
  {
    name: 'all lengths different, 17 units',
    batchSizes: batches.allLengthsDifferent,
    units: 17,
    absent: [],
    upstream: everything,
  },
  {
    name: 'equal lengths, 33 units, no initial state and no bias',
    batchSizes: batches.equalLengths,
    units: 33,
    absent: ['h0', 'c0', 'bR'],
    upstream: ['dhT', 'dcT'],
  },
  {
    name: 'more units than a panel, 50',
    batchSizes: batches.allLengthsDifferent,
    units: 50,
    absent: ['c0'],
    upstream: ['dcT', 'dy'],
  },
  {
    name: 'more sequences than a tile, 70 units',
    batchSizes: batches.moreSequencesThanATile,
    units: 70,
    absent: ['h0'],
    upstream: ['dhT'],
  },
];

function withoutAbsent(operands: Readonly<Record<string, Matrix>>, absent: readonly string[]): Record<string, Matrix> {
  return Object.fromEntries(Object.entries(operands).filter(([name]) => !absent.includes(name)));
}

function forward(cell: Cell, shape: Shape): Problem {
  const name = `${cell.name}, ${shape.name}`;
  const random = operandsFor(name);
  const { batchSizes, units } = shape;
  const width = cell.gates * units;
  const operands: Record<string, Matrix> = {
    a: random.matrix(rowCount(batchSizes), width, -1.5, 1.5),
    R: recurrentWeights(random, width, units),
    bR: random.matrix(1, width),
  };
  for (const state of cell.states) operands[state] = random.matrix(sequenceCount(batchSizes), units);
  return {
    name,
    operation: cell.operation,
    operands: withoutAbsent(operands, shape.absent),
    attributes: cell.attributes,
    batchSizes,
    terms: units,
    steps: batchSizes.length,
  };
}

function backward(cell: Cell, shape: Shape): Problem {
  const before = forward(cell, shape);
  const { batchSizes, units } = shape;
  const given = before.operands as Readonly<Record<string, Matrix>>;
  const results = oracles[cell.operation](given, cell.attributes, batchSizes);
  const name = `${cell.backward}, ${before.name}`;
  const random = operandsFor(name);
  const operands: Record<string, Matrix> = { R: given['R'] as Matrix };
  for (const kept of cell.kept) {
    const value = results[kept] ?? given[kept];
    if (value !== undefined) operands[kept] = rounded(value);
  }
  for (const state of cell.states) {
    const gradient = `d${state[0]}T`;
    if (shape.upstream.includes(gradient)) operands[gradient] = random.matrix(sequenceCount(batchSizes), units);
  }
  if (shape.upstream.includes('dy')) operands['dy'] = random.matrix(rowCount(batchSizes), units);
  return {
    name,
    operation: cell.backward,
    operands,
    attributes: cell.attributes,
    batchSizes,
    terms: cell.gates * units,
    steps: batchSizes.length,
    backward: true,
  };
}

/** Every cell at every size. */
export const cellProblems: readonly Problem[] = cells.flatMap((cell) => shapes.map((shape) => forward(cell, shape)));

/** The backward pass of every cell at every size, from the reference's forward results. */
export const cellBackwardProblems: readonly Problem[] = cells.flatMap((cell) =>
  shapes.map((shape) => backward(cell, shape)),
);
