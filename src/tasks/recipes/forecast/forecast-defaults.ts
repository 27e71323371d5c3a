/** How the data decide defaults of forecasts, by the numbers of the table. */
import { seasonOf, type TimeStep } from '../../../files/time-step.js';
import { type LengthOptions, trainingLength } from '../../building-blocks/training-length.js';
import { rowFor } from '../../definition/reasoned.js';
import type { Settings } from '../../definition/settings.js';
import { FORECAST } from '../defaults/forecast.js';
import { periodOfRows } from './forecast-period.js';

/** The options that the data decide. */
export const SETTLED = [
  ...(['history', 'horizon', 'period', 'baseline', 'scaling'] as const),
  ...(['units', 'dropout', 'batch', 'epochs', 'patience'] as const),
] as const;

/** What is known of a table when its windows are chosen. */
export interface WindowFacts {
  /** [rows * width] before they are standardised; the columns to forecast come first. */
  readonly values: Float64Array;
  readonly width: number;
  readonly targets: number;
  /** Rows of each series, and how many of them are training and held-out rows. */
  readonly series: readonly SeriesRows[];
  readonly step: TimeStep | undefined;
}

/** The rows of a series. */
export interface SeriesRows {
  readonly begin: number;
  readonly training: number;
  readonly valid: number;
  readonly test: number;
}

/** The options of a window that somebody gave. */
export interface WindowChoice {
  readonly history?: number | undefined;
  readonly horizon?: number | undefined;
  readonly period?: number | undefined;
}

/** Sizes of a window, and why they are what they are. */
export interface SettledWindow {
  readonly history: number;
  readonly horizon: number;
  readonly period: number;
  readonly settings: Settings<'history' | 'horizon' | 'period'>;
}

/** The series of the median length. */
function typicalOf(series: readonly SeriesRows[]): SeriesRows {
  const sorted = [...series].sort((a, b) => a.training - b.training);
  return sorted[sorted.length >> 1] as SeriesRows;
}

/** History, horizon and period by the rows of the series and the time between them. */
export function settleWindow(facts: WindowFacts, given: WindowChoice): SettledWindow {
  const typical = typicalOf(facts.series);
  const rows = `${typical.training} training rows`;
  const horizon = given.horizon ?? horizonFor(typical);
  const most = given.history ?? Math.max(1, typical.training - horizon - FORECAST.fewestWindows.value);
  const found = given.period === undefined ? seasonFor(facts, typical, most) : { period: given.period, reason: '' };
  const history = given.history ?? historyFor(typical.training, horizon, found.period, most);
  return {
    ...{ history, horizon, period: found.period },
    settings: {
      history: { value: history, reason: found.period > 1 ? `${rows}, a season of ${found.period}` : rows },
      horizon: { value: horizon, reason: rows },
      period: { value: found.period, reason: found.reason },
    },
  };
}

function horizonFor({ training, valid, test }: SeriesRows): number {
  const { usual, heldOut, training: part } = FORECAST.horizon.value;
  const limits = [valid, test].filter((rows) => rows > 0).map((rows) => rows * heldOut);
  return Math.max(1, Math.floor(Math.min(usual, training * part, ...limits)));
}

/** The season by the time between the rows, else by their autocorrelation; 1 where there is none. */
function seasonFor({ values, width, targets, step }: WindowFacts, { begin, training }: SeriesRows, most: number) {
  const season = step && seasonOf(step);
  if (season !== undefined && season.period <= most) return { period: season.period, reason: season.name };
  const columns = Math.min(targets, FORECAST.periodRows.value.columns);
  const period = periodOfRows({ values, width, columns, begin, end: begin + training }, most);
  if (period !== undefined) return { period, reason: 'autocorrelation of the training rows' };
  const long = season === undefined ? '' : `: ${season.name} has ${season.period} rows`;
  return { period: 1, reason: `no season in the training rows${long}` };
}

function historyFor(training: number, horizon: number, period: number, most: number): number {
  const { usual, seasons, most: longest, training: part } = FORECAST.history.value;
  const limit = Math.min(most, Math.max(Math.floor(training * part), 2 * horizon, period));
  if (period === 1) return Math.max(1, Math.min(usual, limit));
  const wanted = Math.max(usual, seasons * period);
  const times = Math.floor(Math.min(Math.max(longest, period), limit, Math.ceil(wanted / period) * period) / period);
  return Math.max(1, times * period);
}

/** Whether windows are scaled one by one. @param deviations standard deviations of a column in each series, for all columns */
export function scalingFor(deviations: readonly (readonly number[])[]): Settings<'scaling'> {
  const ratio = Math.max(1, ...deviations.map((column) => Math.max(...column) / Math.min(...column)));
  if (ratio <= FORECAST.scaling.value.ratio) return { scaling: { value: 'table', reason: 'series of about one size' } };
  return { scaling: { value: 'window', reason: `deviations of the series differ ${ratio.toPrecision(2)}-fold` } };
}

/** The size of the network and the length of the training. @param windows of the training part */
export function settleTraining(
  windows: number,
  given: LengthOptions,
  hasValidation: boolean,
): Settings<'units' | 'dropout' | 'batch' | 'epochs' | 'patience'> {
  const reason = `${windows} training windows`;
  const { units } = rowFor<{ readonly units: number }>(FORECAST.units.value, windows);
  return {
    units: { value: units, reason },
    dropout: FORECAST.dropout,
    ...trainingLength(windows, FORECAST.length.value, given, hasValidation),
  };
}
