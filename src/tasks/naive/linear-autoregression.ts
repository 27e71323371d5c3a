/** A linear autoregression: each forecast step as a weighted sum of the newest known steps. */

/** Windows of one column; numbers are differences from the last known step of their window. */
export interface LinearWindows {
  /** [windows * history] the known steps, the last of which is 0. */
  readonly known: Float32Array;
  /** [windows] the last known step itself. */
  readonly last: Float64Array;
  /** [windows * horizon] the steps to forecast. */
  readonly future: Float32Array;
}

/** The weights of a linear autoregression of one column, as JSON. */
export type LinearForecast = {
  /** Number of known steps that it reads. */
  readonly order: number;
  /** [horizon * (order - 1)] of the differences from the last known step, the oldest first. */
  readonly weights: readonly number[];
  /** [horizon] of the last known step itself; zeros where a forecast does not depend on the level. */
  readonly level: readonly number[];
  /** [horizon] */
  readonly bias: readonly number[];
};

/** Sizes of the windows, and the orders to try. */
export interface LinearSizes {
  readonly history: number;
  readonly horizon: number;
  readonly orders: readonly number[];
}

/**
 * What a forecast is a sum of: known steps with their level and a bias; changes against the last known step; or these and a bias, which
 * is the drift.
 */
const FORMS = ['level', 'change', 'drift'] as const;
/** Penalties of large weights, as parts of the mean variance of the known steps. */
const PENALTIES = [1e-6, 1e-4, 1e-2, 1e-1, 1] as const;
/** Digits of the weights as JSON. */
const DIGITS = 7;

/**
 * Fits the weights to training windows by least squares with a penalty (ridge regression). The order, the form and the penalty are
 * those with the smallest squared error on the other windows.
 *
 * @see Hoerl and Kennard, "Ridge regression", 1970
 */
export function fitLinear(training: LinearWindows, choosing: LinearWindows, sizes: LinearSizes): LinearForecast {
  let best: { readonly error: number; readonly found: LinearForecast } | undefined;
  for (const form of FORMS) {
    const sums = sumsOf(training, sizes, form);
    for (const order of sizes.orders) {
      const features = form === 'level' ? order : order - 1;
      for (const penalty of features === 0 ? [0] : PENALTIES) {
        const found = solved(sums, features, penalty, form);
        const error = errorOf(found, choosing, sizes);
        if (best === undefined || error < best.error) best = { error, found };
      }
    }
  }
  return (best as { found: LinearForecast }).found;
}

/** Means, and sums of products about them. The features are the newest steps, the oldest first. */
interface Sums {
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

function sumsOf({ known, last, future }: LinearWindows, { history, horizon }: LinearSizes, form: string): Sums {
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
  return { size, horizon, means, futureMeans, products, cross };
}

/** The weights of the newest `features` steps. */
function solved(
  { size, horizon, means, futureMeans, products, cross }: Sums,
  features: number,
  penalty: number,
  form: string,
) {
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
  const order = form === 'level' ? features : features + 1;
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

function rounded(value: number): number {
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

/**
 * A forecast of one column, as differences from the last known step.
 *
 * @param known the known steps from `begin` on, as differences from the last one
 * @param last the last known step itself
 * @param out takes the steps, the first at `place`, each `stride` behind the one before
 */
export function forecastLinear(
  { order, weights, level, bias }: LinearForecast,
  { known, begin, history, last }: KnownSteps,
  { out, place, stride }: { readonly out: Float32Array; readonly place: number; readonly stride: number },
): void {
  const first = begin + history - order;
  const read = order - 1;
  for (let step = 0; step < bias.length; step++) {
    let value = (bias[step] as number) + (level[step] as number) * last;
    for (let at = 0; at < read; at++) value += (weights[step * read + at] as number) * (known[first + at] as number);
    out[place + step * stride] = value;
  }
}

/** The known steps of a window. */
export interface KnownSteps {
  readonly known: Float32Array;
  readonly begin: number;
  readonly history: number;
  readonly last: number;
}

/** The sum of squared errors. */
function errorOf(linear: LinearForecast, windows: LinearWindows, { history, horizon }: LinearSizes): number {
  const { known, future } = windows;
  const out = new Float32Array(horizon);
  let sum = 0;
  for (const [window, last] of windows.last.entries()) {
    forecastLinear(linear, { known, begin: window * history, history, last }, { out, place: 0, stride: 1 });
    for (let step = 0; step < horizon; step++) {
      sum += ((out[step] as number) - (future[window * horizon + step] as number)) ** 2;
    }
  }
  return Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY;
}
