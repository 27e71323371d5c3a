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
  /** Whether the numbers of a row that are forecast are known; default: all are. */
  readonly isKnown?: ((row: number) => boolean) | undefined;
  /** Rows before which windows break. */
  readonly breaks?: readonly number[] | undefined;
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
  const usual = given.horizon ?? horizonFor(typical);
  const horizon = given.horizon ?? horizonAmongGaps(facts, usual);
  const most = given.history ?? Math.max(1, typical.training - horizon - FORECAST.fewestWindows.value);
  const found = given.period === undefined ? seasonFor(facts, typical, most) : { period: given.period, reason: '' };
  const history = given.history ?? historyFor(typical.training, horizon, found.period, most);
  return {
    ...{ history, horizon, period: found.period },
    settings: {
      history: { value: history, reason: found.period > 1 ? `${rows}, a season of ${found.period}` : rows },
      horizon: { value: horizon, reason: horizon < usual ? `${rows}, missing numbers between them` : rows },
      period: { value: found.period, reason: found.reason },
    },
  };
}

function horizonFor({ training, valid, test }: SeriesRows): number {
  const { usual, heldOut, training: part } = FORECAST.horizon.value;
  const limits = [valid, test].filter((rows) => rows > 0).map((rows) => rows * heldOut);
  return Math.max(1, Math.floor(Math.min(usual, training * part, ...limits)));
}

/** The longest horizon, halved from the usual one, of which each part has enough windows that forecast known rows alone. */
function horizonAmongGaps({ series, isKnown, breaks = [] }: WindowFacts, usual: number): number {
  if (isKnown === undefined && breaks.length === 0) return usual;
  const ends = new Set(breaks);
  // [parts] lengths of runs of known rows
  const runsOf = (from: number, rows: number) => {
    const found: number[] = [];
    let run = 0;
    for (let row = from; row < from + rows; row++) {
      const isKnownRow = isKnown?.(row) !== false;
      if (ends.has(row) || !isKnownRow) {
        found.push(run);
        run = 0;
      }
      if (isKnownRow) run += 1;
    }
    return [...found, run];
  };
  const runs = [
    series.flatMap(({ begin, training }) => runsOf(begin, training)),
    series.flatMap(({ begin, training, valid }) => runsOf(begin + training, valid)),
    series.flatMap(({ begin, training, valid, test }) => runsOf(begin + training + valid, test)),
  ];
  const count = (lengths: readonly number[], horizon: number) =>
    lengths.reduce((sum, length) => sum + Math.max(0, length - horizon + 1), 0);
  const isEnough = (horizon: number) =>
    runs.every((lengths) => {
      const most = count(lengths, 1);
      return most === 0 || count(lengths, horizon) >= Math.min(most, FORECAST.fewestWindows.value);
    });
  let horizon = usual;
  while (horizon > 1 && !isEnough(horizon)) horizon = Math.floor(horizon / 2);
  return horizon;
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
  // A column that is constant in all series has no deviation: it is of one size.
  const varied = deviations.filter((column) => column.length > 0);
  const ratio = Math.max(1, ...varied.map((column) => Math.max(...column) / Math.min(...column)));
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
