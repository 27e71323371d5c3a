/**
 * Reference of the statistics of columns and of normalization by them. Letters: R rows, C columns.
 * Source: Ioffe, Szegedy, "Batch normalization", 2015.
 */
import { at, atOrZero, type Matrix, put, requireShape, zeros } from './matrix.js';

/** [1,C] of f(column). */
function byColumn(columns: number, f: (column: number) => number): Matrix {
  const result = zeros(1, columns);
  for (let column = 0; column < columns; column++) put(result, 0, column, f(column));
  return result;
}

/** [R,C] of f(row, column). */
function byElement({ rows, columns }: Matrix, f: (row: number, column: number) => number): Matrix {
  const result = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) put(result, row, column, f(row, column));
  }
  return result;
}

function sum(rows: number, f: (row: number) => number): number {
  let total = 0;
  for (let row = 0; row < rows; row++) total += f(row);
  return total;
}

const gainOf = (gain: Matrix | undefined, column: number) => (gain === undefined ? 1 : at(gain, 0, column));

/**
 * Mean and variance of each column.
 *
 * @param operands.x [R,C]
 * @returns mean [1,C], variance [1,C] with the divisor R, unbiased [1,C] with R - 1 (0 of a single row)
 */
export function columnMoments({ x }: { x: Matrix }): { mean: Matrix; variance: Matrix; unbiased: Matrix } {
  const mean = byColumn(x.columns, (column) => sum(x.rows, (row) => at(x, row, column)) / x.rows);
  const squares = byColumn(x.columns, (column) =>
    sum(x.rows, (row) => (at(x, row, column) - at(mean, 0, column)) ** 2),
  );
  const dividedBy = (divisor: number) => byColumn(x.columns, (column) => at(squares, 0, column) / divisor);
  return { mean, variance: dividedBy(x.rows), unbiased: dividedBy(Math.max(1, x.rows - 1)) };
}

/**
 * dx = dmean / R + dvariance * 2 (x - mean) / R.
 *
 * @param operands.x [R,C]
 * @param operands.mean [1,C]
 * @param operands.dmean [1,C]; absent means zeros
 * @param operands.dvariance [1,C]; absent means zeros
 * @returns dx [R,C]
 */
export function columnMomentsBackward(operands: {
  x: Matrix;
  mean: Matrix;
  dmean: Matrix | undefined;
  dvariance: Matrix | undefined;
}): { dx: Matrix } {
  const { x, mean, dmean, dvariance } = operands;
  for (const [name, each] of Object.entries({ mean, dmean, dvariance })) requireShape(name, each, 1, x.columns);
  const dx = byElement(x, (row, column) => {
    const slope = 2 * atOrZero(dvariance, 0, column) * (at(x, row, column) - at(mean, 0, column));
    return (atOrZero(dmean, 0, column) + slope) / x.rows;
  });
  return { dx };
}

/** Statistics that are given, [1,C] each. */
interface Statistics {
  readonly mean: Matrix;
  readonly variance: Matrix;
  /** Absent means ones. */
  readonly gain: Matrix | undefined;
  readonly epsilon: number;
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gain + shift.
 *
 * @param operands.x [R,C]
 * @param operands.shift [1,C]; absent means zeros
 * @returns y [R,C]
 */
export function batchNormalization(operands: Statistics & { x: Matrix; shift: Matrix | undefined }): { y: Matrix } {
  const { x, mean, variance, gain, shift, epsilon } = operands;
  for (const [name, each] of Object.entries({ mean, variance, gain, shift })) requireShape(name, each, 1, x.columns);
  const y = byElement(x, (row, column) => {
    const normalized = (at(x, row, column) - at(mean, 0, column)) / Math.sqrt(at(variance, 0, column) + epsilon);
    return normalized * gainOf(gain, column) + atOrZero(shift, 0, column);
  });
  return { y };
}

/**
 * dx where the statistics do not depend on x.
 *
 * @param operands.dy [R,C]
 * @returns dx [R,C]
 */
export function batchNormalizationBackward(operands: Omit<Statistics, 'mean'> & { dy: Matrix }): { dx: Matrix } {
  const { dy, variance, gain, epsilon } = operands;
  for (const [name, each] of Object.entries({ variance, gain })) requireShape(name, each, 1, dy.columns);
  const dx = byElement(dy, (row, column) => {
    return (at(dy, row, column) * gainOf(gain, column)) / Math.sqrt(at(variance, 0, column) + epsilon);
  });
  return { dx };
}

/**
 * The gradients of the statistics and of the gain, from the derivatives of y with respect to each.
 *
 * @param operands.dy [R,C]
 * @param operands.x [R,C]
 * @returns dmean [1,C], dvariance [1,C], dgain [1,C]
 */
export function batchNormalizationSums(operands: Statistics & { dy: Matrix; x: Matrix }): Record<string, Matrix> {
  const { dy, x, mean, variance, gain, epsilon } = operands;
  requireShape('x', x, dy.rows, dy.columns);
  for (const [name, each] of Object.entries({ mean, variance, gain })) requireShape(name, each, 1, dy.columns);
  const deviation = (column: number) => Math.sqrt(at(variance, 0, column) + epsilon);
  const products = (column: number) =>
    sum(dy.rows, (row) => at(dy, row, column) * (at(x, row, column) - at(mean, 0, column)));
  return {
    dmean: byColumn(dy.columns, (column) => {
      return (-gainOf(gain, column) * sum(dy.rows, (row) => at(dy, row, column))) / deviation(column);
    }),
    dvariance: byColumn(dy.columns, (column) => {
      return (-gainOf(gain, column) * products(column)) / 2 / deviation(column) ** 3;
    }),
    dgain: byColumn(dy.columns, (column) => products(column) / deviation(column)),
  };
}
