/** A table as windows for training and evaluation. */
import { OptionError } from '../../../core/errors.js';
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
import type { LinearForecast } from '../../naive/linear-forecast.js';
import { countRows, cutSeries } from './forecast-cut.js';
import { type SettledWindow, settleWindow } from './forecast-defaults.js';
import { digestOf } from './forecast-digest.js';
import { categoriesOf, countMarks, withMarks } from './forecast-marks.js';
import { levelsOf, QUANTILES } from './forecast-quantiles.js';
import { readSeriesTable, type SeriesOptions, type SeriesTable } from './forecast-series.js';
import { type SavedTime, savedTime } from './forecast-steps.js';
import { periodFor, USUAL_PERIOD } from './forecast-time.js';
import type { ForecastRange, WindowForm } from './forecast-windows.js';

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
  /** The linear autoregression of each column, where the forecasts are relative to it. */
  readonly linear?: readonly LinearForecast[];
  /** The root mean square of what remains of the training targets beside the baseline; targets are divided by it. Missing for 1. */
  readonly unit?: number;
  /** The form of the training table. */
  readonly found?: FoundFormat;
};

/** What direct forecasts are relative to. */
export const BASELINES = ['last', 'season', 'mean', 'linear'] as const;
export type Baseline = (typeof BASELINES)[number];

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
  readonly baseline: Baseline;
  /** `no` in runs from before the option: their targets have the unit 1. */
  readonly fallback: 'yes' | 'no';
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
  if (mode === 'autoregressive' && baseline !== undefined && baseline !== 'last') {
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
  saved: Pick<SavedForecast, 'columns' | 'covariates' | 'categories' | 'period' | 'linear' | 'unit'>,
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
    ...(baseline === 'mean' && { rule: 'mean' }),
    ...(baseline === 'linear' && saved.linear && { rule: saved.linear }),
    unit: saved.unit,
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
  /** The options with the sizes of a window that nobody gave, and why these. */
  readonly options: ForecastOptions;
  readonly settings: SettledWindow['settings'];
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
  const width = columns.length + covariates.length;
  const facts = { values: table.values, width, targets: columns.length, step: time?.step };
  const { settings, ...sizes } = settleWindow({ ...facts, series: countRows(table.series, options) }, options);
  const known = { ...options, ...sizes, ...(isEarlier(options) && periodFor(undefined, options.history, time?.step)) };
  const parts = cutSeries(file, table.series, known);
  const digest = digestOf(table, options.missing);
  const weights = saidWeights(known, table, parts);
  const rowsIn = ({ begin, end }: ForecastRange) => table.values.subarray(begin * width, end * width);
  const scaling = Standardizer.fit(parts.training.map(rowsIn), width).toJSON();
  const saved = {
    ...names,
    ...scaling,
    ...(categories.length > 0 && { categories: categoriesOf(table, parts.training) }),
    ...(time && { time: savedTime(time) }),
    period: known.period,
    found,
  };
  const notes = [...table.notes, ...parts.notes, ...weights];
  return {
    ...parts,
    values: standardised(table, options, saved),
    table,
    saved,
    digest,
    notes,
    options: known,
    settings,
  };
}

/** Whether the options are those of a run from before the data decided them: it has all of them but the period. */
function isEarlier({ period, history, horizon, baseline, scaling }: Partial<ForecastOptions>): boolean {
  return period === undefined && [history, horizon, baseline, scaling].every((value) => value !== undefined);
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

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
