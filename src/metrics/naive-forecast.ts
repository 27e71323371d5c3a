/**
 * Forecasts without a model. A useful model must be better than these.
 *
 * @see Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, section 5.2
 */
import { DataError, ShapeError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import { requireFinite } from './paired-numbers.js';

/**
 * The last row of the history, again and again: [horizon * columns].
 *
 * @param history [T * columns], row-major, the newest row last
 * @param horizon rows to forecast, integer >= 1
 * @param columns integer >= 1; default 1
 * @throws {DataError} `too_short` with both sizes; `non_finite_data` naming the number
 * @throws {ShapeError} `shape_mismatch` when the numbers are not whole rows
 * @throws {OptionError} `invalid_option`
 */
export function naiveForecast(history: Float32Array, horizon: number, columns = 1): Float32Array {
  return seasonalNaiveForecast(history, horizon, 1, columns);
}

/**
 * The last season of the history, again and again: row h of the forecast is the newest row that lies a whole number of
 * periods before it.
 *
 * @param period rows in a season, integer >= 1: 24 for the hours of a day
 * @throws as `naiveForecast`
 * @example const nextTwoDays = seasonalNaiveForecast(hours, 48, 24);
 */
export function seasonalNaiveForecast(
  history: Float32Array,
  horizon: number,
  period: number,
  columns = 1,
): Float32Array {
  requireNumber('horizon', horizon, { integer: true, min: 1 });
  requireNumber('period', period, { integer: true, min: 1 });
  requireNumber('columns', columns, { integer: true, min: 1 });
  if (history.length % columns !== 0) {
    const message = `${history.length} numbers are not a whole number of rows of ${columns} columns`;
    throw new ShapeError('shape_mismatch', message, { actual: history.length, columns });
  }
  const rows = history.length / columns;
  if (rows < period) {
    const message = `a history of ${rows} rows is too short for a season of ${period}`;
    throw new DataError('too_short', message, { rows, period });
  }
  requireFinite('history', history);
  const season = (rows - period) * columns;
  return Float32Array.from({ length: horizon * columns }, (_, at) => history[season + (at % (period * columns))] ?? 0);
}
