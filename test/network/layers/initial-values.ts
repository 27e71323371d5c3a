/** Parameters of a small network, drawn by a scheme, and what a sample must fulfil to be of a distribution. */
import { expect } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { initialize, type ParameterRole, type ParameterShape } from '../../../src/network/initializers/initializer.js';

/** Sizes of the network whose parameters are drawn. */
export const UNITS = 48;
export const INPUTS = 32;
export const CLASSES = 70;
export const PROJECTED = 20;

/** Every parameter of embedding [40, 32], LSTM of 48 units with a projection to 20, affine layer to 70 classes. */
export function shapeOf(role: ParameterRole): ParameterShape {
  const lstm = { rows: 4 * UNITS, units: UNITS, gates: 4, forgetGate: 1 };
  const plain = { gates: 1, forgetGate: -1 };
  switch (role) {
    case 'embedding':
      return { role, rows: 40, columns: INPUTS, fanIn: 40, units: INPUTS, ...plain };
    case 'input':
      return { role, columns: INPUTS, fanIn: INPUTS, ...lstm };
    case 'recurrent':
      return { role, columns: UNITS, fanIn: UNITS, ...lstm };
    case 'inputBias':
    case 'recurrentBias':
      return { role, fanIn: UNITS, ...lstm, rows: 1, columns: 4 * UNITS };
    case 'dense':
      return { role, rows: CLASSES, columns: UNITS, fanIn: UNITS, units: CLASSES, ...plain };
    case 'denseBias':
      return { role, rows: 1, columns: CLASSES, fanIn: UNITS, units: CLASSES, ...plain };
    case 'gain':
    case 'shift':
      return { role, fanIn: 1, ...lstm, rows: 1, columns: 4 * UNITS };
    case 'peephole':
      return { role, fanIn: 1, ...lstm, rows: 3, columns: UNITS };
    case 'projection':
      return { role, fanIn: UNITS, ...lstm, rows: PROJECTED, columns: UNITS };
  }
}

/** A parameter of that network, or one that differs in `change`, drawn from a stream named after its role. */
export function fill(
  scheme: string,
  role: ParameterRole,
  seed = 1,
  change: Partial<ParameterShape> = {},
): Float32Array {
  const shape = { ...shapeOf(role), ...change };
  const out = new Float32Array(shape.rows * shape.columns).fill(Number.NaN);
  initialize(scheme, out, shape, new Random(seed, role));
  return out;
}

/** Uniform within ±limit: nothing outside, and the mean and deviation that 5 standard errors allow. */
export function expectUniform(values: Float32Array, limit: number): void {
  const { length } = values;
  for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(limit * (1 + 1e-6));
  const mean = values.reduce((a, b) => a + b, 0) / length;
  const square = values.reduce((a, b) => a + b * b, 0) / length;
  expect(Math.abs(mean)).toBeLessThan((5 * limit) / Math.sqrt(3 * length));
  const deviationOfSquares = limit ** 2 * Math.sqrt(4 / 45);
  expect(Math.abs(square - limit ** 2 / 3)).toBeLessThan((5 * deviationOfSquares) / Math.sqrt(length));
}

/** Normal with this deviation: mean and mean square that 5 standard errors allow, and a tenth outside 1.64 deviations. */
export function expectNormal(values: Float32Array, deviation: number): void {
  const { length } = values;
  const mean = values.reduce((a, b) => a + b, 0) / length;
  const square = values.reduce((a, b) => a + b * b, 0) / length;
  expect(Math.abs(mean)).toBeLessThan((5 * deviation) / Math.sqrt(length));
  expect(Math.abs(square / deviation ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / length));
  const outside = values.filter((value) => Math.abs(value) > 1.6449 * deviation).length / length;
  expect(Math.abs(outside - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / length));
}

/** Row-major [rows, columns] has orthogonal rows of this length, or columns where there are fewer of those. */
export function expectOrthogonal(values: Float32Array, rows: number, columns: number, length = 1): void {
  expect(values.length).toBe(rows * columns);
  const [count, size] = [Math.min(rows, columns), Math.max(rows, columns)];
  const at = (a: number, k: number) => values[rows <= columns ? a * columns + k : k * columns + a] as number;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let k = 0; k < size; k++) product += at(a, k) * at(b, k);
      expect(Math.abs(product / length ** 2 - (a === b ? 1 : 0))).toBeLessThan(1e-6);
    }
  }
}

/** Every gate of a weight [4 * UNITS, columns] is an orthogonal matrix. */
export function expectOrthogonalGates(values: Float32Array, columns = UNITS, length = 1): void {
  const size = UNITS * columns;
  for (let gate = 0; gate < 4; gate++) {
    expectOrthogonal(values.subarray(gate * size, (gate + 1) * size), UNITS, columns, length);
  }
}

/** The parts of a bias [4 * UNITS] by gate: i f g o. */
export const gatesOf = (bias: Float32Array) =>
  [0, 1, 2, 3].map((gate) => [...bias.slice(gate * UNITS, (gate + 1) * UNITS)]);
/** What `gatesOf` gives for a gate whose biases are all the same. */
export const constant = (value: number) => new Array<number>(UNITS).fill(value);
