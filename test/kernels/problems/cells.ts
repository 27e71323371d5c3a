/** Problems of the recurrent cells and of their backward passes. */
import { type CellCase, type CellProblemVariant, type CellShape, cellProblemsOf } from './cell-problems.js';
import { gruCases, plainGrus } from './gru-cells.js';
import { lstmCases, plainLstms } from './lstm-cells.js';
import { batches, type Problem } from './problem.js';
import { plainRnns, rnnCases } from './rnn-cells.js';

const everything = ['dy', 'dhT', 'dcT'];
const shapes: readonly CellShape[] = [
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

const cases: readonly CellCase[] = [
  ...[...plainRnns, ...plainLstms, ...plainGrus].flatMap((variant) => shapes.map((shape) => ({ variant, shape }))),
  ...rnnCases,
  ...lstmCases,
  ...gruCases,
];

/** Every variant once. */
export const cellVariants: readonly CellProblemVariant[] = [...new Set(cases.map(({ variant }) => variant))];

const problems = cellProblemsOf(cases);

/** Every cell as it usually is at every size, and its variants at small ones. */
export const cellProblems: readonly Problem[] = problems.forward;

/** The backward pass of all of these, from the reference's forward results. */
export const cellBackwardProblems: readonly Problem[] = problems.backward;
