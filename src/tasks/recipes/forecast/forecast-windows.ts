/** Windows of a table: the known steps at a moment, and the steps after it. */

import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { Examples } from '../../../data/examples.js';
import { forecastLinear, type LinearForecast } from '../../naive/linear-forecast.js';

/** The form of a window. */
export interface WindowForm {
  /** Number of known steps. */
  readonly history: number;
  /** Number of forecast steps. */
  readonly horizon: number;
  /** Columns of the table; the forecast columns come first. */
  readonly width: number;
  /** Columns at the end that are read as they are: marks of missing numbers, categories. Default 0. */
  readonly marks?: number;
  /** Number of columns that are forecast. */
  readonly targets: number;
  /** All steps in one output, or one step after the other. */
  readonly mode: 'direct' | 'autoregressive';
  /**
   * Direct: the length of a season. Each step is forecast as the difference from the last known step at the same place
   * of the season. With 0 every step is forecast as the difference from the last known step.
   */
  readonly season: number;
  /**
   * Direct, in place of the last known step or season: the mean of the training rows, or a linear autoregression of each column that is
   * forecast. Each step is forecast as the difference from it.
   */
  readonly rule?: 'mean' | readonly LinearForecast[] | undefined;
  /** Direct: what targets are divided by, so that the network learns numbers of about 1; default 1. */
  readonly unit?: number | undefined;
  /** Direct: whether every window is divided by its own standard deviation. */
  readonly isScaled: boolean;
  /** Levels of the quantiles that are forecast, ascending; empty for none. */
  readonly levels: readonly number[];
}

/** The known step that is subtracted from step `step` of a direct forecast. */
function originOf(step: number, { history, season }: WindowForm): number {
  return season === 0 ? history - 1 : history - season + (step % season);
}

/** A window. If it is scaled, input and target are divided by the scale of their columns. */
export interface WindowExample extends SequenceExample {
  /** [width] */
  readonly scale?: Float32Array;
  /** [targets] the last known step, standardised. */
  readonly last: Float64Array;
  /** [horizon * targets] the forecast of the rule of the form, as the difference from the last known step, not scaled. */
  readonly rule?: Float32Array;
}

/**
 * The smallest scale, in standard deviations of the table. It keeps a nearly constant window from being enlarged too
 * much.
 */
const SMALLEST_SCALE = 0.05;

/** Rows of a table; in double precision, small changes of a high level are not rounded before they are computed. */
export type TableRows = Float32Array | Float64Array;

/** Standard deviations of the columns of a history. @param rows [history * width] @returns [width] */
function scaleOf(rows: TableRows, { history, width, marks = 0 }: WindowForm): Float32Array {
  return Float32Array.from({ length: width }, (_, column) => {
    if (column >= width - marks) return 1;
    let [sum, squares] = [0, 0];
    // The last step is subtracted, so that a high level costs no digits.
    const last = rows[(history - 1) * width + column] as number;
    for (let at = column; at < rows.length; at += width) {
      const difference = (rows[at] as number) - last;
      sum += difference;
      squares += difference * difference;
    }
    return Math.max(SMALLEST_SCALE, Math.sqrt(Math.max(0, squares / history - (sum / history) ** 2)));
  });
}

/**
 * Converts the output of a direct forecast into differences from the last known step, without the scale of its window.
 *
 * @param changes [horizon * targets] output or target of the example
 */
export function againstLast(
  changes: Float32Array,
  { input, scale, rule }: Pick<WindowExample, 'input' | 'scale' | 'rule'>,
  form: WindowForm,
): Float32Array {
  const { width, targets, season, unit = 1 } = form;
  if (unit !== 1)
    return againstLast(
      changes.map((change) => change * unit),
      { input, ...(scale && { scale }), ...(rule && { rule }) },
      { ...form, unit: 1 },
    );
  if (rule !== undefined)
    return changes.map((change, at) => change * (scale?.[at % targets] ?? 1) + (rule[at] as number));
  if (season === 0 && scale === undefined) return changes;
  return changes.map((change, at) => {
    const column = at % targets;
    const origin = originOf(Math.floor(at / targets), form);
    return (change + (input[origin * width + column] as number)) * (scale?.[column] ?? 1);
  });
}

/**
 * The known steps in the form of the network: differences from the last one, or, for autoregressive forecasts, from the
 * first one, which is fixed. So a level that was not in the training data has no effect.
 *
 * @param rows [history * width]
 */
export function historyExample(rows: TableRows, form: WindowForm): WindowExample {
  const { history, width, marks = 0, mode, isScaled } = form;
  const origin = (mode === 'direct' ? history - 1 : 0) * width;
  const scale = isScaled ? scaleOf(rows, form) : undefined;
  const input = new Float32Array(rows.length);
  for (let at = 0, column = 0; at < rows.length; at++) {
    const value = rows[at] as number;
    const change = column < width - marks ? value - (rows[origin + column] as number) : value;
    input[at] = scale === undefined ? change : change / (scale[column] as number);
    column = column + 1 === width ? 0 : column + 1;
  }
  const { targets } = form;
  const newest = (history - 1) * width;
  const last = Float64Array.from({ length: targets }, (_, column) => rows[newest + column] as number);
  const rule = mode === 'direct' ? ruleOf(rows, last, form) : undefined;
  return { input, last, ...(scale !== undefined && { scale }), ...(rule !== undefined && { rule }) };
}

/** The forecast of the rule of a form. @param last [targets] */
function ruleOf(rows: TableRows, last: Float64Array, { rule, history, horizon, width, targets }: WindowForm) {
  if (rule === undefined) return undefined;
  // The mean of the training rows is 0 in standardised numbers.
  if (rule === 'mean')
    return Float32Array.from({ length: horizon * targets }, (_, at) => -(last[at % targets] as number));
  const out = new Float32Array(horizon * targets);
  const known = new Float32Array(history);
  for (const [column, linear] of rule.entries()) {
    const level = last[column] as number;
    for (let at = 0; at < history; at++) known[at] = (rows[at * width + column] as number) - level;
    forecastLinear(linear, { known, begin: 0, history, last: level }, { out, place: column, stride: targets });
  }
  return out;
}

/**
 * One window as an example. Direct: [history * width] -> [horizon * targets], the change against the last known step or the last
 * season. Autoregressive: [(history + horizon - 1) * width] -> the change from each step to the next.
 *
 * @param rows [(history + horizon) * width]
 */
export function windowExample(rows: TableRows, form: WindowForm): WindowExample {
  const { history, horizon, width, targets, mode, unit = 1 } = form;
  if (mode === 'direct') {
    const known = historyExample(rows.subarray(0, history * width), form);
    const target = new Float32Array(horizon * targets);
    for (let at = 0; at < target.length; at++) {
      const column = at % targets;
      const step = Math.floor(at / targets);
      const value = rows[(history + step) * width + column] as number;
      const change =
        known.rule === undefined
          ? value - (rows[originOf(step, form) * width + column] as number)
          : value - (known.last[column] as number) - (known.rule[at] as number);
      target[at] = change / (known.scale?.[column] ?? 1) / unit;
    }
    return { ...known, target };
  }
  const known = rows.subarray(0, rows.length - width);
  const target = new Float32Array(known.length);
  for (let at = 0; at < target.length; at++) target[at] = (rows[at + width] as number) - (known[at] as number);
  return { ...historyExample(known, form), target };
}

/** Rows of a series that are forecast. */
export interface ForecastRange {
  /** First row of the series: known steps may lie between it and `begin`. */
  readonly start: number;
  /** First row that is forecast. */
  readonly begin: number;
  /** One after the last row. */
  readonly end: number;
}

/**
 * The windows of a table whose forecast steps are all within ranges of rows; the known steps may be before them.
 *
 * @param rows [n * width] the whole table
 * @param isKnown whether the numbers of a row that are forecast are known; windows that forecast others are left out
 * @param weights [n] what each row counts for; undefined where all count alike
 */
export function windowsOf(
  rows: TableRows,
  form: WindowForm,
  ranges: readonly ForecastRange[],
  isKnown?: (row: number) => boolean,
  weights?: Float64Array,
): Examples<WindowExample> {
  const { history, horizon, width, mode } = form;
  const runs: { readonly first: number; readonly from: number }[] = [];
  let count = 0;
  const add = (first: number, length: number) => {
    if (length <= 0) return;
    runs.push({ first, from: count });
    count += length;
  };
  for (const { start, begin, end } of ranges) {
    let first = Math.max(begin, start + history);
    for (let row = first; isKnown !== undefined && row < end; row++) {
      if (isKnown(row)) continue;
      add(first, row - horizon - first + 1);
      first = row + 1;
    }
    add(first, end - horizon - first + 1);
  }
  const rowAt = (index: number) => {
    let [low, high] = [0, runs.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((runs[middle] as { from: number }).from <= index) low = middle;
      else high = middle - 1;
    }
    const { first, from } = runs[low] as { first: number; from: number };
    return first + index - from;
  };
  const example = (index: number) => {
    const at = rowAt(index);
    const window = windowExample(rows.subarray((at - history) * width, (at + horizon) * width), form);
    return weights === undefined ? window : { ...window, weights: windowWeights(weights, at, form) };
  };
  return {
    count,
    lengthOf: () => (mode === 'direct' ? history : history + horizon - 1),
    read: (indices) => Array.from(indices, example),
  };
}

/**
 * What a window counts for. Direct: the mean of the weights of the rows that are forecast. Autoregressive: the weight of
 * each step is that of the row after it, which it forecasts.
 *
 * @param first the first row that is forecast
 */
function windowWeights(weights: Float64Array, first: number, { history, horizon, mode }: WindowForm) {
  const end = first + horizon;
  if (mode === 'autoregressive') return Float32Array.from(weights.subarray(first - history + 1, end));
  return weights.subarray(first, end).reduce((sum, weight) => sum + weight, 0) / horizon;
}

/** The values of an example outside the network, as differences from the last known step. */
export interface WindowTruth {
  /** [history * targets] the known steps. */
  readonly history: Float32Array;
  /** [horizon * targets] the true values. */
  readonly future: Float32Array;
}

/** History and future of the columns that are forecast. */
export function truthOf(
  example: Pick<WindowExample, 'input' | 'target' | 'scale' | 'rule'>,
  form: WindowForm,
): WindowTruth {
  const { input, target, scale } = example;
  const { history, horizon, width, targets, mode } = form;
  const last = (history - 1) * width;
  const known = Float32Array.from({ length: history * targets }, (_, at) => {
    const column = at % targets;
    const step = Math.floor(at / targets);
    const change = (input[step * width + column] as number) - (input[last + column] as number);
    return change * (scale?.[column] ?? 1);
  });
  if (mode === 'direct') {
    return { history: known, future: againstLast(target as Float32Array, example, form) };
  }
  // Sums of the changes from step to step, starting at the last known step.
  const changes = (target as Float32Array).subarray(last);
  const future = new Float32Array(horizon * targets);
  for (let at = 0; at < future.length; at++) {
    future[at] = (changes[at] as number) + (at < targets ? 0 : (future[at - targets] as number));
  }
  return { history: known, future };
}
