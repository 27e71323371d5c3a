/** How a cell, a variant of it and a size make a forward problem and a backward one. */

import { type ActivationName, codeOf } from '../../oracle/activations.js';
import {
  backwardAttributes,
  backwardOperands,
  type CellVariant,
  drawOperands,
  gatesOf,
  statesOf,
} from '../../oracle/cell-operands.js';
import { distanceFromKinks } from '../../oracle/cells.js';
import { type OperationName, oracles } from '../../oracle/index.js';
import type { Matrix } from '../../oracle/matrix.js';
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem, rounded } from './problem.js';

/** A size, what is left out of the forward operands, and which upstream gradients reach the backward ones. */
export interface CellShape {
  readonly name: string;
  readonly batchSizes: readonly number[];
  readonly units: number;
  readonly absent: readonly string[];
  readonly upstream: readonly string[];
}

/** A variant with what its operands need besides. */
export interface CellProblemVariant extends CellVariant {
  /** Columns of the projected state. */
  readonly width?: number | undefined;
  /** Largest element of a, 1.5 when absent. */
  readonly inputs?: number | undefined;
}

const everything = ['dy', 'dhT', 'dcT'];

/** Numbers of the activations that have some: such that few arguments come near a kink. */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  affine: [0.375, 0.25],
  leakyRelu: [0.375, 0],
  thresholdedRelu: [0.375, 0],
  scaledTanh: [0.875, 0.75],
  hardSigmoidOf: [0.25, 0.5],
  elu: [1, 0],
};

/** The attributes of activations by the names that these have in the operation, such as `gate`. */
export function activationAttributes(choices: Readonly<Record<string, ActivationName>>): Record<string, number> {
  const attributes = Object.entries(choices).flatMap(([attribute, name]) => {
    const [alpha, beta] = NUMBERS[name] ?? [0, 0];
    return [
      [attribute, codeOf(name)],
      [`${attribute}Alpha`, alpha],
      [`${attribute}Beta`, beta],
    ] as const;
  });
  return Object.fromEntries(attributes);
}

/** Small sizes, for variants: each has rows and units left over behind the last whole tile, vector or panel. */
export const smallShapes = {
  oneStepOfOneSequence: {
    name: 'one step of one sequence, 3 units',
    batchSizes: batches.oneStepOfOneSequence,
    units: 3,
    absent: [],
    upstream: everything,
  },
  oneSequence: {
    name: 'one sequence, 5 units, no initial state',
    batchSizes: [1, 1, 1, 1],
    units: 5,
    absent: ['h0', 'c0'],
    upstream: ['dy'],
  },
  allLengthsDifferent: {
    name: 'all lengths different, 17 units',
    batchSizes: batches.allLengthsDifferent,
    units: 17,
    absent: [],
    upstream: everything,
  },
  equalLengths: {
    name: 'equal lengths, 7 units, no bias',
    batchSizes: [3, 3, 3],
    units: 7,
    absent: ['bR'],
    upstream: ['dhT', 'dcT'],
  },
  moreSequencesThanATile: {
    name: 'more sequences than a tile, 6 units, no initial cell',
    batchSizes: [19, 13, 2],
    units: 6,
    absent: ['c0'],
    upstream: ['dcT', 'dy'],
  },
} as const satisfies Record<string, CellShape>;

/** Every small size. */
export const allSmallShapes: readonly CellShape[] = Object.values(smallShapes);

/**
 * A variant at all small sizes, or the n-th one with lengths that are all different and at one other size, which
 * changes from one to the next.
 */
export function smallProblems(variants: readonly CellProblemVariant[]): CellCase[] {
  const { allLengthsDifferent, ...others } = smallShapes;
  const rest: readonly CellShape[] = Object.values(others);
  return variants.flatMap((variant, index) =>
    [allLengthsDifferent, rest[index % rest.length] as CellShape].map((shape) => ({ variant, shape })),
  );
}

/** A variant at a size. */
export interface CellCase {
  readonly variant: CellProblemVariant;
  readonly shape: CellShape;
}

/** How near an argument of a function may come to a kink: more than a hundred steps of the gradient check. */
const NEAREST_KINK = 1e-3;

/**
 * Least standard deviation of a row that is normalised. Every error is divided by it: so far above the root of the
 * attribute epsilon (see `epsilon` of the variants) the normalised row is as exact, relative to its size 1, as the row
 * was relative to its deviation, and the tolerance for sums holds for it. Rows of zeros are exact and stay zeros.
 */
const LEAST_DEVIATION = 0.1;

function deviation(row: Float64Array): number {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  return Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length);
}

function isWellSpread({ data, columns }: Matrix): boolean {
  for (let begin = 0; begin < data.length; begin += columns) {
    const row = data.subarray(begin, begin + columns);
    if (deviation(row) < LEAST_DEVIATION && row.some((value) => value !== 0)) return false;
  }
  return true;
}

/** Whether central differences cross no kink and all that is normalised is well spread. */
function isWellConditioned(
  { variant: { cell, parts, attributes }, shape: { batchSizes } }: CellCase,
  operands: Readonly<Record<string, Matrix>>,
): boolean {
  if (distanceFromKinks(cell, operands, attributes, batchSizes) < NEAREST_KINK) return false;
  const normalised = [
    ...(parts.includes('gain') ? [cell === 'rnn' ? 'sum' : 'product'] : []),
    ...(parts.includes('cellGain') ? ['candidate'] : []),
  ];
  if (normalised.length === 0) return true;
  const results = oracles[cell](operands, attributes, batchSizes);
  return normalised.every((name) => isWellSpread(results[name] as Matrix));
}

/** Random operands, drawn again until they are well conditioned. */
function operandsOf(example: CellCase, name: string): Record<string, Matrix> {
  const { variant, shape } = example;
  const { units, batchSizes, absent } = shape;
  const width = variant.parts.includes('Wr') ? (variant.width ?? units) : units;
  // States neither grow nor vanish at once; products that are normalised may be as large as they like.
  const weights = (variant.parts.includes('gain') && variant.cell !== 'rnn' ? 3 : 1) / Math.sqrt(width);
  const size = { batchSizes, units, width, inputs: variant.inputs ?? 1.5, weights };
  for (let attempt = 0; attempt < 500; attempt++) {
    const drawn = drawOperands(variant, size, operandsFor(attempt === 0 ? name : `${name} ${attempt}`));
    const operands = Object.fromEntries(Object.entries(drawn).filter(([operand]) => !absent.includes(operand)));
    if (isWellConditioned(example, operands)) return operands;
  }
  throw new Error(`${name}: no operands were well conditioned`);
}

/** Sums that a result passes through one after the other: at each step R h, and those of a projection and of each normalisation. */
function sumsInTurn({ parts }: CellProblemVariant, batchSizes: readonly number[]): number {
  return batchSizes.length * (1 + parts.filter((part) => ['Wr', 'gain', 'cellGain'].includes(part)).length);
}

/** The forward problem. */
function forward(example: CellCase): Problem {
  const { variant, shape } = example;
  const { cell, attributes, parts } = variant;
  const { batchSizes, units } = shape;
  const name = `${variant.name}, ${shape.name}`;
  const operands = operandsOf(example, name);
  const longest = parts.includes('gain') ? gatesOf[cell] * units : Math.max(units, variant.width ?? 0);
  return {
    name,
    operation: cell,
    operands,
    attributes,
    batchSizes,
    terms: longest,
    steps: sumsInTurn(variant, batchSizes),
  };
}

/** The backward problem, from the reference's results of the forward one. */
function backward({ variant, shape }: CellCase, before: Problem): Problem {
  const { cell, attributes } = variant;
  const { batchSizes, units } = shape;
  const given = before.operands as Readonly<Record<string, Matrix>>;
  const results = oracles[cell](given, attributes, batchSizes);
  const operation: OperationName = `${cell}Backward`;
  const name = `${operation}, ${before.name}`;
  const random = operandsFor(name);
  const operands = Object.fromEntries(
    Object.entries(backwardOperands(variant, given, results)).map(([operand, value]) => [operand, rounded(value)]),
  );
  const width = (given['R'] as Matrix).columns;
  for (const state of statesOf(cell)) {
    const gradient = `d${state}T`;
    if (!shape.upstream.includes(gradient)) continue;
    operands[gradient] = random.matrix(sequenceCount(batchSizes), state === 'h' ? width : units);
  }
  if (shape.upstream.includes('dy')) operands['dy'] = random.matrix(rowCount(batchSizes), width);
  const terms = Math.max(gatesOf[cell] * units, width);
  return {
    name,
    operation,
    operands,
    attributes: backwardAttributes(variant),
    batchSizes,
    terms,
    steps: sumsInTurn(variant, batchSizes),
    backward: true,
  };
}

/** Forward and backward problem of each case. */
export function cellProblemsOf(cases: readonly CellCase[]): { forward: Problem[]; backward: Problem[] } {
  const before = cases.map(forward);
  // The backward pass does not depend on how the input projection was made.
  const own = cases.flatMap((example, index) => (example.variant.parts.includes('x') ? [] : [{ example, index }]));
  return { forward: before, backward: own.map(({ example, index }) => backward(example, before[index] as Problem)) };
}
