import { describe, expect, it } from 'vitest';
import { compareGradient, innerProduct } from './gradient-check.js';
import { type Matrix, matrix } from './matrix.js';
import { RandomOperands } from './random-matrix.js';
import * as time from './time.js';

/** Lengths 3, 2, 1. Rows: a1 b1 c1, a2 b2, a3. */
const batchSizes = [3, 2, 1];
const x = matrix(6, 1, [1, 2, 3, 40, 50, -600]);
const ofSequences = matrix(3, 1, [6, 8, 10]);
const values = (source: Matrix) => [...source.data];

describe('the reference of the operations over time', () => {
  it('takes the last step of each sequence', () => {
    expect(values(time.lastStep({ x, batchSizes }).y)).toEqual([-600, 50, 3]);
    expect(values(time.lastStepBackward({ dy: ofSequences, batchSizes }).dx)).toEqual([0, 0, 10, 0, 8, 6]);
  });

  it('sums and repeats, and divides by the length of each sequence', () => {
    expect(values(time.sumOverTime({ x, mean: false, batchSizes }).y)).toEqual([-559, 52, 3]);
    expect(values(time.sumOverTime({ x, mean: true, batchSizes }).y)).toEqual([-559 / 3, 26, 3]);
    const repeated = (mean: boolean) => values(time.repeatOverTime({ x: ofSequences, mean, batchSizes }).y);
    expect(repeated(false)).toEqual([6, 8, 10, 6, 8, 6]);
    expect(repeated(true)).toEqual([2, 4, 10, 2, 4, 2]);
  });

  it('takes the maximum, and gives its gradient to the first step that has it', () => {
    const tied = matrix(6, 1, [7, 5, 3, 7, 6, 7]);
    const { y } = time.maxOverTime({ x: tied, batchSizes });
    expect(values(y)).toEqual([7, 6, 3]);
    expect(values(time.maxOverTimeBackward({ dy: ofSequences, x: tied, y, batchSizes }).dx)).toEqual([
      6, 0, 10, 0, 8, 0,
    ]);
  });

  it('lets NaN through, with the gradient of its first step', () => {
    const broken = matrix(6, 1, [7, Number.NaN, 3, Number.NaN, 6, Number.NaN]);
    const { y } = time.maxOverTime({ x: broken, batchSizes });
    expect(values(y)).toEqual([Number.NaN, Number.NaN, 3]);
    expect(values(time.maxOverTimeBackward({ dy: ofSequences, x: broken, y, batchSizes }).dx)).toEqual([
      0, 8, 10, 6, 0, 0,
    ]);
  });

  it('multiplies every step by the row of its sequence', () => {
    expect(values(time.multiplySequence({ x, mask: ofSequences, batchSizes }).y)).toEqual([6, 16, 30, 240, 400, -3600]);
  });

  it('rejects a matrix of another number of rows', () => {
    expect(() => time.lastStep({ x: ofSequences, batchSizes })).toThrow('x is [3, 1]');
    expect(() => time.repeatOverTime({ x, mean: false, batchSizes })).toThrow('x is [6, 1]');
    expect(() => time.multiplySequence({ x, mask: x, batchSizes })).toThrow('mask is [6, 1]');
  });

  it('has the gradients of central differences', () => {
    const random = new RandomOperands(3);
    const steps = random.matrix(6, 4);
    const dy = random.matrix(3, 4);
    const expectGradient = (gradient: Matrix, objective: () => number) => {
      const worst = compareGradient(gradient, steps, objective);
      expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    };
    const { y } = time.maxOverTime({ x: steps, batchSizes });
    expectGradient(time.maxOverTimeBackward({ dy, x: steps, y, batchSizes }).dx, () =>
      innerProduct(time.maxOverTime({ x: steps, batchSizes }).y, dy),
    );
    expectGradient(time.lastStepBackward({ dy, batchSizes }).dx, () =>
      innerProduct(time.lastStep({ x: steps, batchSizes }).y, dy),
    );
    for (const mean of [false, true]) {
      expectGradient(time.repeatOverTime({ x: dy, mean, batchSizes }).y, () =>
        innerProduct(time.sumOverTime({ x: steps, mean, batchSizes }).y, dy),
      );
    }
  });
});
