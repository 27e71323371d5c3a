/** A table as windows for training and evaluation. */
import { DataError, OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import type { MissingMode } from '../../../features/missing-values.js';
import { Standardizer } from '../../../features/standardizer.js';
import type { FoundFormat } from '../../../files/table-format.js';
import type { Category } from '../../building-blocks/categories.js';
import { requireSomeWeight, weightNote } from '../../building-blocks/row-weights.js';
import {
  columnsIn,
  type MissingChoices,
  rulesOf,
  type TableChoices,
  tableFormatOf,
} from '../../definition/table-options.js';
import { digestOf } from './forecast-digest.js';
import { categoriesOf, countMarks, withMarks } from './forecast-marks.js';
import { levelsOf, QUANTILES } from './forecast-quantiles.js';
import { readSeriesTable, type SeriesOptions, type SeriesTable } from './forecast-series.js';
import { type SavedTime, savedTime } from './forecast-steps.js';
import { periodFor, USUAL_PERIOD } from './forecast-time.js';
import type { ForecastRange, WindowForm } from './forecast-windows.js';
import type { Series } from './series.js';

/** The data that is saved with a forecaster. */
export type SavedForecast = {
  /** Columns that are forecast. */
  readonly columns: readonly string[];
  /** Columns that are read but not forecast. */
  readonly covariates: readonly string[];
  /** Mean and deviation of all these columns in this order, over the training rows only. */
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
  /** The values of columns that are no numbers, in the training rows. */
  readonly categories?: readonly Category[];
  /** The column of time stamps, how it was written, the time between rows, and that of other series. */
  readonly time?: SavedTime;
  /** The rows of a season that results are compared with. */
  readonly period?: number;
  /** The form of the training table. */
  readonly found?: FoundFormat;
};

/** The options of the columns and of a window. */
export interface ForecastOptions extends TableChoices, MissingChoices {
  readonly columns: string | undefined;
  readonly covariates: string | undefined;
  readonly categories: string | undefined;
  readonly time: string | undefined;
  readonly dateFormat: string | undefined;
  readonly item: string | undefined;
  readonly weight: string | undefined;
  readonly rows: number | undefined;
  readonly history: number;
  readonly horizon: number;
  readonly period: number | undefined;
  readonly mode: 'direct' | 'autoregressive';
  readonly baseline: 'last' | 'season';
  readonly scaling: 'table' | 'window';
  readonly quantiles: string | undefined;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly missing: MissingMode;
  readonly valid: number | string;
  readonly test: number | string;
}

/** The columns of the options; those to forecast may be left to the table. @throws {OptionError} `invalid_option` for a name that is empty or occurs twice */
export function columnsOf(options: Pick<ForecastOptions, 'columns' | 'covariates' | 'categories' | 'item' | 'time'>) {
  const targets = options.columns === undefined ? undefined : columnsIn('columns', options.columns);
  const listOf = (name: 'covariates' | 'categories') => {
    const list = options[name];
    const names = list === undefined ? [] : columnsIn(name, list);
    const twice = names.find((column) => targets?.includes(column));
    if (twice !== undefined) refuse(name, 'other columns than those that are forecast', twice);
    return names;
  };
  for (const name of ['item', 'time'] as const) {
    const column = options[name];
    if (column !== undefined && targets?.includes(column) === true)
      refuse(name, 'a column that is not forecast', column);
  }
  return { columns: targets, covariates: listOf('covariates'), categories: listOf('categories') };
}

/** @throws {OptionError} `invalid_option` for options that exclude each other */
function requireCompatible(
  options: ForecastOptions,
  { columns = [], covariates }: Pick<SeriesOptions, 'columns' | 'covariates'>,
  period: number,
): void {
  const { history, mode, baseline, scaling, quantiles, missing, direction } = options;
  if (period > history) refuse('period', `at most the ${history} steps of 'history'`, period);
  if (mode === 'autoregressive' && (covariates.length > 0 || options.categories !== undefined)) {
    const name = covariates.length > 0 ? 'covariates' : 'categories';
    refuse(name, "left out where 'mode' is autoregressive: their future is not known", options[name]);
  }
  if (mode === 'autoregressive' && missing === 'mask') {
    refuse('missing', "forward or interpolate where 'mode' is autoregressive: it reads its own forecasts", missing);
  }
  if (mode === 'autoregressive' && direction !== 'forward') {
    refuse('direction', "forward where 'mode' is autoregressive: later steps are not known", direction);
  }
  if (mode === 'autoregressive' && baseline === 'season') {
    refuse('baseline', "last where 'mode' is autoregressive: each step is against the one before", baseline);
  }
  if (mode === 'autoregressive' && scaling === 'window') {
    refuse('scaling', "table where 'mode' is autoregressive: a window has no end there", scaling);
  }
  if (mode === 'autoregressive' && quantiles !== undefined) {
    refuse('quantiles', "left out where 'mode' is autoregressive: it reads one number back in", quantiles);
  }
  if (quantiles !== undefined && columns.includes(QUANTILES)) {
    refuse('columns', 'other names, as the quantiles stand beside the columns', columns.join());
  }
}

/**
 * The form of the windows.
 *
 * @param saved the columns, the categories and the period, as far as they are known
 * @throws {OptionError} `invalid_option` for options that exclude each other
 */
export function formOf(
  options: ForecastOptions,
  saved: Pick<SavedForecast, 'columns' | 'covariates' | 'categories' | 'period'>,
): WindowForm {
  const { history, horizon, mode, baseline, scaling, quantiles, missing } = options;
  const targets = saved.columns.length;
  const numbers = targets + saved.covariates.length;
  const marks = countMarks({ numbers, isMarked: missing === 'mask', categories: saved.categories ?? [] });
  const period = options.period ?? saved.period ?? USUAL_PERIOD;
  requireCompatible(options, saved, period);
  const season = baseline === 'season' ? period : 0;
  return {
    history,
    horizon,
    mode,
    width: numbers + marks,
    marks,
    targets,
    season,
    isScaled: scaling === 'window',
    levels: levelsOf(quantiles),
  };
}

/** Means and standard deviations alone. */
export function scalingOf({ means, standardDeviations }: SavedForecast) {
  return { means, standardDeviations };
}

/** The rows of the three parts of a table. */
export interface TableParts {
  /** [rows * width] standardised, in double precision, with their marks. */
  readonly values: Float64Array;
  readonly table: SeriesTable;
  readonly training: readonly ForecastRange[];
  readonly validation: readonly ForecastRange[];
  readonly test: readonly ForecastRange[];
  readonly saved: SavedForecast;
  /** SHA-256 of what was read. */
  readonly digest: string;
  readonly notes: readonly string[];
}

function seriesOptions(
  options: ForecastOptions,
  names: Pick<SeriesOptions, 'columns' | 'covariates'>,
  categories: readonly string[],
) {
  const { time, dateFormat, item, missing } = options;
  return {
    ...{ columns: names.columns, covariates: names.covariates },
    categories,
    time,
    dateFormat,
    item,
    missing,
    format: tableFormatOf(options),
    rules: rulesOf(options),
  };
}

/**
 * Reads a table for a trained model: its columns by their names, standardised like the training rows.
 *
 * @param canLeaveOut whether series that cannot be used become faults of the table; default: they are refused
 * @throws {DataError} `mixed_examples` when the time between rows is another one; others of `readSeriesTable`
 */
export async function readMore(file: string, options: ForecastOptions, saved: SavedForecast, canLeaveOut = false) {
  const { categories = [], time, found } = saved;
  const names = categories.map(({ column }) => column);
  const table = await readSeriesTable(file, { ...seriesOptions(options, saved, names), canLeaveOut }, { time, found });
  return { table, values: standardised(table, options, saved) };
}

/** The numbers of a table, standardised in place, with their marks. */
function standardised(table: SeriesTable, { missing }: ForecastOptions, saved: SavedForecast): Float64Array {
  const numbers = saved.columns.length + saved.covariates.length;
  Standardizer.fromJSON(scalingOf(saved)).applyInPlace(table.values);
  return withMarks(table.values, table, {
    ...{ numbers, isMarked: missing === 'mask', categories: saved.categories ?? [] },
  });
}

/**
 * Reads the columns, cuts the rows of each series into training, validation and test, in the order of time, and
 * standardises all of them by the training rows.
 *
 * @throws {DataError} `too_short` when a requested part has no window; others of `readSeriesTable`
 * @throws {OptionError} `invalid_option`
 */
export async function readTable(file: string, options: ForecastOptions): Promise<TableParts> {
  const { categories, ...chosen } = columnsOf(options);
  const { covariates } = chosen;
  requireCompatible(options, chosen, options.period ?? 1); // before the table is read
  const reading = { ...seriesOptions(options, chosen, categories), rows: options.rows, weight: options.weight };
  const table = await readSeriesTable(file, reading);
  const { time, found, columns } = table;
  const names = { columns, covariates };
  const { period, note } = periodFor(options.period, options.history, time?.step);
  const parts = cutSeries(file, table.series, options);
  const digest = digestOf(table, options.missing);
  const weights = saidWeights(options, table, parts);
  const width = columns.length + covariates.length;
  const rowsIn = ({ begin, end }: ForecastRange) => table.values.subarray(begin * width, end * width);
  const scaling = Standardizer.fit(parts.training.map(rowsIn), width).toJSON();
  const saved = {
    ...names,
    ...scaling,
    ...(categories.length > 0 && { categories: categoriesOf(table, parts.training) }),
    ...(time && { time: savedTime(time) }),
    period,
    found,
  };
  const notes = [...table.notes, ...(note === undefined ? [] : [note]), ...parts.notes, ...weights];
  return { ...parts, values: standardised(table, options, saved), table, saved, digest, notes };
}

/** The note of the weights. @throws {DataError} `invalid_weights` for a part in which no row that is forecast counts */
function saidWeights(
  { weight: name, history }: ForecastOptions,
  { weights }: SeriesTable,
  parts: Pick<TableParts, 'training' | 'validation'>,
): string[] {
  if (name === undefined || weights === undefined) return [];
  for (const part of ['training', 'validation'] as const) {
    const rows = parts[part].map(({ start, begin, end }) => weights.subarray(Math.max(begin, start + history), end));
    requireSomeWeight(name, part, rows.length === 0 || rows.some((each) => each.some((weight) => weight > 0)));
  }
  return [weightNote(name, weights)];
}

/** The parts of every series. Series that are too short for a part have none of it, but one must have each part. */
function cutSeries(file: string, series: readonly Series[], { history, horizon, test, valid }: ForecastOptions) {
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
    const rows = series.reduce((most, { begin, end }) => Math.max(most, end - begin), 0);
    const count = { test: rowsOf('test', test, rows), validation: rowsOf('valid', valid, rows) };
    const found = part === 'training' ? rows - count.test - count.validation : count[part];
    const has =
      only === undefined ? `has at most ${found} of ${rows} rows of a series` : `has ${found} of ${rows} rows`;
    const what = part === 'training' ? `${history} of --history and ${horizon} of --horizon` : `those of --horizon`;
    const help = '--valid and --test say how many rows the other parts have';
    const message = `the ${part} part of '${file}' ${has}, a window needs ${needed[part]}: ${what}; ${help}`;
    throw new DataError('too_short', message, { file, part, rows: found, needed: needed[part], help });
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
