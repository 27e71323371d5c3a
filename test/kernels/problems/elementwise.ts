/** Problems of elementwise maps, dropout, moving columns and softmax. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements, matrix } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import type { RandomOperands } from '../../oracle/random-matrix.js';
import { awayFromZero, batches, operandsFor, type Problem, rounded } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 3, columns: 7 },
  { rows: 17, columns: 33 },
  { rows: 50, columns: 70 },
  {
    rows: rowCount(batches.allLengthsDifferent),
    columns: 50,
    batchSizes: batches.allLengthsDifferent,
  },
];

type Parts = Omit<Problem, 'name' | 'batchSizes' | 'terms'> & { readonly note?: string; readonly terms?: number };

function problem(shape: Shape, make: (random: RandomOperands) => Parts): Problem {
  const { rows, columns, batchSizes } = shape;
  const title = `[${rows}, ${columns}]${batchSizes === undefined ? '' : ' on a time axis'}`;
  const { note, ...parts } = make(operandsFor(title));
  const name = `${parts.operation}${note === undefined ? '' : ` ${note}`}, ${title}`;
  return { terms: 1, ...parts, name, ...(batchSizes === undefined ? {} : { batchSizes }) };
}

const binary = (shape: Shape): Problem[] =>
  ['add', 'subtract', 'multiply'].map((operation) =>
    problem(shape, (random) => ({
      operation,
      operands: { a: random.matrix(shape.rows, shape.columns), b: random.matrix(shape.rows, shape.columns) },
    })),
  );

const scales = (shape: Shape): Problem[] =>
  [-1, 0, 2.7].map((factor) =>
    problem(shape, (random) => ({
      note: `by ${factor}`,
      operation: 'scale',
      operands: { x: random.matrix(shape.rows, shape.columns) },
      attributes: { factor },
    })),
  );

function activations(shape: Shape): Problem[] {
  const { rows, columns } = shape;
  return (['sigmoid', 'tanh', 'relu', 'softmax', 'logSoftmax'] as const).flatMap((operation) => {
    const argument = (random: RandomOperands): Matrix => awayFromZero(random.matrix(rows, columns, -6, 6));
    const terms = operation.endsWith('oftmax') ? columns : 2;
    return [
      problem(shape, (random) => ({ operation, operands: { x: argument(random) }, terms })),
      problem(shape, (random) => {
        const { y } = oracles[operation]({ x: argument(random) }, {}, []) as { y: Matrix };
        const operands = { dy: random.matrix(rows, columns), y: rounded(y) };
        return { operation: `${operation}Backward`, operands, terms, backward: true, scales: slopeScale(operation, y) };
      }),
    ];
  });
}

/** A slope is a difference of terms up to 1; a softmax gradient one of terms up to the largest probability. */
function slopeScale(operation: string, y: Matrix): Readonly<Record<string, number>> {
  return { dx: operation === 'softmax' ? y.data.reduce((most, value) => Math.max(most, value), 0) : 1 };
}

const softmaxOfLargeLogits: Problem = problem({ rows: 7, columns: 300 }, (random) => ({
  note: 'of large logits',
  operation: 'softmax',
  // e^95 is infinite in float32; the smallest probabilities are zeros there.
  operands: { x: mapElements(random.matrix(7, 300), (value) => Math.fround(value * 95)) },
  scales: { y: 1 },
  terms: 600,
}));

const dropouts = (shape: Shape): Problem[] =>
  [0, 0.2, 0.5, 0.99].map((rate, index) =>
    problem(shape, (random) => ({
      note: `of rate ${rate}`,
      operation: 'dropout',
      operands: {
        x: awayFromZero(random.matrix(shape.rows, shape.columns)),
        key: Int32Array.of(0x12345678, -5 - index, 0x7fffffff - index, index),
      },
      attributes: { rate, operationId: index * 1_000_003 },
    })),
  );

function columnMoves(shape: Shape): Problem[] {
  const { rows, columns } = shape;
  const begins = columns === 1 ? [0] : [0, 1, columns - 1];
  return [
    problem(shape, (random) => ({
      operation: 'concatenate',
      operands: { a: random.matrix(rows, columns), b: random.matrix(rows, 3) },
    })),
    ...begins.flatMap((begin) => {
      const width = Math.max(1, Math.min(17, columns - begin));
      return [
        problem(shape, (random) => ({
          note: `of ${width} columns from ${begin}`,
          operation: 'slice',
          operands: { x: random.matrix(rows, columns) },
          attributes: { begin },
          extents: { D: width },
        })),
        problem(shape, (random) => ({
          note: `of ${width} columns from ${begin}`,
          operation: 'sliceBackward',
          operands: { dy: random.matrix(rows, width) },
          attributes: { begin },
          extents: { C: columns },
        })),
      ];
    }),
  ];
}

/** relu at both zeros: the gradient there is 0. */
const reluAtZero: Problem = {
  name: 'reluBackward at zero',
  operation: 'reluBackward',
  operands: { dy: matrix(1, 4, [1, 2, 3, 4]), y: matrix(1, 4, [0, -0, 1e-30, 1]) },
  terms: 1,
};

/** All of them at every size. */
export const elementwiseProblems: readonly Problem[] = [
  ...shapes.flatMap((shape) => [
    ...binary(shape),
    ...scales(shape),
    ...activations(shape),
    ...dropouts(shape),
    ...columnMoves(shape),
  ]),
  softmaxOfLargeLogits,
  reluAtZero,
];
