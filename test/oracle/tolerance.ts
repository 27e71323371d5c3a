/**
 * When does a float32 result agree with the reference? Both the tolerance and what it is relative to are derived here.
 *
 * Tolerance. Let u = eps / 2 be the largest relative error of one rounding. A sum of n terms in blocks or in a tree
 * has an error of at most ceil(log2 n) * u * (sum of |terms|) (Higham, Accuracy and Stability, 2002, section 4.2).
 * 4 * ceil(log2 n) * eps is 8 times that: room for the rounding of each product, for activations with an error of 2
 * ULP, and for the pointwise products that follow. A step of a recurrence passes the error of the step before on,
 * through slopes that are at most 1, and adds its own: n = terms * steps. A backward pass does the same once more on
 * forward values that already carry such an error: twice as much.
 * A sum taken strictly one term after the other is not a tree: with random signs its error was measured as 0.15 *
 * sqrt(n) * eps of the root mean square of the results, and a third of that with the 8 accumulators of a vector
 * register. Five such deviations stay inside up to about n = 4,000 and n = 50,000; keep the problems below.
 *
 * What it is relative to. Rounding errors are proportional to the terms, not to their sum. Where terms cancel, an
 * element is far smaller than its terms and its error is not, so that an error relative to the element alone gives
 * false alarms. The terms' size is known from the other elements, in which they do not cancel: the root mean square
 * of the tensor. Hence error / max(|expected|, rms). A wrong order of gates, a wrong row, a lost operand or state
 * changes elements by about the rms itself, 10^4 tolerances and more. An error that is smaller than tolerance * rms
 * is not seen: in results that fade over time give `batchSizes`, and each time step has its own rms; where even the
 * largest element is the difference of large terms (the loss of a confident model), give their size as `scale`.
 */

import { OptionError, ShapeError } from '../../src/core/errors.js';
import { element, type Matrix } from './matrix.js';

/** Distance from 1 to the next float32. */
export const float32Epsilon = 2 ** -23;

/** Smallest normal float32: a difference up to this is underflow, not an error. */
const underflow = 2 ** -126;

/** What a result was computed from. */
export interface ToleranceOptions {
  /** Terms of the longest sum in one step, for example H of R h, or N of a weight gradient. At least 1. */
  readonly terms: number;
  /** Steps that the result passes through one after the other, T of a recurrence; default 1. */
  readonly steps?: number;
  /** Whether it is computed from rounded results of a forward pass; default false. */
  readonly backward?: boolean;
  /** Distance from 1 to the next number of the type; default that of float32. */
  readonly epsilon?: number;
}

/**
 * 4 * (1 + backward) * ceil(log2(terms * steps)) * epsilon. A single term counts as two: it is rounded, too.
 *
 * @throws {OptionError} `invalid_option` for a number below 1
 */
export function tolerance(options: ToleranceOptions): number {
  const { terms, steps = 1, backward = false, epsilon = float32Epsilon } = options;
  if (!(terms >= 1 && steps >= 1)) {
    throw new OptionError('invalid_option', `terms is ${terms} and steps is ${steps}, expected numbers >= 1`);
  }
  return 4 * (backward ? 2 : 1) * Math.ceil(Math.log2(Math.max(2, terms * steps))) * epsilon;
}

/** What the error of an element is relative to, where the rms of the whole tensor does not serve. */
export interface ComparisonOptions {
  /** Size of the terms, instead of the rms. */
  readonly scale?: number | undefined;
  /** Rows of each time step of a packed result [N, ...]: one rms for each step. Other row counts have one rms. */
  readonly batchSizes?: readonly number[] | undefined;
}

/** The worst element of a comparison. */
export interface Comparison {
  /** Its error in tolerances: the results agree when this is at most 1. Infinity where only one of both is finite. */
  readonly ratio: number;
  /** Its index in the data, and the same as row and column. */
  readonly index: number;
  readonly row: number;
  readonly column: number;
  readonly actual: number;
  readonly expected: number;
  /** All of this in words, for an assertion. */
  readonly message: string;
}

/**
 * The element that differs most, in tolerances: |actual - expected| / (tolerance * max(|expected|, rms)). NaN agrees
 * with NaN and an infinity with the same one. Where all expected elements are 0, so must the actual ones be.
 *
 * @example
 * const worst = compare(y, expected, tolerance({ terms: units, steps }));
 * expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
 * @param actual   as many numbers as `expected` has, row by row
 * @param relative from {@link tolerance}
 * @throws {ShapeError} `length_mismatch` when the lengths differ
 */
export function compare(
  actual: ArrayLike<number>,
  expected: Matrix,
  relative: number,
  options: ComparisonOptions = {},
): Comparison {
  if (actual.length !== expected.data.length) {
    const shape = `[${expected.rows}, ${expected.columns}]`;
    throw new ShapeError('length_mismatch', `${actual.length} actual elements, expected the shape ${shape}`);
  }
  const scales = rowScales(expected, options);
  let worst = { ratio: -1, index: 0 };
  for (let row = 0, index = 0; row < expected.rows; row++) {
    const scale = element(scales, row);
    for (let column = 0; column < expected.columns; column++, index++) {
      const ratio = errorRatio(actual[index] as number, expected.data[index] as number, scale, relative);
      if (ratio > worst.ratio) worst = { ratio, index };
    }
  }
  return actual.length === 0 ? nothing : describe(worst, actual, expected);
}

const nothing: Comparison = {
  ratio: 0,
  index: -1,
  row: -1,
  column: -1,
  actual: Number.NaN,
  expected: Number.NaN,
  message: 'no elements',
};

function describe(worst: { ratio: number; index: number }, actual: ArrayLike<number>, expected: Matrix): Comparison {
  const { ratio, index } = worst;
  const row = Math.floor(index / expected.columns);
  const column = index % expected.columns;
  const values = { actual: element(actual, index), expected: element(expected.data, index) };
  const place = `[${row}, ${column}] of [${expected.rows}, ${expected.columns}]`;
  const message = `element ${place} is ${values.actual}, expected ${values.expected}: ${ratio} tolerances`;
  return { ratio, index, row, column, ...values, message };
}

function errorRatio(actual: number, expected: number, scale: number, relative: number): number {
  if (Object.is(actual, expected) || actual === expected) {
    return 0;
  }
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) {
    return Number.POSITIVE_INFINITY;
  }
  const error = Math.abs(actual - expected);
  return error <= underflow ? 0 : error / (relative * Math.max(Math.abs(expected), scale));
}

/** The scale of every row. */
function rowScales(expected: Matrix, options: ComparisonOptions): number[] {
  const { scale, batchSizes } = options;
  if (scale !== undefined) {
    return new Array<number>(expected.rows).fill(scale);
  }
  const groups = batchSizes?.reduce((sum, size) => sum + size, 0) === expected.rows ? batchSizes : undefined;
  const scales: number[] = [];
  for (const rows of groups ?? [expected.rows]) {
    const begin = scales.length * expected.columns;
    const rms = rootMeanSquare(expected.data.subarray(begin, begin + rows * expected.columns));
    scales.push(...new Array<number>(rows).fill(rms));
  }
  return scales;
}

/** Of the finite values; 0 when there are none. */
function rootMeanSquare(values: Float64Array): number {
  let [sum, count] = [0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
