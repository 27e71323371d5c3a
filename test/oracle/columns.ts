/** Reference of the operations that join and cut columns. Letters: R rows, A, B, C, D columns. */

import { at, type Matrix, put, requireShape, zeros } from './matrix.js';

/**
 * y = [a, b], side by side.
 *
 * @param operands.a [R,A]
 * @param operands.b [R,B]
 * @returns y [R,A+B]
 */
export function concatenate({ a, b }: { a: Matrix; b: Matrix }): { y: Matrix } {
  requireShape('b', b, a.rows, b.columns);
  const y = zeros(a.rows, a.columns + b.columns);
  for (let row = 0; row < a.rows; row++) {
    for (let column = 0; column < y.columns; column++) {
      const fromA = column < a.columns;
      put(y, row, column, fromA ? at(a, row, column) : at(b, row, column - a.columns));
    }
  }
  return { y };
}

/**
 * y = the columns begin .. begin + columns of x.
 *
 * @param operands.x       [R,C]
 * @param operands.columns D
 * @returns y [R,D]
 */
export function slice({ x, begin, columns }: { x: Matrix; begin: number; columns: number }): { y: Matrix } {
  const y = zeros(x.rows, columns);
  for (let row = 0; row < x.rows; row++) {
    for (let column = 0; column < columns; column++) {
      put(y, row, column, at(x, row, begin + column));
    }
  }
  return { y };
}

/**
 * dx = dy in the columns begin .. begin + D, zeros elsewhere.
 *
 * @param operands.dy      [R,D]
 * @param operands.columns C, the width of the whole
 * @returns dx [R,C]
 */
export function sliceBackward({ dy, begin, columns }: { dy: Matrix; begin: number; columns: number }): {
  dx: Matrix;
} {
  const dx = zeros(dy.rows, columns);
  for (let row = 0; row < dy.rows; row++) {
    for (let column = 0; column < dy.columns; column++) {
      put(dx, row, begin + column, at(dy, row, column));
    }
  }
  return { dx };
}
