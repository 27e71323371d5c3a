import { describe, expect, it } from 'vitest';
import { compareGradient } from './gradient-check.js';
import { at, type Matrix, matrix, scalar } from './matrix.js';
import * as penalties from './penalties.js';
import { RandomOperands } from './random-matrix.js';

/** Lengths 3, 2, 1. Rows: a1 b1 c1, a2 b2, a3. */
const batchSizes = [3, 2, 1];

describe('the reference of the penalties', () => {
  it('averages the squares of all elements', () => {
    expect([...penalties.meanSquare({ x: matrix(2, 2, [1, -2, 3, 4]) }).loss.data]).toEqual([7.5]);
  });

  it('averages the squares of the changes within each sequence', () => {
    const x = matrix(6, 1, [1, 2, 3, 4, 0, 10]);
    // a: 3 and 6, b: -2
    expect([...penalties.temporalDifference({ x, batchSizes }).loss.data]).toEqual([49 / 3]);
  });

  it('has the loss 0 and no gradient when no step has a predecessor', () => {
    const x = matrix(2, 1, [1, 2]);
    expect([...penalties.temporalDifference({ x, batchSizes: [2] }).loss.data]).toEqual([0]);
    const { dx } = penalties.temporalDifferenceBackward({ dloss: scalar(1), x, batchSizes: [2] });
    expect([...dx.data]).toEqual([0, 0]);
  });

  it('has the gradients of central differences', () => {
    const x = new RandomOperands(1).matrix(6, 3);
    const dloss = scalar(-1.3);
    const expectGradient = (gradient: Matrix, loss: () => Matrix) => {
      const worst = compareGradient(gradient, x, () => -1.3 * at(loss(), 0, 0));
      expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    };
    expectGradient(penalties.meanSquareBackward({ dloss, x }).dx, () => penalties.meanSquare({ x }).loss);
    expectGradient(
      penalties.temporalDifferenceBackward({ dloss, x, batchSizes }).dx,
      () => penalties.temporalDifference({ x, batchSizes }).loss,
    );
  });
});
