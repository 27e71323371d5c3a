/** Reference of the operations that join, cut and choose columns. Letters: R rows, A, B, C, D columns. */

import { accumulate, at, type Matrix, put, requireShape, zeros } from './matrix.js';

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

/**
 * y = the columns of x that the indices name, zeros where an index is -1.
 *
 * @param operands.x       [R,C]
 * @param operands.columns [1,D]
 * @returns y [R,D]
 */
export function gatherColumns({ x, columns }: { x: Matrix; columns: Int32Array }): { y: Matrix } {
  const y = zeros(x.rows, columns.length);
  for (let row = 0; row < x.rows; row++) {
    for (const [column, from] of columns.entries()) if (from >= 0) put(y, row, column, at(x, row, from));
  }
  return { y };
}

/**
 * dx = for each column the sum of dy over the places that name it.
 *
 * @param operands.dy      [R,D]
 * @param operands.columns [1,D]
 * @param operands.width   C
 * @returns dx [R,C]
 */
export function gatherColumnsBackward(operands: { dy: Matrix; columns: Int32Array; width: number }): { dx: Matrix } {
  const { dy, columns, width } = operands;
  requireShape('dy', dy, dy.rows, columns.length);
  const dx = zeros(dy.rows, width);
  for (let row = 0; row < dy.rows; row++) {
    for (const [column, to] of columns.entries()) if (to >= 0) accumulate(dx, row, to, at(dy, row, column));
  }
  return { dx };
}

/** The largest of a row; NaN where one is. */
function mostOf(x: Matrix, row: number): number {
  return Math.max(...Array.from({ length: x.columns }, (_, column) => at(x, row, column)));
}

/**
 * y = the largest entry of each row; NaN where one of them is NaN.
 *
 * @param operands.x [R,C]
 * @returns y [R,1]
 */
export function maxOverColumns({ x }: { x: Matrix }): { y: Matrix } {
  const y = zeros(x.rows, 1);
  for (let row = 0; row < x.rows; row++) put(y, row, 0, mostOf(x, row));
  return { y };
}

/**
 * dx = dy in the first column that holds the largest entry of its row, or its first NaN; 0 elsewhere.
 *
 * @param operands.dy [R,1]
 * @param operands.x  [R,C]
 * @param operands.y  [R,1] from the forward pass
 * @returns dx [R,C]
 */
export function maxOverColumnsBackward({ dy, x, y }: { dy: Matrix; x: Matrix; y: Matrix }): { dx: Matrix } {
  for (const [name, value] of Object.entries({ dy, y })) requireShape(name, value, x.rows, 1);
  const dx = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const most = at(y, row, 0);
    for (let column = 0; column < x.columns; column++) {
      const value = at(x, row, column);
      if (value !== most && !(Number.isNaN(value) && Number.isNaN(most))) continue;
      put(dx, row, column, at(dy, row, 0));
      break;
    }
  }
  return { dx };
}
