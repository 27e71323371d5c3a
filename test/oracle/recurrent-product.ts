/** The two products that every recurrent operation repeats at each step. G gate rows (gates * H), H units. */

import { at, atOrZero, type Matrix } from './matrix.js';

/**
 * One row of R h + bR.
 *
 * @param R    [G,H]
 * @param bR   [1,G], absent means zeros
 * @param row  which row of R
 * @param unit value of h for a unit
 */
export function recurrentSum(R: Matrix, bR: Matrix | undefined, row: number, unit: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < R.columns; k++) {
    sum += at(R, row, k) * unit(k);
  }
  return sum + atOrZero(bR, 0, row);
}

/**
 * One unit of R^T d over the rows `begin` <= row < `end` of R: the part of the gradient of h that came through them.
 *
 * @param gradient value of d for a row of R
 */
export function recurrentGradient(
  R: Matrix,
  begin: number,
  end: number,
  unit: number,
  gradient: (row: number) => number,
): number {
  let sum = 0;
  for (let row = begin; row < end; row++) {
    sum += gradient(row) * at(R, row, unit);
  }
  return sum;
}
