import { describe, expect, it } from 'vitest';
import { codeOf } from './activations.js';
import { linear } from './linear.js';
import { lstm, lstmBackward } from './lstm.js';
import { at, type Matrix, mapElements, matrix, vector, zeros } from './matrix.js';
import { rowCount } from './packed.js';
import { RandomOperands } from './random-matrix.js';
import { compare, float32Epsilon, tolerance } from './tolerance.js';

describe('the tolerance', () => {
  it('follows from the length of the sum', () => {
    expect(tolerance({ terms: 64 })).toBe(4 * 6 * float32Epsilon);
    expect(tolerance({ terms: 64, backward: true })).toBe(8 * 6 * float32Epsilon);
    expect(tolerance({ terms: 64, steps: 20 })).toBe(4 * 11 * float32Epsilon);
    expect(tolerance({ terms: 64, epsilon: 2 ** -52 })).toBe(24 * 2 ** -52);
    expect(tolerance({ terms: 1 })).toBe(4 * float32Epsilon);
    expect(() => tolerance({ terms: 0 })).toThrow('terms is 0');
    expect(() => tolerance({ terms: 1, steps: Number.NaN })).toThrow('steps is NaN');
  });
});

describe('the comparison', () => {
  const expected = matrix(2, 2, [3, -4, 0, 0]); // rms 2.5

  it('names the worst element', () => {
    const worst = compare(Float32Array.of(3, -4.5, 0.25, 0), expected, 0.1);
    expect(worst).toMatchObject({ index: 1, row: 0, column: 1, actual: -4.5, expected: -4 });
    expect(worst.ratio).toBeCloseTo(1.25, 12);
    expect(worst.message).toContain('[0, 1]');
  });

  it('is relative to the element where it is large and to the rms where it is small', () => {
    expect(compare([3, -4, 0.25, 0], expected, 0.1).ratio).toBeCloseTo(1, 12);
    expect(compare([3.3, -4, 0, 0], expected, 0.1).ratio).toBeCloseTo(1, 12);
  });

  it('has one rms for each time step when asked', () => {
    const fading = matrix(3, 1, [1000, 1000, 0.001]);
    const actual = [1000, 1000, 0.002];
    expect(compare(actual, fading, 1e-5).ratio).toBeLessThan(1);
    expect(compare(actual, fading, 1e-5, { batchSizes: [2, 1] })).toMatchObject({ index: 2 });
    expect(compare(actual, fading, 1e-5, { batchSizes: [2, 1] }).ratio).toBeCloseTo(1e5, 0);
    expect(compare(actual, fading, 1e-5, { batchSizes: [2, 2] }).ratio).toBeLessThan(1);
  });

  it('is relative to a given scale when the terms are known to be larger', () => {
    expect(compare([1.5], vector([1]), 0.01, { scale: 100 }).ratio).toBeCloseTo(0.5, 12);
  });

  it('accepts the same special values, and no others', () => {
    const special = vector([Number.NaN, Number.POSITIVE_INFINITY, 1]);
    expect(compare(special.data, special, 1e-6).ratio).toBe(0);
    for (const actual of [
      [0, Number.POSITIVE_INFINITY, 1],
      [Number.NaN, Number.NEGATIVE_INFINITY, 1],
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN],
    ]) {
      expect(compare(actual, special, 1e-6).ratio).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('wants exact zeros where everything is zero, apart from underflow', () => {
    expect(compare([0, -0], vector([0, 0]), 1e-6).ratio).toBe(0);
    expect(compare([1e-20, 0], vector([0, 0]), 1e-6).ratio).toBe(Number.POSITIVE_INFINITY);
    expect(compare([0], vector([1e-50]), 1e-6).ratio).toBe(0);
  });

  it('rejects another number of elements', () => {
    expect(() => compare([1], expected, 1e-6)).toThrow('1 actual elements');
  });
});

describe('tolerance and comparison together', () => {
  it.each([1, 2, 7, 64, 1024])('accept float32 sums of %i terms taken one after the other', (terms) => {
    const random = new RandomOperands(terms);
    const [x, w] = [random.matrix(20, terms), random.matrix(20, terms)];
    const actual: number[] = [];
    for (let row = 0; row < 20; row++) {
      for (let output = 0; output < 20; output++) {
        let sum = 0;
        for (let k = 0; k < terms; k++) {
          sum = Math.fround(sum + Math.fround(at(x, row, k) * at(w, output, k)));
        }
        actual.push(sum);
      }
    }
    const worst = compare(actual, linear({ x, w }).y, tolerance({ terms }));
    expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    expect(worst.ratio).toBeGreaterThan(0.02);
  });

  const units = 16;
  const batchSizes = new Array<number>(20).fill(2);
  const random = new RandomOperands(3);
  const bound = 1 / Math.sqrt(units);
  const operands = {
    a: random.matrix(rowCount(batchSizes), 4 * units),
    R: random.matrix(4 * units, units, -bound, bound),
    gate: codeOf('sigmoid'),
    batchSizes,
  };
  const dy = random.matrix(rowCount(batchSizes), units);
  const exact = lstm(operands);

  it('accept an LSTM that rounds every operation to float32', () => {
    const worst = compare(
      roundedLstm(operands.a, operands.R, 2).data,
      exact.y,
      tolerance({ terms: units, steps: 20 }),
      {
        batchSizes,
      },
    );
    expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    expect(worst.ratio).toBeGreaterThan(0.001);
  });

  it('are missed a thousandfold by an LSTM with two gates swapped, forward and backward', () => {
    const swap = (column: number): number => ([0, 2, 1, 3][Math.floor(column / units)] ?? 0) * units + (column % units);
    const columnsSwapped = (m: Matrix): Matrix =>
      mapElements(m, (_, index) => at(m, Math.floor(index / m.columns), swap(index % m.columns)));
    const R = mapElements(operands.R, (_, index) => at(operands.R, swap(Math.floor(index / units)), index % units));
    const forward = tolerance({ terms: units, steps: 20 });
    const wrong = lstm({ ...operands, a: columnsSwapped(operands.a), R });
    expect(compare(wrong.y.data, exact.y, forward, { batchSizes }).ratio).toBeGreaterThan(1000);
    expect(compare(wrong.y.data, exact.y, forward).ratio).toBeGreaterThan(1000);
    const { gates, c } = exact;
    const { da } = lstmBackward({ ...operands, dy, gates, c });
    const wrongGradient = lstmBackward({ ...operands, dy, gates, c, R }).da;
    const backward = tolerance({ terms: 4 * units, steps: 20, backward: true });
    expect(compare(wrongGradient.data, da, backward).ratio).toBeGreaterThan(1000);
    expect(compare(columnsSwapped(da).data, da, backward).ratio).toBeGreaterThan(1000);
  });

  it('are missed a hundredfold by a state that is lost between two steps', () => {
    const h0 = mapElements(zeros(2, units), () => 0.1);
    const carried = lstm({ ...operands, h0 });
    const bounds = tolerance({ terms: units, steps: 20 });
    expect(compare(exact.y.data, carried.y, bounds, { batchSizes }).ratio).toBeGreaterThan(100);
  });
});

/** Equal lengths, no bias, states from zero; every product, sum and activation is rounded to float32. */
function roundedLstm(a: Matrix, R: Matrix, sequences: number): Matrix {
  const f = Math.fround;
  const units = R.columns;
  const sigmoid = (x: number): number => f(1 / f(1 + f(Math.exp(-x))));
  const y = zeros(a.rows, units);
  const c = new Float32Array(sequences * units);
  for (let row = 0; row < a.rows; row++) {
    for (let j = 0; j < units; j++) {
      const [i, forget, g, o] = [0, 1, 2, 3].map((gate) => {
        let sum = at(a, row, gate * units + j);
        for (let k = 0; k < units; k++) {
          sum = f(sum + f(at(R, gate * units + j, k) * (row < sequences ? 0 : at(y, row - sequences, k))));
        }
        return gate === 2 ? f(Math.tanh(sum)) : sigmoid(sum);
      }) as [number, number, number, number];
      const cell = (row % sequences) * units + j;
      c[cell] = f(f(forget * (c[cell] ?? 0)) + f(i * g));
      y.data[row * units + j] = f(o * f(Math.tanh(c[cell] ?? 0)));
    }
  }
  return y;
}
