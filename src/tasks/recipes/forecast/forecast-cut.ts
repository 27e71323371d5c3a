/** The training, validation and test rows of the series of a table. */
import { DataError, OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import type { SeriesRows } from './forecast-defaults.js';
import type { Series } from './forecast-series.js';
import type { ForecastRange } from './forecast-windows.js';

/** The options that say what is held out. */
export interface HeldOut {
  readonly valid: number | string;
  readonly test: number | string;
}

/** How many rows of each series are training and held-out rows. @throws {OptionError} `invalid_option` */
export function countRows(series: readonly Series[], { valid, test }: HeldOut): SeriesRows[] {
  return series.map(({ begin, end }) => {
    const rows = end - begin;
    const held = { valid: rowsOf('valid', valid, rows), test: rowsOf('test', test, rows) };
    return { begin, training: Math.max(0, rows - held.valid - held.test), ...held };
  });
}

/**
 * The parts of every series. Series that are too short for a part have none of it, but one must have each part.
 *
 * @throws {DataError} `too_short`
 * @throws {OptionError} `invalid_option`
 */
export function cutSeries(
  file: string,
  series: readonly Series[],
  { history, horizon, test, valid }: HeldOut & { readonly history: number; readonly horizon: number },
) {
  const parts = { training: [] as ForecastRange[], validation: [] as ForecastRange[], test: [] as ForecastRange[] };
  let short = 0;
  const only = series.length === 1 ? series[0] : undefined;
  for (const { begin, end } of series) {
    const rows = end - begin;
    const testRows = rowsOf('test', test, rows);
    const validRows = rowsOf('valid', valid, rows);
    const training = rows - validRows - testRows;
    if (training < history + horizon) short += 1;
    if (training < history + horizon) continue;
    const start = begin;
    parts.training.push({ start, begin, end: begin + training });
    if (validRows >= horizon) parts.validation.push({ start, begin: begin + training, end: end - testRows });
    if (testRows >= horizon) parts.test.push({ start, begin: end - testRows, end });
  }
  const needed = { training: history + horizon, validation: valid === 0 ? 0 : horizon, test: test === 0 ? 0 : horizon };
  for (const part of ['training', 'validation', 'test'] as const) {
    if (needed[part] === 0 || parts[part].length > 0) continue;
    const rows = only === undefined ? 0 : only.end - only.begin;
    const count = { test: rowsOf('test', test, rows), validation: rowsOf('valid', valid, rows) };
    const found = part === 'training' ? rows - count.test - count.validation : count[part];
    const has = only === undefined ? 'has too few rows in every series' : `has ${found} of ${rows} rows`;
    const message = `the ${part} part of '${file}' ${has}, a window needs ${needed[part]}`;
    throw new DataError('too_short', message, { file, part, rows: found, needed: needed[part] });
  }
  const notes = short === 0 ? [] : [`${short} of ${series.length} series of '${file}' are too short and are left out`];
  return { ...parts, notes };
}

/** Rows of a part: a fraction of all, or their number. */
function rowsOf(name: string, part: number | string, rows: number): number {
  if (typeof part !== 'number') return refuse(name, 'a fraction of the rows, or their number', part);
  if (part < 1) return Math.round(part * rows);
  return Number.isSafeInteger(part) ? part : refuse(name, 'a fraction of the rows, or their number', part);
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
