import { describe, expect, it } from 'vitest';
import { compareGradient, innerProduct } from './gradient-check.js';
import { at, matrix, vector } from './matrix.js';
import { layerNormalization, layerNormalizationBackward, normalizationGainGradient } from './normalization.js';
import { RandomOperands } from './random-matrix.js';

describe('the reference of layer normalization', () => {
  it('subtracts the mean of a row and divides by its biased deviation', () => {
    // Row 0: mean 3, variance 8/3. Row 1: all equal.
    const x = matrix(2, 3, [1, 3, 5, 7, 7, 7]);
    const { y } = layerNormalization({ x, gain: vector([1, 1, 2]), shift: vector([0, 10, 20]), epsilon: 1 / 3 });
    const side = 2 / Math.sqrt(3);
    const expected = [-side, 10, 20 + 2 * side, 0, 10, 20];
    expect([...y.data]).toEqual(expected.map((value) => expect.closeTo(value, 14)));
  });

  it('is the same for rows that are shifted and stretched', () => {
    const x = new RandomOperands(1).matrix(1, 9);
    const moved = matrix(
      1,
      9,
      x.data.map((value) => 40 - 3 * value),
    );
    const gain = vector(new Array<number>(9).fill(1));
    const run = (values: typeof x) => layerNormalization({ x: values, gain, shift: undefined, epsilon: 0 }).y;
    expect([...run(moved).data]).toEqual([...run(x).data].map((value) => expect.closeTo(-value, 12)));
  });

  it('rejects a gain of another width', () => {
    const x = matrix(1, 2, [1, 2]);
    expect(() => layerNormalization({ x, gain: vector([1]), shift: undefined, epsilon: 0.1 })).toThrow(
      'gain is [1, 1]',
    );
  });

  it.each([1, 2, 5])('has the gradients of central differences with %i columns', (columns) => {
    const random = new RandomOperands(columns);
    const [x, dy] = [random.matrix(3, columns, -2, 2), random.matrix(3, columns)];
    const [gain, shift] = [random.matrix(1, columns), random.matrix(1, columns)];
    const epsilon = 0.01;
    const objective = () => innerProduct(layerNormalization({ x, gain, shift, epsilon }).y, dy);
    const { dx } = layerNormalizationBackward({ dy, x, gain, epsilon });
    const { dgain } = normalizationGainGradient({ dy, x, epsilon });
    for (const [gradient, variable] of [
      [dx, x],
      [dgain, gain],
    ] as const) {
      const worst = compareGradient(gradient, variable, objective);
      expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    }
    expect(at(dx, 0, 0) === 0).toBe(columns === 1);
  });
});
