/** A table of a CSV file as windows for training and evaluation. */
import { createHash } from 'node:crypto';
import { DataError, OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import { Standardizer } from '../../../features/standardizer.js';
import { readCsv } from '../../../files/csv-table.js';
import { levelsOf, QUANTILES } from './forecast-quantiles.js';
import type { WindowForm } from './forecast-windows.js';

/** The data that is saved with a forecaster. */
export type SavedForecast = {
  /** Columns that are forecast. */
  readonly columns: readonly string[];
  /** Columns that are read but not forecast. */
  readonly covariates: readonly string[];
  /** Mean and deviation of all these columns in this order, over the training rows only. */
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
};

/** The options of the columns and of a window. */
export interface ForecastOptions {
  readonly columns: string;
  readonly covariates: string | undefined;
  readonly rows: number | undefined;
  readonly history: number;
  readonly horizon: number;
  readonly period: number;
  readonly mode: 'direct' | 'autoregressive';
  readonly baseline: 'last' | 'season';
  readonly scaling: 'table' | 'window';
  readonly quantiles: string | undefined;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly valid: number | string;
  readonly test: number | string;
}

/** Names in a list with commas. */
function namesOf(name: string, list: string): string[] {
  const names = list.split(',').map((part) => part.trim());
  const wrong = names.find((part, at) => part === '' || names.indexOf(part) !== at);
  if (wrong === undefined) return names;
  return refuse(name, 'different names of columns with commas between them', list);
}

/** The columns of the options. @throws {OptionError} `invalid_option` for a name that is empty or occurs twice */
export function columnsOf({ columns, covariates }: Pick<ForecastOptions, 'columns' | 'covariates'>) {
  const targets = namesOf('columns', columns);
  const others = covariates === undefined ? [] : namesOf('covariates', covariates);
  const twice = others.find((name) => targets.includes(name));
  if (twice !== undefined) refuse('covariates', 'other columns than those that are forecast', twice);
  return { columns: targets, covariates: others };
}

/** The form of the windows. @throws {OptionError} `invalid_option` for options that exclude each other */
export function formOf(options: ForecastOptions, width: number, targets: number): WindowForm {
  const { history, horizon, mode, period, baseline, scaling, quantiles, columns, direction } = options;
  if (period > history) refuse('period', `at most the ${history} steps of 'history'`, period);
  if (mode === 'autoregressive' && width > targets) {
    refuse('covariates', "left out where 'mode' is autoregressive: their future is not known", options.covariates);
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
  if (quantiles !== undefined && namesOf('columns', columns).includes(QUANTILES)) {
    refuse('columns', 'other names, as the quantiles stand beside the columns', columns);
  }
  const season = baseline === 'season' ? period : 0;
  return {
    history,
    horizon,
    mode,
    width,
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

/** The rows of a table in its three parts, one after the other. */
export interface TableParts {
  /** [rows * width] standardised. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly trainingEnd: number;
  readonly validationEnd: number;
  readonly standardizer: Standardizer;
  /** SHA-256 of the numbers as they were read. */
  readonly digest: string;
}

/** The numbers of the columns, row by row: [rows * columns]. @throws as `readCsv` */
export async function readColumns(file: string, names: readonly string[], limit = Number.POSITIVE_INFINITY) {
  const { values, rows } = await readCsv(file, { columns: names });
  const count = Math.min(rows, limit);
  return { rows: count, values: values.subarray(0, count * names.length) };
}

/**
 * Reads the columns, cuts the rows into training, validation and test, in this order, and standardises all of them by the
 * training rows.
 *
 * @throws {DataError} `too_short` when a requested part has no window; others of `readCsv`
 * @throws {OptionError} `invalid_option`
 */
export async function readTable(file: string, options: ForecastOptions): Promise<TableParts> {
  const { columns, covariates } = columnsOf(options);
  const names = [...columns, ...covariates];
  const { history, horizon } = formOf(options, names.length, columns.length);
  const { rows, values } = await readColumns(file, names, options.rows);
  const test = rowsOf('test', options.test, rows);
  const valid = rowsOf('valid', options.valid, rows);
  const training = rows - valid - test;
  const parts = [
    ['training', training, history + horizon],
    ['validation', valid, valid === 0 ? 0 : horizon],
    ['test', test, test === 0 ? 0 : horizon],
  ] as const;
  for (const [part, count, needed] of parts) {
    if (count >= needed) continue;
    const message = `the ${part} part of '${file}' has ${count} of ${rows} rows, a window needs ${needed}`;
    throw new DataError('too_short', message, { file, part, rows: count, needed });
  }
  const standardizer = Standardizer.fit([values.subarray(0, training * names.length)], names.length);
  return {
    values: standardizer.apply(values),
    rows,
    trainingEnd: training,
    validationEnd: training + valid,
    standardizer,
    digest: createHash('sha256').update(values).digest('hex'),
  };
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
