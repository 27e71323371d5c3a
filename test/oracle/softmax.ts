/** Reference of softmax and its logarithm over the columns of each row. Letters: R rows, C columns. */

import { at, type Matrix, put, requireShape, zeros } from './matrix.js';

/** log(sum over columns of exp(x)) of one row in two parts: the largest, and log(sum of exp(x - largest)). */
export interface LogSum {
  readonly largest: number;
  readonly log: number;
}

/** Both parts of the logarithm of a sum of exponentials. */
export function logSum(x: Matrix, row: number): LogSum {
  let maximum = Number.NEGATIVE_INFINITY;
  for (let column = 0; column < x.columns; column++) {
    maximum = Math.max(maximum, at(x, row, column));
  }
  let sum = 0;
  for (let column = 0; column < x.columns; column++) {
    sum += Math.exp(at(x, row, column) - maximum);
  }
  return { largest: maximum, log: Math.log(sum) };
}

/** log(sum over columns of exp(x)) of one row. */
export function logSumExp(x: Matrix, row: number): number {
  const { largest, log } = logSum(x, row);
  return largest + log;
}

/** Writes both parts into a row of lse [R,2]. */
export function putLogSum(lse: Matrix, row: number, { largest, log }: LogSum): void {
  put(lse, row, 0, largest);
  put(lse, row, 1, log);
}

/** exp(x) divided by the sum whose logarithm a row of lse [R,2] has. */
export function probability(x: number, lse: Matrix, row: number): number {
  return Math.exp(x - at(lse, row, 0) - at(lse, row, 1));
}

/**
 * y = exp(x) / sum of exp(x) over the columns.
 *
 * @param operands.x [R,C]
 * @returns y [R,C]
 */
export function softmax({ x }: { x: Matrix }): { y: Matrix } {
  const y = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const total = logSumExp(x, row);
    for (let column = 0; column < x.columns; column++) {
      put(y, row, column, Math.exp(at(x, row, column) - total));
    }
  }
  return { y };
}

/**
 * dx = y * (dy - sum over columns of dy*y).
 *
 * @param operands.dy [R,C]
 * @param operands.y  [R,C] from the forward pass
 * @returns dx [R,C]
 */
export function softmaxBackward({ dy, y }: { dy: Matrix; y: Matrix }): { dx: Matrix } {
  requireShape('dy', dy, y.rows, y.columns);
  const dx = zeros(y.rows, y.columns);
  for (let row = 0; row < y.rows; row++) {
    let dot = 0;
    for (let column = 0; column < y.columns; column++) {
      dot += at(dy, row, column) * at(y, row, column);
    }
    for (let column = 0; column < y.columns; column++) {
      put(dx, row, column, at(y, row, column) * (at(dy, row, column) - dot));
    }
  }
  return { dx };
}

/**
 * y = x - log(sum of exp(x) over the columns).
 *
 * @param operands.x [R,C]
 * @returns y [R,C]
 */
export function logSoftmax({ x }: { x: Matrix }): { y: Matrix } {
  const y = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const { largest, log } = logSum(x, row);
    for (let column = 0; column < x.columns; column++) put(y, row, column, at(x, row, column) - largest - log);
  }
  return { y };
}

/**
 * dx = dy - exp(y) * sum over columns of dy.
 *
 * @param operands.dy [R,C]
 * @param operands.y  [R,C] from the forward pass
 * @returns dx [R,C]
 */
export function logSoftmaxBackward({ dy, y }: { dy: Matrix; y: Matrix }): { dx: Matrix } {
  requireShape('dy', dy, y.rows, y.columns);
  const dx = zeros(y.rows, y.columns);
  for (let row = 0; row < y.rows; row++) {
    let sum = 0;
    for (let column = 0; column < y.columns; column++) sum += at(dy, row, column);
    for (let column = 0; column < y.columns; column++) {
      put(dx, row, column, at(dy, row, column) - Math.exp(at(y, row, column)) * sum);
    }
  }
  return { dx };
}
