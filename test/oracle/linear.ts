/** Reference of the products: linear, weightGradient, biasGradient. Letters: R rows, K inputs, O outputs. */

import { accumulate, at, atOrZero, type Matrix, put, requireShape, zeros } from './matrix.js';

/**
 * y = x w^T + b, or y = x w + b when transposed.
 *
 * @param operands.x [R,K]
 * @param operands.w [O,K]; transposed: [K,O]
 * @param operands.b [1,O], absent means zeros
 * @returns y [R,O]
 */
export function linear(operands: { x: Matrix; w: Matrix; b?: Matrix | undefined; transposed?: boolean | undefined }): {
  y: Matrix;
} {
  const { x, w, b, transposed = false } = operands;
  const outputs = transposed ? w.columns : w.rows;
  requireShape('w', w, transposed ? x.columns : outputs, transposed ? outputs : x.columns);
  requireShape('b', b, 1, outputs);
  const y = zeros(x.rows, outputs);
  for (let row = 0; row < x.rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let k = 0; k < x.columns; k++) {
        sum += at(x, row, k) * (transposed ? at(w, k, output) : at(w, output, k));
      }
      put(y, row, output, sum + atOrZero(b, 0, output));
    }
  }
  return { y };
}

/**
 * dW = dy^T x.
 *
 * @param operands.dy [R,O]
 * @param operands.x  [R,K]
 * @returns dW [O,K]
 */
export function weightGradient({ dy, x }: { dy: Matrix; x: Matrix }): { dW: Matrix } {
  requireShape('dy', dy, x.rows, dy.columns);
  const dW = zeros(dy.columns, x.columns);
  for (let row = 0; row < x.rows; row++) {
    for (let output = 0; output < dy.columns; output++) {
      const factor = at(dy, row, output);
      for (let k = 0; k < x.columns; k++) {
        accumulate(dW, output, k, factor * at(x, row, k));
      }
    }
  }
  return { dW };
}

/**
 * db = sum of dy over the rows.
 *
 * @param operands.dy [R,O]
 * @returns db [1,O]
 */
export function biasGradient({ dy }: { dy: Matrix }): { db: Matrix } {
  const db = zeros(1, dy.columns);
  for (let row = 0; row < dy.rows; row++) {
    for (let output = 0; output < dy.columns; output++) {
      accumulate(db, 0, output, at(dy, row, output));
    }
  }
  return { db };
}
