/** Reference of the operations that join or repeat steps. Letters: N packed rows, B sequences, F columns. */

import { accumulate, at, type Matrix, put, requireShape, zeros } from './matrix.js';
import { type PackedStep, packedSteps, rowCount, sequenceCount } from './packed.js';

/** Operands of an operation that looks across time. */
interface OverTime {
  readonly x: Matrix;
  readonly batchSizes: readonly number[];
}

/** The steps of every sequence, each from the first to the last. */
function sequences(batchSizes: readonly number[]): PackedStep[][] {
  const steps = packedSteps(batchSizes);
  return Array.from({ length: sequenceCount(batchSizes) }, (_, b) => steps.filter(({ sequence }) => sequence === b));
}

/**
 * For each sequence and column: visit(its steps, sequence, column).
 *
 * @param columns number of columns
 */
function eachColumn(
  batchSizes: readonly number[],
  columns: number,
  visit: (steps: readonly PackedStep[], sequence: number, column: number) => void,
): void {
  for (const [sequence, steps] of sequences(batchSizes).entries()) {
    for (let column = 0; column < columns; column++) visit(steps, sequence, column);
  }
}

/**
 * y = the row of the first step of each sequence.
 *
 * @param operands.x [N,F]
 * @returns y [B,F]
 */
export function firstStep({ x, batchSizes }: OverTime): { y: Matrix } {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  const y = zeros(sequenceCount(batchSizes), x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    for (const { row, time } of steps) if (time === 0) put(y, sequence, column, at(x, row, column));
  });
  return { y };
}

/**
 * dx = dy in the row of the first step of each sequence, 0 elsewhere.
 *
 * @param operands.dy [B,F]
 * @returns dx [N,F]
 */
export function firstStepBackward({ dy, batchSizes }: { dy: Matrix; batchSizes: readonly number[] }): { dx: Matrix } {
  requireShape('dy', dy, sequenceCount(batchSizes), dy.columns);
  const dx = zeros(rowCount(batchSizes), dy.columns);
  eachColumn(batchSizes, dy.columns, (steps, sequence, column) => {
    for (const { row, time } of steps) if (time === 0) put(dx, row, column, at(dy, sequence, column));
  });
  return { dx };
}

/**
 * y = the row of the last step of each sequence.
 *
 * @param operands.x [N,F]
 * @returns y [B,F]
 */
export function lastStep({ x, batchSizes }: OverTime): { y: Matrix } {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  const y = zeros(sequenceCount(batchSizes), x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    for (const { row, isLast } of steps) if (isLast) put(y, sequence, column, at(x, row, column));
  });
  return { y };
}

/**
 * dx = dy in the row of the last step of each sequence, 0 elsewhere.
 *
 * @param operands.dy [B,F]
 * @returns dx [N,F]
 */
export function lastStepBackward({ dy, batchSizes }: { dy: Matrix; batchSizes: readonly number[] }): { dx: Matrix } {
  requireShape('dy', dy, sequenceCount(batchSizes), dy.columns);
  const dx = zeros(rowCount(batchSizes), dy.columns);
  eachColumn(batchSizes, dy.columns, (steps, sequence, column) => {
    for (const { row, isLast } of steps) if (isLast) put(dx, row, column, at(dy, sequence, column));
  });
  return { dx };
}

/**
 * y = the largest x of all steps of each sequence; NaN where one of them is NaN.
 *
 * @param operands.x [N,F]
 * @returns y [B,F]
 */
export function maxOverTime({ x, batchSizes }: OverTime): { y: Matrix } {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  const y = zeros(sequenceCount(batchSizes), x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    put(y, sequence, column, Math.max(...steps.map(({ row }) => at(x, row, column))));
  });
  return { y };
}

/**
 * dx = dy in the first row that holds the maximum of its sequence, or its first NaN; 0 elsewhere.
 *
 * @param operands.dy [B,F]
 * @param operands.x  [N,F]
 * @param operands.y  [B,F] from the forward pass
 * @returns dx [N,F]
 */
export function maxOverTimeBackward(operands: OverTime & { dy: Matrix; y: Matrix }): { dx: Matrix } {
  const { dy, x, y, batchSizes } = operands;
  requireShape('x', x, rowCount(batchSizes), x.columns);
  for (const [name, value] of Object.entries({ dy, y })) {
    requireShape(name, value, sequenceCount(batchSizes), x.columns);
  }
  const dx = zeros(x.rows, x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    const most = at(y, sequence, column);
    const isMost = (value: number): boolean => value === most || (Number.isNaN(value) && Number.isNaN(most));
    const first = steps.find(({ row }) => isMost(at(x, row, column)));
    if (first !== undefined) put(dx, first.row, column, at(dy, sequence, column));
  });
  return { dx };
}

/**
 * y = the sum of x over the steps of each sequence; with `mean`, divided by its length.
 *
 * @param operands.x [N,F]
 * @returns y [B,F]
 */
export function sumOverTime({ x, mean, batchSizes }: OverTime & { mean: boolean }): { y: Matrix } {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  const y = zeros(sequenceCount(batchSizes), x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    for (const { row } of steps) accumulate(y, sequence, column, at(x, row, column));
    if (mean) put(y, sequence, column, at(y, sequence, column) / steps.length);
  });
  return { y };
}

/**
 * y = the row of x that belongs to the sequence, at each of its steps; with `mean`, divided by its length.
 *
 * @param operands.x [B,F]
 * @returns y [N,F]
 */
export function repeatOverTime({ x, mean, batchSizes }: OverTime & { mean: boolean }): { y: Matrix } {
  requireShape('x', x, sequenceCount(batchSizes), x.columns);
  const y = zeros(rowCount(batchSizes), x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    const value = at(x, sequence, column) / (mean ? steps.length : 1);
    for (const { row } of steps) put(y, row, column, value);
  });
  return { y };
}

/**
 * y = x * mask, where the mask has a row for each sequence.
 *
 * @param operands.x    [N,F]
 * @param operands.mask [B,F]
 * @returns y [N,F]
 */
export function multiplySequence({ x, mask, batchSizes }: OverTime & { mask: Matrix }): { y: Matrix } {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  requireShape('mask', mask, sequenceCount(batchSizes), x.columns);
  const y = zeros(x.rows, x.columns);
  eachColumn(batchSizes, x.columns, (steps, sequence, column) => {
    for (const { row } of steps) put(y, row, column, at(x, row, column) * at(mask, sequence, column));
  });
  return { y };
}
