/**
 * The only value of the reference implementation: a row-major matrix in double precision. A vector is one row, a
 * number is 1x1. Every access is checked, so that a wrong index is an error and never a NaN. Never optimised.
 */

import { ShapeError } from '../../src/core/errors.js';

/** Row-major [rows, columns] in double precision. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/**
 * A matrix that owns a copy of `values` (row by row), for example of a Float32Array given to a kernel.
 *
 * @throws {ShapeError} `length_mismatch` when `values` does not hold rows * columns numbers
 */
export function matrix(rows: number, columns: number, values: ArrayLike<number>): Matrix {
  if (values.length !== rows * columns) {
    throw new ShapeError('length_mismatch', `a [${rows}, ${columns}] matrix was given ${values.length} values`);
  }
  return { rows, columns, data: Float64Array.from(values) };
}

/** [rows, columns] of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** One row, [1, values.length]. */
export function vector(values: ArrayLike<number>): Matrix {
  return matrix(1, values.length, values);
}

/** [1, 1]. */
export function scalar(value: number): Matrix {
  return matrix(1, 1, [value]);
}

/** A copy that shares nothing with `source`. */
export function copy(source: Matrix): Matrix {
  return matrix(source.rows, source.columns, source.data);
}

/** The same shape, with `f(value, index)` of every element. */
export function mapElements(source: Matrix, f: (value: number, index: number) => number): Matrix {
  return { rows: source.rows, columns: source.columns, data: source.data.map(f) };
}

/**
 * Element [row, column].
 *
 * @throws {ShapeError} `shape_mismatch` outside the matrix
 */
export function at(source: Matrix, row: number, column: number): number {
  return source.data[offsetOf(source, row, column)] as number;
}

/** Element [row, column] of an optional operand: 0 when the operand is absent. */
export function atOrZero(source: Matrix | undefined, row: number, column: number): number {
  return source === undefined ? 0 : at(source, row, column);
}

/** Assigns element [row, column]. */
export function put(target: Matrix, row: number, column: number, value: number): void {
  target.data[offsetOf(target, row, column)] = value;
}

/** Adds to element [row, column]. */
export function accumulate(target: Matrix, row: number, column: number, value: number): void {
  const offset = offsetOf(target, row, column);
  target.data[offset] = (target.data[offset] as number) + value;
}

/**
 * Element `index` of a list of numbers.
 *
 * @throws {ShapeError} `length_mismatch` past its end
 */
export function element(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) {
    throw new ShapeError('length_mismatch', `index ${index} is outside a list of ${values.length} numbers`);
  }
  return value;
}

/**
 * Checks the shape of an operand; an absent optional operand passes.
 *
 * @throws {ShapeError} `shape_mismatch` with the name and both shapes
 */
export function requireShape(name: string, operand: Matrix | undefined, rows: number, columns: number): void {
  if (operand !== undefined && (operand.rows !== rows || operand.columns !== columns)) {
    const actual = `[${operand.rows}, ${operand.columns}]`;
    throw new ShapeError('shape_mismatch', `${name} is ${actual}, expected [${rows}, ${columns}]`);
  }
}

function offsetOf(source: Matrix, row: number, column: number): number {
  if (!(row >= 0 && row < source.rows && column >= 0 && column < source.columns)) {
    const shape = `[${source.rows}, ${source.columns}]`;
    throw new ShapeError('shape_mismatch', `element [${row}, ${column}] is outside a ${shape} matrix`);
  }
  return row * source.columns + column;
}
