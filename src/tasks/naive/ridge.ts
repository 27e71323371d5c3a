/** Ridge regression of the steps of a forecast on known steps, by the normal equations. */
import type { FeatureWeights, Moments } from './window-moments.js';

/**
 * What a forecast is a sum of: known steps with their level and a bias; changes against the last known step; or these and a bias, which
 * is the drift.
 */
export const FORMS = ['level', 'change', 'drift'] as const;
export type Form = (typeof FORMS)[number];

/** The smallest part of the variance of a step that may be left of it beside other steps. */
const LEAST = 1e-13;

/** What a forecast reads. */
export interface RidgeChoice {
  readonly form: Form;
  /** Known steps that are read, the newest ones. */
  readonly order: number;
  /** Of squared weights, as a part of the mean variance of the known steps. */
  readonly penalty: number;
}

/** Products of what a form reads, from those of the features. A level is the difference from the last known step and that step. */
function productsOf({ size, features, cross, horizon }: Moments, form: Form) {
  const [last, one] = [size - 2, size - 1];
  const withLevel = form === 'level' ? 1 : 0;
  const isCentred = form !== 'change';
  const at = (row: number, column: number) => features[row * size + column] as number;
  // The difference of the last known step is none.
  const change = (row: number, column: number) => (row === last || column === last ? 0 : at(row, column));
  const level = (row: number) => (row === last ? 0 : at(row, last));
  const future = (row: number, step: number) => (row === last ? 0 : (cross[row * horizon + step] as number));
  const ofLast = (step: number) => cross[last * horizon + step] as number;
  return {
    product: (row: number, column: number) =>
      change(row, column) + withLevel * (level(row) + level(column) + at(last, last)),
    toFuture: (row: number, step: number) =>
      future(row, step) + withLevel * (level(row) + ofLast(step) + at(last, last)),
    sum: (row: number) => (isCentred ? (row === last ? 0 : at(row, one)) + withLevel * at(last, one) : 0),
    futureSum: (step: number) => (isCentred ? (cross[one * horizon + step] as number) + withLevel * at(last, one) : 0),
  };
}

/** The weights of a forecast by least squares with a penalty. */
export function ridgeWeights(moments: Moments, { form, order, penalty }: RidgeChoice): FeatureWeights {
  const { size, horizon, count } = moments;
  const [last, one, first] = [size - 2, size - 1, size - 1 - order];
  const used = form === 'level' ? order : order - 1;
  const { product, toFuture, sum, futureSum } = productsOf(moments, form);
  const means = Float64Array.from({ length: used }, (_, at) => sum(first + at) / count);
  const futures = Float64Array.from({ length: horizon }, (_, step) => futureSum(step) / count);
  const [matrix, solution] = [new Float64Array(used * used), new Float64Array(used * horizon)];
  let trace = 0;
  for (let at = 0; at < used; at++) {
    const mean = count * (means[at] as number);
    for (let to = 0; to <= at; to++)
      matrix[at * used + to] = product(first + at, first + to) - mean * (means[to] as number);
    for (let step = 0; step < horizon; step++)
      solution[at * horizon + step] = toFuture(first + at, step) - mean * (futures[step] as number);
    trace += matrix[at * used + at] as number;
  }
  // A column that is constant has a matrix of zeros.
  const added = used === 0 ? 0 : (penalty * Math.max(0, trace)) / used + Number.MIN_VALUE ** 0.5;
  for (let at = 0; at < used; at++) matrix[at * used + at] = (matrix[at * used + at] as number) + added;
  solveInPlace(matrix, solution, used, horizon);
  const weights = new Float64Array(size * horizon);
  for (let step = 0; step < horizon; step++) {
    let [all, bias] = [0, futures[step] as number];
    for (let at = 0; at < used; at++) {
      const weight = solution[at * horizon + step] as number;
      all += weight;
      bias -= weight * (means[at] as number);
      if (first + at < last) weights[(first + at) * horizon + step] = weight;
    }
    if (form === 'level') weights[last * horizon + step] = all - 1;
    weights[one * horizon + step] = bias;
  }
  return weights;
}

/**
 * Solves A X = B by the Cholesky decomposition.
 *
 * @param matrix [size * size] the lower triangle of A, positive definite; overwritten
 * @param sides [size * columns] B, and X in the end
 */
function solveInPlace(matrix: Float64Array, sides: Float64Array, size: number, columns: number): void {
  for (let row = 0; row < size; row++) {
    const diagonal = matrix[row * size + row] as number;
    for (let column = 0; column <= row; column++) {
      let value = matrix[row * size + column] as number;
      for (let at = 0; at < column; at++)
        value -= (matrix[row * size + at] as number) * (matrix[column * size + at] as number);
      if (row > column) matrix[row * size + column] = value / (matrix[column * size + column] as number);
      // Rounding leaves nothing of a step that others determine: it gets no weight.
      else
        matrix[row * size + row] = value > Math.max(0, LEAST * diagonal) ? Math.sqrt(value) : Number.POSITIVE_INFINITY;
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
