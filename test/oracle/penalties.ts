/** Reference of the penalties on activations. Letters: R rows, C columns, N packed rows, F columns. */

import { accumulate, at, type Matrix, mapElements, put, requireShape, scalar, zeros } from './matrix.js';
import { packedSteps, rowCount } from './packed.js';

/** The sum of every row: row by row, a long sum of positive terms has a smaller rounding error. */
function rowSums(source: Matrix): number[] {
  return Array.from({ length: source.rows }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < source.columns; column++) sum += at(source, row, column);
    return sum;
  });
}

/**
 * loss = mean over all elements of x^2.
 *
 * @param operands.x [R,C]
 * @returns loss [1,1]
 */
export function meanSquare({ x }: { x: Matrix }): { loss: Matrix } {
  const sums = rowSums(mapElements(x, (value) => value * value));
  return { loss: scalar(sums.reduce((sum, value) => sum + value, 0) / x.data.length) };
}

/**
 * dx = dloss * 2 * x / elements.
 *
 * @param operands.dloss [1,1]
 * @param operands.x     [R,C]
 * @returns dx [R,C]
 */
export function meanSquareBackward({ dloss, x }: { dloss: Matrix; x: Matrix }): { dx: Matrix } {
  requireShape('dloss', dloss, 1, 1);
  return { dx: mapElements(x, (value) => (2 * at(dloss, 0, 0) * value) / x.data.length) };
}

/** Every element of a step that has a predecessor, as rows of both and column. */
function pairs(x: Matrix, batchSizes: readonly number[]): { row: number; previousRow: number; column: number }[] {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  return packedSteps(batchSizes).flatMap(({ row, previousRow }) =>
    previousRow === undefined ? [] : Array.from({ length: x.columns }, (_, column) => ({ row, previousRow, column })),
  );
}

/**
 * loss = mean of (x[t] - x[t-1])^2 over the elements of all steps that have a predecessor; 0 when none has.
 *
 * @param operands.x [N,F]
 * @returns loss [1,1]
 */
export function temporalDifference({ x, batchSizes }: { x: Matrix; batchSizes: readonly number[] }): { loss: Matrix } {
  const all = pairs(x, batchSizes);
  const squares = zeros(x.rows, x.columns);
  for (const { row, previousRow, column } of all) {
    put(squares, row, column, (at(x, row, column) - at(x, previousRow, column)) ** 2);
  }
  const sum = rowSums(squares).reduce((total, value) => total + value, 0);
  return { loss: scalar(all.length === 0 ? 0 : sum / all.length) };
}

/**
 * dx: every difference gives its gradient to one of its steps and takes it from the other.
 *
 * @param operands.dloss [1,1]
 * @param operands.x     [N,F]
 * @returns dx [N,F]
 */
export function temporalDifferenceBackward(operands: { dloss: Matrix; x: Matrix; batchSizes: readonly number[] }): {
  dx: Matrix;
} {
  const { dloss, x, batchSizes } = operands;
  requireShape('dloss', dloss, 1, 1);
  const all = pairs(x, batchSizes);
  const dx = zeros(x.rows, x.columns);
  for (const { row, previousRow, column } of all) {
    const slope = (2 * at(dloss, 0, 0) * (at(x, row, column) - at(x, previousRow, column))) / all.length;
    accumulate(dx, row, column, slope);
    accumulate(dx, previousRow, column, -slope);
  }
  return { dx };
}
