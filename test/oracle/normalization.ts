/**
 * Reference of layer normalization and of its gradients. Letters: R rows, C columns.
 * Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
 */

import { at, atOrZero, type Matrix, mapElements, put, requireShape, zeros } from './matrix.js';

/** x with every row normalized, and 1 / sqrt(var + epsilon) of every row: the variance is the biased one. */
function normalized(x: Matrix, epsilon: number): { values: Matrix; inverseDeviations: number[] } {
  const values = zeros(x.rows, x.columns);
  const inverseDeviations: number[] = [];
  for (let row = 0; row < x.rows; row++) {
    const mean = meanOf(x, row, (value) => value);
    const inverse = 1 / Math.sqrt(meanOf(x, row, (value) => (value - mean) ** 2) + epsilon);
    inverseDeviations.push(inverse);
    for (let column = 0; column < x.columns; column++) {
      put(values, row, column, (at(x, row, column) - mean) * inverse);
    }
  }
  return { values, inverseDeviations };
}

/** Mean of f(value) over a row. */
function meanOf(source: Matrix, row: number, f: (value: number) => number): number {
  let sum = 0;
  for (let column = 0; column < source.columns; column++) sum += f(at(source, row, column));
  return sum / source.columns;
}

/**
 * y = LN(x) * gain + shift.
 *
 * @param operands.x     [R,C]
 * @param operands.gain  [1,C]
 * @param operands.shift [1,C]; absent means zeros
 * @returns y [R,C]
 */
export function layerNormalization(operands: { x: Matrix; gain: Matrix; shift: Matrix | undefined; epsilon: number }): {
  y: Matrix;
} {
  const { x, gain, shift, epsilon } = operands;
  requireShape('gain', gain, 1, x.columns);
  requireShape('shift', shift, 1, x.columns);
  const { values } = normalized(x, epsilon);
  const column = (index: number): number => index % x.columns;
  return {
    y: mapElements(values, (value, index) => value * at(gain, 0, column(index)) + atOrZero(shift, 0, column(index))),
  };
}

/**
 * dx from the Jacobian of one row: d LN(x)[i] / d x[j] = ((i === j) - 1/C - LN(x)[i] * LN(x)[j] / C) / deviation.
 *
 * @param operands.dy   [R,C]
 * @param operands.x    [R,C]
 * @param operands.gain [1,C]
 * @returns dx [R,C]
 */
export function layerNormalizationBackward(operands: { dy: Matrix; x: Matrix; gain: Matrix; epsilon: number }): {
  dx: Matrix;
} {
  const { dy, x, gain, epsilon } = operands;
  requireShape('dy', dy, x.rows, x.columns);
  requireShape('gain', gain, 1, x.columns);
  const { values, inverseDeviations } = normalized(x, epsilon);
  const dx = zeros(x.rows, x.columns);
  for (const [row, inverse] of inverseDeviations.entries()) {
    for (let j = 0; j < x.columns; j++) {
      let sum = 0;
      for (let i = 0; i < x.columns; i++) {
        const slope = (i === j ? 1 : 0) - (1 + at(values, row, i) * at(values, row, j)) / x.columns;
        sum += at(dy, row, i) * at(gain, 0, i) * slope;
      }
      put(dx, row, j, sum * inverse);
    }
  }
  return { dx };
}

/**
 * dgain = sum over rows of dy * LN(x).
 *
 * @param operands.dy [R,C]
 * @param operands.x  [R,C]
 * @returns dgain [1,C]
 */
export function normalizationGainGradient(operands: { dy: Matrix; x: Matrix; epsilon: number }): { dgain: Matrix } {
  const { dy, x, epsilon } = operands;
  requireShape('dy', dy, x.rows, x.columns);
  const { values } = normalized(x, epsilon);
  const dgain = zeros(1, x.columns);
  for (let column = 0; column < x.columns; column++) {
    let sum = 0;
    for (let row = 0; row < x.rows; row++) sum += at(dy, row, column) * at(values, row, column);
    put(dgain, 0, column, sum);
  }
  return { dgain };
}
