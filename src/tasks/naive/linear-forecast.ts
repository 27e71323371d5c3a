/** A linear autoregression: each forecast step as a weighted sum of the newest known steps. */

/** Windows of one column; numbers are differences from the last known step of their window. */
export interface LinearWindows {
  /** [windows * history] the known steps, the last of which is 0. */
  readonly known: Float32Array;
  /** [windows] the last known step itself. */
  readonly last: Float64Array;
  /** [windows * horizon] the steps to forecast. */
  readonly future: Float32Array;
  /** Steps from a window to the next one; default 1. */
  readonly apart?: number;
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
  readonly horizon: number;
  readonly orders: readonly number[];
  /** Steps of a season, at most those of the history; 1 for none. */
  readonly period: number;
}

/** The known steps of a window. */
export interface KnownSteps {
  readonly known: Float32Array;
  readonly begin: number;
  readonly history: number;
  readonly last: number;
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
