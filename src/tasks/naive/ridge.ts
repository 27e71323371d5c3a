/** Ridge regression of the steps of a forecast on known steps, by the normal equations. */
import type { LinearForecast, LinearSizes, LinearWindows } from './linear-forecast.js';

/**
 * What a forecast is a sum of: known steps with their level and a bias; changes against the last known step; or these and a bias, which
 * is the drift.
 */
export const FORMS = ['level', 'change', 'drift'] as const;
export type Form = (typeof FORMS)[number];

/** Digits of the weights as JSON. */
const DIGITS = 7;

/** Means, and sums of products about them. The features are the newest steps, the oldest first. */
export interface Sums {
  readonly form: Form;
  /** Features of a window. */
  readonly size: number;
  readonly horizon: number;
  readonly means: Float64Array;
  readonly futureMeans: Float64Array;
  /** [size * size], the lower triangle. */
  readonly products: Float64Array;
  /** [size * horizon] */
  readonly cross: Float64Array;
}

export function sumsOf(
  { known, last, future }: LinearWindows,
  { history, horizon }: Pick<LinearSizes, 'history' | 'horizon'>,
  form: Form,
): Sums {
  const isLevel = form === 'level';
  const size = isLevel ? history : history - 1;
  const count = last.length;
  const [row, next] = [new Float64Array(size), new Float64Array(horizon)];
  const read = (window: number) => {
    const level = isLevel ? (last[window] as number) : 0;
    for (let at = 0; at < size; at++) row[at] = (known[window * history + at] as number) + level;
    for (let at = 0; at < horizon; at++) next[at] = (future[window * horizon + at] as number) + level;
  };
  const [means, futureMeans] = [new Float64Array(size), new Float64Array(horizon)];
  for (let window = 0; form !== 'change' && window < count; window++) {
    read(window);
    for (let at = 0; at < size; at++) means[at] = (means[at] as number) + (row[at] as number) / count;
    for (let at = 0; at < horizon; at++) futureMeans[at] = (futureMeans[at] as number) + (next[at] as number) / count;
  }
  const [products, cross] = [new Float64Array(size * size), new Float64Array(size * horizon)];
  for (let window = 0; window < count; window++) {
    read(window);
    for (let at = 0; at < size; at++) row[at] = (row[at] as number) - (means[at] as number);
    for (let at = 0; at < horizon; at++) next[at] = (next[at] as number) - (futureMeans[at] as number);
    for (let at = 0; at < size; at++) {
      const value = row[at] as number;
      for (let to = 0; to <= at; to++)
        products[at * size + to] = (products[at * size + to] as number) + value * (row[to] as number);
      for (let to = 0; to < horizon; to++)
        cross[at * horizon + to] = (cross[at * horizon + to] as number) + value * (next[to] as number);
    }
  }
  return { form, size, horizon, means, futureMeans, products, cross };
}

/** The weights of a forecast that reads the newest `order` steps. @param penalty as a part of the mean variance of the known steps */
export function solved(sums: Sums, order: number, penalty: number): LinearForecast {
  const { form, size, horizon, means, futureMeans, products, cross } = sums;
  const features = form === 'level' ? order : order - 1;
  const first = size - features;
  const matrix = new Float64Array(features * features);
  let trace = 0;
  for (let at = 0; at < features; at++) {
    for (let to = 0; to <= at; to++) matrix[at * features + to] = products[(first + at) * size + first + to] as number;
    trace += matrix[at * features + at] as number;
  }
  // A column that is constant has a matrix of zeros.
  const added = features === 0 ? 0 : (penalty * trace) / features + Number.MIN_VALUE ** 0.5;
  for (let at = 0; at < features; at++) matrix[at * features + at] = (matrix[at * features + at] as number) + added;
  const solution = cross.slice(first * horizon);
  solveInPlace(matrix, solution, features, horizon);
  const weights: number[] = [];
  const [level, bias]: [number[], number[]] = [[], []];
  for (let step = 0; step < horizon; step++) {
    let [sum, shift] = [0, futureMeans[step] as number];
    for (let at = 0; at < features; at++) {
      const weight = rounded(solution[at * horizon + step] as number);
      sum += weight;
      shift -= weight * (means[first + at] as number);
      if (at < order - 1) weights.push(weight);
    }
    level.push(form === 'level' ? rounded(sum - 1) : 0);
    bias.push(rounded(shift));
  }
  return { order, weights, level, bias };
}

/** A number with the digits of weights as JSON. */
export function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/**
 * Solves A X = B by the Cholesky decomposition.
 *
 * @param matrix [size * size] the lower triangle of A, positive definite; overwritten
 * @param sides [size * columns] B, and X in the end
 */
function solveInPlace(matrix: Float64Array, sides: Float64Array, size: number, columns: number): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let value = matrix[row * size + column] as number;
      for (let at = 0; at < column; at++)
        value -= (matrix[row * size + at] as number) * (matrix[column * size + at] as number);
      // Rounding may leave nothing of a step that others determine.
      matrix[row * size + column] =
        row === column
          ? Math.sqrt(Math.max(value, Number.MIN_VALUE))
          : value / (matrix[column * size + column] as number);
    }
  }
  const subtract = (row: number, from: number, factor: number) => {
    for (let at = 0; at < columns; at++)
      sides[row * columns + at] =
        (sides[row * columns + at] as number) - factor * (sides[from * columns + at] as number);
  };
  const divide = (row: number) => {
    for (let at = 0; at < columns; at++)
      sides[row * columns + at] = (sides[row * columns + at] as number) / (matrix[row * size + row] as number);
  };
  for (let row = 0; row < size; row++) {
    for (let at = 0; at < row; at++) subtract(row, at, matrix[row * size + at] as number);
    divide(row);
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++) subtract(row, at, matrix[at * size + row] as number);
    divide(row);
  }
}
