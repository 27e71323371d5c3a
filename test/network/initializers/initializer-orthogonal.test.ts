import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { orthogonal } from '../../../src/network/initializers/orthogonal.js';
import { expectOrthogonal } from '../layers/initial-values.js';

describe('a random orthogonal matrix', () => {
  it.each([
    [6, 6],
    [3, 7],
    [7, 3],
    [1, 5],
    [96, 24],
    [1, 1],
  ])('of [%d, %d] has orthonormal rows, or columns where there are fewer of those', (rows, columns) => {
    const out = new Float32Array(rows * columns);
    orthogonal(out, rows, columns, new Random(1, 'orthogonal'));
    expectOrthogonal(out, rows, columns);
  });

  it('is on average nothing in particular: every element has mean 0 and variance 1 / the larger size', () => {
    const [rows, columns, draws] = [12, 4, 4000];
    const sums = new Float64Array(rows * columns);
    const squares = new Float64Array(rows * columns);
    const out = new Float32Array(rows * columns);
    const random = new Random(1, 'orthogonal');
    for (let draw = 0; draw < draws; draw++) {
      orthogonal(out, rows, columns, random);
      out.forEach((value, e) => {
        sums[e] = (sums[e] as number) + value;
        squares[e] = (squares[e] as number) + value ** 2;
      });
    }
    // On the sphere of n dimensions an element has variance 1/n, and its square has variance 2 (n-1) / (n² (n+2)).
    const deviationOfSquare = Math.sqrt((2 * (rows - 1)) / (rows ** 2 * (rows + 2)));
    for (const sum of sums) expect(Math.abs(sum / draws)).toBeLessThan(5 / Math.sqrt(rows * draws));
    for (const square of squares) {
      expect(Math.abs(square / draws - 1 / rows)).toBeLessThan((5 * deviationOfSquare) / Math.sqrt(draws));
    }
  });
});
