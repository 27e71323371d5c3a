/** A table as windows for training and evaluation. */
import { Standardizer } from '../../../features/standardizer.js';
import { listNames } from '../../../files/column-names.js';
import { columnPart, invalidRow } from '../../../files/row-error.js';
import { requireSomeWeight, weightNote } from '../../building-blocks/row-weights.js';
import { rulesOf, tableFormatOf } from '../../definition/table-options.js';
import { countRows, cutSeries } from './forecast-cut.js';
import { type SettledWindow, settleWindow } from './forecast-defaults.js';
import { digestOf } from './forecast-digest.js';
import { knownTargets } from './forecast-gaps.js';
import { categoriesOf, countMarks, withMarks } from './forecast-marks.js';
import { columnsOf, type ForecastOptions, requireCompatible, type SavedForecast } from './forecast-options.js';
import { levelsOf } from './forecast-quantiles.js';
import { readSeriesTable, type SeriesOptions, type SeriesTable } from './forecast-series.js';
import { savedTime } from './forecast-steps.js';
import { periodFor, USUAL_PERIOD } from './forecast-time.js';
import type { ForecastRange, WindowForm } from './forecast-windows.js';

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

/** Standard deviations from the mean: squares of more, summed over windows, are not finite in single precision. */
const FARTHEST = 1e15;

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
  const { time, dateFormat, item, missing, gaps, history } = options;
  return {
    ...{ columns: names.columns, covariates: names.covariates },
    categories,
    time,
    dateFormat,
    item,
    missing,
    absent: gaps,
    history,
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

/**
 * A number so far from the training rows that its square is not finite in single precision is a fault of its series.
 *
 * @throws {DataError} `invalid_row` with line and column, where faults are not kept
 */
function requireRange({ file, values, series, lineOf, faults }: SeriesTable, saved: SavedForecast): void {
  const names = [...saved.columns, ...saved.covariates];
  const { means, standardDeviations } = saved;
  const limits = standardDeviations.map((deviation) => FARTHEST * (deviation || 1));
  const width = names.length;
  for (const [at, { begin, end }] of series.entries()) {
    faults.of(at, () => {
      for (let place = begin * width; place < end * width; place++) {
        const column = place % width;
        const value = values[place] as number;
        if (Math.abs(value - (means[column] as number)) <= (limits[column] as number)) continue;
        const name = names[column] as string;
        const found = { file, line: lineOf(Math.floor(place / width)) };
        const expected = `a number less than ${FARTHEST} standard deviations of the training rows from their mean`;
        throw invalidRow(found, columnPart(name), expected, String(value), { column: name });
      }
    });
  }
}

/** The numbers of a table, standardised in place, with their marks. */
function standardised(table: SeriesTable, { missing }: ForecastOptions, saved: SavedForecast): Float64Array {
  const numbers = saved.columns.length + saved.covariates.length;
  requireRange(table, saved);
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
  const first = await readSeriesTable(file, reading);
  const settled = settleTable(first, options, chosen.covariates.length);
  // A gap that is longer than the history is not filled in. The history is known by now.
  const isLong = (first.longestGap ?? 0) > settled.history;
  const table = isLong ? await readSeriesTable(file, { ...reading, history: settled.history }) : first;
  const { time, found, columns } = table;
  const names = { columns, covariates };
  const width = columns.length + covariates.length;
  const again = isLong ? settleTable(table, { ...options, history: settled.history }, covariates.length) : settled;
  const { settings, ...sizes } = { ...again, settings: { ...again.settings, history: settled.settings.history } };
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
  const notes = [...table.notes, ...parts.notes, ...weights, ...constantNote(table, parts.training, width)];
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

/** The sizes of a window by the rows of a table: some windows must be left beside the missing numbers and gaps. */
function settleTable(table: SeriesTable, options: ForecastOptions, covariates: number): SettledWindow {
  const { values, columns, series, time } = table;
  const targets = columns.length;
  const width = targets + covariates;
  const isKnown = knownTargets(table, { targets, width }, options.missing);
  const facts = { values, width, targets, step: time?.step, series: countRows(series, options) };
  return settleWindow({ ...facts, isKnown, breaks: table.breaks }, options);
}

/** Whether the options are those of a run from before the data decided them: it has all of them but the period. */
function isEarlier({ period, history, horizon, baseline, scaling }: Partial<ForecastOptions>): boolean {
  return period === undefined && [history, horizon, baseline, scaling].every((value) => value !== undefined);
}

/** A note of the columns to forecast that have one number alone in all training rows. */
function constantNote({ values, columns, file }: SeriesTable, training: readonly ForecastRange[], width: number) {
  const first = (training[0]?.begin ?? 0) * width;
  const constant = columns.filter((_, column) =>
    training.every(({ begin, end }) => {
      for (let row = begin; row < end; row++) if (values[row * width + column] !== values[first + column]) return false;
      return true;
    }),
  );
  if (constant.length === 0) return [];
  const are = constant.length === 1 ? 'is' : 'are';
  return [
    `${listNames(constant)} of '${file}' ${are} constant in the training rows: there is nothing to learn of that`,
  ];
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
