/** The options of forecasts, and what is saved with a forecaster. */
import { OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import type { MissingMode } from '../../../features/missing-values.js';
import type { FoundFormat } from '../../../files/table-format.js';
import type { Category } from '../../building-blocks/categories.js';
import { columnsIn, type MissingChoices, type TableChoices } from '../../definition/table-options.js';
import type { LinearForecast } from '../../naive/linear-forecast.js';
import type { GapMode } from './forecast-absent.js';
import { QUANTILES } from './forecast-quantiles.js';
import type { SeriesOptions } from './forecast-series.js';
import type { SavedTime } from './forecast-steps.js';

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
  /** `join` in runs from before the option: their rows follow each other. */
  readonly gaps: GapMode;
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
export function requireCompatible(
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

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
