/** Reads tables as windows, and settles the options that decide what a window is. */
import { DataError } from '../../../core/errors.js';
import type { Examples } from '../../../data/examples.js';
import { ColumnStatistics } from '../../../features/column-statistics.js';
import { requireData } from '../../building-blocks/require-data.js';
import type { TakeNote } from '../../definition/task.js';
import { unbroken } from './forecast-absent.js';
import { chooseBaseline } from './forecast-baseline.js';
import { formOf, readMore, readTable, type TableParts } from './forecast-data.js';
import { scalingFor } from './forecast-defaults.js';
import { knownTargets } from './forecast-gaps.js';
import { requireRows } from './forecast-inputs.js';
import type { ForecastOptions, SavedForecast } from './forecast-options.js';
import type { SeriesTable } from './forecast-series.js';
import { type ForecastRange, type WindowExample, type WindowForm, windowsOf } from './forecast-windows.js';

/** Windows whose targets decide their unit. */
const UNIT_WINDOWS = 1024;

/** Whether all numbers of a row that are forecast are known; undefined when none is missing. */
function knownRows(table: SeriesTable, { targets, width, marks = 0 }: WindowForm, { missing }: ForecastOptions) {
  return knownTargets(table, { targets, width: width - marks }, missing);
}

/** The windows of the three parts, with the options that nobody gave. @throws as `readTable` */
export async function readForecast(given: ForecastOptions & { readonly data: string | undefined }) {
  const parts = await readTable(requireData(given), given);
  const { values, table, digest, notes, saved: known, options: sized } = parts;
  const windowsIn = (form: WindowForm) => {
    const isKnown = knownRows(table, form, given);
    const part = (ranges: readonly ForecastRange[]) =>
      ranges.length === 0
        ? undefined
        : requireWindows(table, form, windowsOf(values, form, unbroken(ranges, table.breaks), isKnown, table.weights));
    return {
      training: part(parts.training) as Examples<WindowExample>,
      validation: part(parts.validation),
      test: part(parts.test),
    };
  };
  const plain = formOf({ ...sized, baseline: 'last', scaling: 'table' }, known);
  const { baseline, linear, reason } = await chooseBaseline(
    windowsIn(plain),
    plain,
    sized.period as number,
    given.baseline,
  );
  const { scaling } = scalingFor(given.mode === 'direct' ? deviationsOf(parts, plain) : []);
  const chosen = { ...sized, baseline, scaling: given.scaling ?? (scaling?.value as 'table' | 'window') };
  const plainly: SavedForecast = { ...known, ...(linear && { linear }) };
  const unit =
    given.fallback === 'yes' && given.mode === 'direct' ? unitOf(windowsIn(formOf(chosen, plainly)).training) : 1;
  const saved: SavedForecast = { ...plainly, ...(unit !== 1 && { unit }) };
  return {
    ...windowsIn(formOf(chosen, saved)),
    saved,
    fingerprint: { values: digest },
    notes,
    settings: { ...parts.settings, baseline: { value: baseline, reason }, scaling },
  };
}

/** The root mean square of the targets of some windows, with few digits. */
function unitOf({ count, read }: Examples<WindowExample>): number {
  const most = Math.min(UNIT_WINDOWS, count);
  // Windows of a table are made at once, not read later.
  const examples = read(
    Int32Array.from({ length: most }, (_, at) => Math.floor((at * count) / most)),
  ) as readonly WindowExample[];
  let [sum, numbers] = [0, 0];
  for (const { target } of examples) {
    for (const value of target as Float32Array) sum += value * value;
    numbers += (target as Float32Array).length;
  }
  return sum > 0 ? Number(Math.sqrt(sum / numbers).toPrecision(4)) : 1;
}

/** Standard deviations of each column that is forecast in the training rows of each series. */
function deviationsOf({ values, training }: TableParts, { width, targets }: WindowForm): number[][] {
  const ofSeries = training.map(({ begin, end }) => {
    const statistics = new ColumnStatistics(width);
    statistics.add(values.subarray(begin * width, end * width));
    return statistics.standardDeviations;
  });
  return Array.from({ length: targets }, (_, column) =>
    ofSeries.map((deviations) => deviations[column] as number).filter((deviation) => deviation > 0),
  );
}

/** All windows of another table, scaled like the training rows. @throws {DataError} `too_short`; as `readMore` */
export async function readWindows(
  file: string,
  given: ForecastOptions,
  saved: SavedForecast,
  note: TakeNote,
): Promise<Examples<WindowExample>> {
  const { values, table } = await readMore(file, given, saved);
  for (const line of table.notes) note(line);
  const form = formOf(given, saved);
  const longest = table.series.reduce((most, { begin, end }) => Math.max(most, end - begin), 0);
  requireRows(`'${file}'`, longest, form.history + form.horizon);
  const ranges = unbroken(
    table.series.map(({ begin, end }) => ({ start: begin, begin, end })),
    table.breaks,
  );
  return requireWindows(table, form, windowsOf(values, form, ranges, knownRows(table, form, given)));
}

/** @throws {DataError} `too_short` when every window forecasts a missing number, or crosses a gap */
function requireWindows<E>(
  { file, breaks = [] }: SeriesTable,
  { history, horizon }: WindowForm,
  windows: Examples<E>,
): Examples<E> {
  if (windows.count > 0) return windows;
  const isBroken = breaks.length > 0;
  const why = isBroken ? 'forecasts a missing number or crosses a gap' : 'forecasts a missing number';
  const help = isBroken
    ? '--history and --horizon make windows shorter, --gaps join reads rows as if they followed each other'
    : `--horizon below ${horizon} makes windows shorter, --missing interpolate forecasts numbers that are filled in`;
  const message = `every window of '${file}', ${history} known rows and ${horizon} to forecast, ${why}; ${help}`;
  throw new DataError('too_short', message, { file, history, horizon, help });
}
