/** The newest rows of each series of a table, from which its next steps are forecast. */

import { DataError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { shortened } from '../../../files/row-error.js';
import { readMore } from './forecast-data.js';
import { lastTime } from './forecast-dates.js';
import { newestGaps } from './forecast-gaps.js';
import type { ForecastOptions, SavedForecast } from './forecast-options.js';
import type { ForecastOrigin } from './forecast-outputs.js';
import { historyExample, type WindowExample, type WindowForm } from './forecast-windows.js';

/** An input of a prediction: the known steps of a series, and where they end. */
export interface ForecastInput extends WindowExample {
  readonly origin?: ForecastOrigin;
}

/** How a note lists what is said of series. */
const BY_SERIES = { separator: '; ' };

/** @throws {DataError} `too_short` */
export function requireRows(name: string, rows: number, needed: number): void {
  if (rows >= needed) return;
  throw new DataError('too_short', `${name} has ${rows} rows, ${needed} are needed`, { name, rows, needed });
}

/** The newest rows as an input. @param values [rows * width] @throws {DataError} `too_short` */
export function newestInput(
  name: string,
  values: Float64Array,
  form: WindowForm,
  origin?: Omit<ForecastOrigin, 'last'>,
): ForecastInput {
  const { history, width } = form;
  requireRows(name, values.length / width, history);
  const known = values.slice(-history * width);
  return { ...historyExample(known, form), origin: { ...origin, last: known.subarray(-width) } };
}

/**
 * The inputs of all series of a table. Where a column tells several apart, those that cannot be used are left out, which
 * is said.
 *
 * @param note receives what is said of the table
 * @throws {DataError} what is wrong with the first series, if none can be used; those of `readMore`
 */
export async function readNewest(
  file: string,
  given: ForecastOptions,
  saved: SavedForecast,
  form: WindowForm,
  note: (line: string) => void,
): Promise<ForecastInput[]> {
  const { values, table } = await readMore(file, given, saved, given.item !== undefined);
  for (const line of table.notes) note(line);
  const { item } = given;
  const { faults, time, gaps, series } = table;
  const { width, history, targets } = form;
  const names = [...saved.columns, ...saved.covariates];
  const titleOf = (name: string) => (item === undefined ? `'${file}'` : `'${file}' (${item} '${shortened(name)}')`);
  const [inputs, late, bad]: [ForecastInput[], string[], string[]] = [[], [], []];
  for (const [at, { name, begin, end }] of series.entries()) {
    const title = titleOf(name);
    const input = faults.of(at, () => {
      if (gaps !== undefined) {
        const { said, lost } = newestGaps({ gaps, names, targets, history, begin, end });
        if (lost !== undefined) throw withoutHistory(title, lost, history);
        if (said.length > 0) late.push(`${listSome(said)} of ${title}`);
      }
      const after = table.breaks?.findLast((row) => row > begin && row < end);
      if (after !== undefined && end - after < history) throw afterGap(title, end - after, history);
      const dates = lastTime(time, at, end, [...saved.columns, ...(item === undefined ? [] : [item])]);
      const origin = { item: item === undefined ? undefined : ([item, name] as const), time: dates };
      return newestInput(title, values.subarray(begin * width, end * width), form, origin);
    });
    const fault = faults.get(at);
    if (fault !== undefined) bad.push(fault.message.includes(title) ? fault.message : `${title}: ${fault.message}`);
    else if (input !== undefined) inputs.push(input);
  }
  if (inputs.length === 0) faults.requireNone();
  if (late.length > 0)
    note(`missing numbers end ${listSome(late, BY_SERIES)}: forecasts go on from numbers that are filled in`);
  if (bad.length > 0) {
    note(`${bad.length} of ${series.length} series of '${file}' have no forecast: ${listSome(bad, BY_SERIES)}`);
  }
  return inputs;
}

function withoutHistory(title: string, column: string, history: number): DataError {
  const message = `${title} has no number of '${shortened(column)}' in its last ${history} rows, at least one is needed`;
  return new DataError('too_short', message, { column, history });
}

function afterGap(title: string, rows: number, history: number): DataError {
  const help = `--options '{"gaps": "join"}' reads rows as if they followed each other`;
  const message = `${title} has ${rows} rows after its last gap of more than ${history}, ${history} are needed; ${help}`;
  return new DataError('too_short', message, { rows, needed: history, help });
}
