/** Problems of functions of one number and of two, and of sums over rows and columns. */
import { COMBINATIONS, FUNCTIONS } from '../../../src/graph/operations/functions.js';
import { type Matrix, matrix } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import type { RandomOperands } from '../../oracle/random-matrix.js';
import { awayFromZero, batches, operandsFor, type Problem } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 3, columns: 7 },
  { rows: 1, columns: 70 },
  { rows: 70, columns: 1 },
  // Sums over rows are made in blocks of 64.
  { rows: 150, columns: 33 },
  { rows: rowCount(batches.allLengthsDifferent), columns: 50, batchSizes: batches.allLengthsDifferent },
];

type Parts = Omit<Problem, 'name' | 'batchSizes' | 'terms'> & { readonly note: string; readonly terms?: number };

function problem({ rows, columns, batchSizes }: Shape, { note, ...parts }: Parts): Problem {
  const title = `[${rows}, ${columns}]${batchSizes === undefined ? '' : ' on a time axis'}`;
  const name = `${parts.operation} ${note}, ${title}`;
  return { terms: 2, ...parts, name, ...(batchSizes === undefined ? {} : { batchSizes }) };
}

/** Exponents with a way of their own, and others. */
const exponents = [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7, -3, 4];

/** Factors of negative numbers. */
const alphas = [1, 0.01, 1.6732632423543772, 0, -0.5];

interface OneNumber {
  readonly note: string;
  readonly attributes: { readonly function: number; readonly exponent: number };
  /** Arguments where the function is smooth and near 1. */
  readonly argument: (random: RandomOperands, shape: Shape) => Matrix;
}

const positive = (random: RandomOperands, { rows, columns }: Shape) => random.matrix(rows, columns, 0.25, 4);
const anything = (random: RandomOperands, { rows, columns }: Shape) =>
  awayFromZero(random.matrix(rows, columns, -4, 4), 0.25);

const oneNumber: readonly OneNumber[] = FUNCTIONS.flatMap((name, code) => {
  const argument = name === 'log' || name === 'sqrt' ? positive : anything;
  if (name === 'elu' || name === 'leakyRelu') {
    return alphas.map((alpha) => ({
      note: `of ${name} with ${alpha}`,
      attributes: { function: code, exponent: alpha },
      argument,
    }));
  }
  if (name !== 'power') return [{ note: `of ${name}`, attributes: { function: code, exponent: 0 }, argument }];
  return exponents.map((exponent) => ({
    note: `of the power ${exponent}`,
    attributes: { function: code, exponent },
    argument: Number.isInteger(exponent) ? anything : positive,
  }));
});

function unary(shape: Shape): Problem[] {
  return oneNumber.flatMap(({ note, attributes, argument }) => {
    const random = operandsFor(`${note} ${shape.rows} ${shape.columns}`);
    const x = argument(random, shape);
    const dy = random.matrix(shape.rows, shape.columns);
    return [
      // The logarithm of numbers near 1 is small, and its error is not.
      problem(shape, { note, operation: 'unary', operands: { x }, attributes, scales: { y: 1 } }),
      problem(shape, { note, operation: 'unaryBackward', operands: { dy, x }, attributes, backward: true }),
    ];
  });
}

function combinations(shape: Shape): Problem[] {
  const { rows, columns } = shape;
  return COMBINATIONS.flatMap((name, code) => {
    const random = operandsFor(`${name} ${rows} ${columns}`);
    const numbers = (height: number, width: number) => awayFromZero(random.matrix(height, width, -2, 2), 0.25);
    const [dy, a] = [random.matrix(rows, columns), numbers(rows, columns)];
    const seconds = [
      ['combine', { b: numbers(rows, columns) }],
      ['spread', { row: numbers(1, columns) }],
      ['spread', { column: numbers(rows, 1) }],
    ] as const;
    return seconds.flatMap(([operation, second]) => {
      const note = `of ${name} with a ${Object.keys(second)[0]}`;
      return [
        problem(shape, { note, operation, operands: { a, ...second }, attributes: { function: code } }),
        ...[0, 1].map((operand) =>
          problem(shape, {
            note: `${note}, operand ${operand}`,
            operation: `${operation}Backward`,
            operands: { dy, a, ...second },
            attributes: { function: code, operand },
            backward: true,
          }),
        ),
      ];
    });
  });
}

function sums(shape: Shape): Problem[] {
  const { rows, columns } = shape;
  return [0, 1].flatMap((mean) => {
    const note = mean === 1 ? 'as a mean' : 'as a sum';
    const random = operandsFor(`${note} ${rows} ${columns}`);
    const x = random.matrix(rows, columns);
    const attributes = { mean };
    return [
      problem(shape, { note, operation: 'sumRows', operands: { x }, attributes, terms: rows }),
      problem(shape, { note, operation: 'sumColumns', operands: { x }, attributes, terms: columns }),
      problem(shape, {
        note: `${note} of rows`,
        operation: 'repeat',
        operands: { row: random.matrix(1, columns) },
        attributes,
        extents: { R: rows },
      }),
      problem(shape, {
        note: `${note} of columns`,
        operation: 'repeat',
        operands: { column: random.matrix(rows, 1) },
        attributes,
        extents: { C: columns },
      }),
    ];
  });
}

/** The larger and the smaller of equal numbers: the gradient is divided between both. */
const ties: readonly Problem[] = ['maximum', 'minimum'].flatMap((name) =>
  [0, 1].map((operand) => ({
    name: `combineBackward of the ${name} of equal numbers, operand ${operand}`,
    operation: 'combineBackward',
    operands: { dy: matrix(1, 3, [2, 4, 6]), a: matrix(1, 3, [1, -1, 3]), b: matrix(1, 3, [1, -1, 4]) },
    attributes: { function: COMBINATIONS.indexOf(name as 'maximum'), operand },
    terms: 1,
  })),
);

/** All of them at every size. */
export const functionProblems: readonly Problem[] = [
  ...shapes.flatMap((shape) => [...unary(shape), ...combinations(shape), ...sums(shape)]),
  ...ties,
];
