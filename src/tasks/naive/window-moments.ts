/** Sums of products of the numbers of windows: all that least squares needs, and what gives the squared error of any linear forecast. */
import type { LinearForecast, LinearWindows } from './linear-forecast.js';

/** Digits of the weights as JSON. */
const DIGITS = 7;

/**
 * Sums over windows. The features of a window are the known steps without the last one, as differences from it, the oldest first, then the
 * last known step itself, and 1.
 */
export interface Moments {
  /** Features, which are one more than the known steps. */
  readonly size: number;
  readonly horizon: number;
  /** Windows. */
  readonly count: number;
  /** [size * size] products of two features. */
  readonly features: Float64Array;
  /** [size * horizon] products of a feature and a step to forecast. */
  readonly cross: Float64Array;
  /** [horizon] squares of the steps to forecast. */
  readonly squares: Float64Array;
}

/** Weights of the features of `Moments` for each step of a forecast: [size * steps]. */
export type FeatureWeights = Float64Array;

/** The sums of the windows from `begin` to `end`. */
export function momentsOf({ known, last, future }: LinearWindows, begin: number, end: number): Moments {
  const [history, horizon] = [known.length / last.length, future.length / last.length];
  const size = history + 1;
  const [features, cross] = [new Float64Array(size * size), new Float64Array(size * horizon)];
  const [row, squares] = [new Float64Array(size), new Float64Array(horizon)];
  row[history] = 1;
  for (let window = begin; window < end; window++) {
    row.set(known.subarray(window * history, (window + 1) * history - 1));
    row[history - 1] = last[window] as number;
    const next = future.subarray(window * horizon, (window + 1) * horizon);
    for (let at = 0; at < size; at++) {
      const value = row[at] as number;
      for (let to = 0; to <= at; to++)
        features[at * size + to] = (features[at * size + to] as number) + value * (row[to] as number);
      for (let to = 0; to < horizon; to++)
        cross[at * horizon + to] = (cross[at * horizon + to] as number) + value * (next[to] as number);
    }
    for (let to = 0; to < horizon; to++) squares[to] = (squares[to] as number) + (next[to] as number) ** 2;
  }
  for (let at = 0; at < size; at++)
    for (let to = 0; to < at; to++) features[to * size + at] = features[at * size + to] as number;
  return { size, horizon, count: Math.max(0, end - begin), features, cross, squares };
}

/** The sums of all windows of several. */
export function sumOf(all: readonly Moments[]): Moments {
  const [first] = all as readonly [Moments];
  const add = (of: (moments: Moments) => Float64Array) => {
    const sum = of(first).slice();
    for (const each of all.slice(1))
      for (const [at, value] of of(each).entries()) sum[at] = (sum[at] as number) + value;
    return sum;
  };
  return {
    ...first,
    count: all.reduce((sum, { count }) => sum + count, 0),
    features: add(({ features }) => features),
    cross: add(({ cross }) => cross),
    squares: add(({ squares }) => squares),
  };
}

/** The same for some steps of the forecast. */
export function atSteps(moments: Moments, steps: readonly number[]): Moments {
  const { size, horizon, cross, squares } = moments;
  return {
    ...moments,
    horizon: steps.length,
    cross: Float64Array.from({ length: size * steps.length }, (_, at) => {
      const [feature, step] = [Math.floor(at / steps.length), steps[at % steps.length] as number];
      return cross[feature * horizon + step] as number;
    }),
    squares: Float64Array.from(steps, (step) => squares[step] as number),
  };
}

/** The sum over windows and steps of the product of the forecasts of two sets of weights. */
export function productOf(first: FeatureWeights, second: FeatureWeights, { size, horizon, features }: Moments): number {
  let sum = 0;
  const row = new Float64Array(horizon);
  for (let at = 0; at < size; at++) {
    const own = first.subarray(at * horizon, (at + 1) * horizon);
    if (own.every((weight) => weight === 0)) continue;
    row.fill(0);
    for (let to = 0; to < size; to++) {
      const product = features[at * size + to] as number;
      for (let step = 0; step < horizon; step++)
        row[step] = (row[step] as number) + product * (second[to * horizon + step] as number);
    }
    for (let step = 0; step < horizon; step++) sum += (own[step] as number) * (row[step] as number);
  }
  return sum;
}

/** The sum over windows and steps of the product of a forecast and the truth. */
export function crossOf(weights: FeatureWeights, { cross }: Moments): number {
  return weights.reduce((sum, weight, at) => sum + weight * (cross[at] as number), 0);
}

/** The mean squared error of a forecast. */
export function squaredError(weights: FeatureWeights, moments: Moments): number {
  const squares = moments.squares.reduce((sum, value) => sum + value, 0);
  const sum = squares - 2 * crossOf(weights, moments) + productOf(weights, weights, moments);
  return Math.max(0, sum) / Math.max(1, moments.count * moments.horizon);
}

/** The weights as a forecast that reads no more known steps than have weights. */
export function forecastWith(weights: FeatureWeights, size: number): LinearForecast {
  const horizon = weights.length / size;
  const history = size - 1;
  const used = weights.findIndex((weight) => weight !== 0);
  const first = used < 0 ? history - 1 : Math.min(history - 1, Math.floor(used / horizon));
  const read = history - 1 - first;
  const at = (feature: number, step: number) => rounded(weights[feature * horizon + step] as number);
  const steps = Array.from({ length: horizon }, (_, step) => step);
  return {
    order: read + 1,
    weights: steps.flatMap((step) => Array.from({ length: read }, (_, place) => at(first + place, step))),
    level: steps.map((step) => at(history - 1, step)),
    bias: steps.map((step) => at(history, step)),
  };
}

/** A number with the digits of weights as JSON. */
function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
