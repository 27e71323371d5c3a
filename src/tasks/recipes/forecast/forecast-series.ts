/** The series of a table: their rows by name, in the order of time, with what was missing. */

import { DataError } from '../../../core/errors.js';
import { fillMissing, type MissingMode } from '../../../features/missing-values.js';
import { namedGroups } from '../../../files/group-names.js';
import { columnPart, invalidRow } from '../../../files/row-error.js';
import { type NumberRules, readTable, type Table, type TextColumn } from '../../../files/table.js';
import type { FoundFormat, TableFormat } from '../../../files/table-format.js';
import type { TableStart } from '../../../files/table-records.js';
import { gapsIn, type Ordered, orderByTime, stepOf, type TimeStep } from '../../../files/time-order.js';
import { type TimeStyle, writeTime } from '../../../files/time-stamps.js';
import { takeWeights } from '../../building-blocks/row-weights.js';
import { chooseColumns } from './forecast-columns.js';
import { chooseTime, type TimeChoice, timeNote } from './forecast-time.js';

/** The rows of one series. */
export interface Series {
  /** The text of the column of series; empty where there is one series alone. */
  readonly name: string;
  readonly begin: number;
  /** One after the last row. */
  readonly end: number;
}

/** The time of the rows of a table. */
export interface SeriesTime {
  readonly column: string;
  /** [rows] */
  readonly stamps: Float64Array;
  readonly style: TimeStyle;
  readonly step?: TimeStep | undefined;
}

/** The numbers of a table. */
export interface SeriesTable {
  readonly file: string;
  /** The columns to forecast. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** [rows * columns] the rows of one series after the other, each in the order of time. Missing numbers are filled in. */
  readonly values: Float64Array;
  /** As `values` before the missing numbers were filled in; only with the mode `mask`, and if one is missing. */
  readonly gaps?: Float64Array | undefined;
  /** [rows] what each row counts for, where a column says it. */
  readonly weights?: Float64Array | undefined;
  readonly series: readonly Series[];
  /** The texts of each column of categories, [rows]. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
  /** The line of a row. */
  lineOf(row: number): number;
  readonly time?: SeriesTime | undefined;
  readonly found: FoundFormat;
  readonly notes: readonly string[];
}

/** How a table of series is read. */
export interface SeriesOptions {
  /** Columns to forecast; undefined for all columns of numbers that have no other use. */
  readonly columns: readonly string[] | undefined;
  readonly covariates: readonly string[];
  /** The column of the weights of rows. */
  readonly weight?: string | undefined;
  readonly categories: readonly string[];
  readonly time: string | undefined;
  readonly dateFormat: string | undefined;
  readonly item: string | undefined;
  readonly rows?: number | undefined;
  readonly format: TableFormat;
  readonly rules: NumberRules;
  readonly missing: MissingMode;
}

/** What was saved of the training table. */
export interface KnownSeries {
  readonly time?: { readonly column: string; readonly step?: TimeStep | undefined } | undefined;
  readonly found?: FoundFormat | undefined;
}

/**
 * Reads the columns of a table and puts the rows of each series into the order of time.
 *
 * @param known what was saved of the training table; it must have the same columns
 * @throws {DataError} `invalid_row` with file, line and column; `empty_data`, and others of `readTable`
 */
export async function readSeriesTable(file: string, options: SeriesOptions, known?: KnownSeries): Promise<SeriesTable> {
  const { categories, item, rules, missing, weight, covariates } = options;
  let columns = options.columns ?? [];
  let choice: TimeChoice = { notes: [] };
  let columnsNote: string | undefined;
  const choose = (start: TableStart) => {
    const numbers = [...columns, ...covariates];
    choice = chooseTime(start, { ...options, numbers }, known?.time?.column);
    if (options.columns === undefined) ({ columns, note: columnsNote } = chooseColumns(start, options, choice.column));
    const read = [...columns, ...covariates, ...(weight === undefined ? [] : [weight])];
    const { column, reader } = choice;
    const texts = [...new Set([...categories, ...(item === undefined ? [] : [item])])];
    if (column === undefined || reader === undefined) return { numbers: read, texts };
    const times = { column, read: reader.read, expected: reader.expected, help: choice.help };
    return { numbers: read, texts, times };
  };
  const reading = { ...rules, rows: options.rows, usual: known?.found };
  const { table, weights } = takeWeights(await readTable(file, choose, options.format, reading), weight);
  const numbers = [...columns, ...covariates];
  const groups =
    item === undefined ? [Int32Array.from({ length: table.rows }, (_, row) => row)] : groupsOf(table, item, rules);
  const { rows, changes } = arrange(table, groups, choice);
  const series = seriesOf(table, groups, item);
  const isMoved = groups.length > 1 || changes.some((change) => change !== 'none');
  const values = isMoved ? gather(table.numbers, rows, numbers.length) : table.numbers;
  const lineOf = (row: number) => table.lines[isMoved ? (rows[row] as number) : row] as number;
  const gaps = missing === 'mask' && values.some(Number.isNaN) ? values.slice() : undefined;
  const arranged = { file, values, series, lineOf };
  const stamps = isMoved ? gather(table.times, rows, 1) : table.times;
  if (missing !== 'refuse') fillAll(arranged, numbers, missing, stamps.length > 0 ? stamps : undefined);
  const time = timeOf(choice, stamps, series);
  const textOf = (name: string) => Array.from(rows, (row) => (table.texts.get(name) as TextColumn).at(row));
  return {
    ...arranged,
    gaps,
    weights: weights && (isMoved ? gather(weights, rows, 1) : weights),
    rows: table.rows,
    categories: new Map(categories.map((name) => [name, textOf(name)])),
    time,
    found: table.start.found,
    columns,
    notes: [...(columnsNote === undefined ? [] : [columnsNote]), ...choice.notes, ...notesOf(arranged, changes, time)],
  };
}

function groupsOf(table: Table, item: string, { missing }: NumberRules): Int32Array[] {
  return namedGroups(table, item, { what: 'series', missing }).groups;
}

function seriesOf({ texts }: Table, groups: readonly Int32Array[], item: string | undefined): Series[] {
  let end = 0;
  return groups.map(({ length }, at) => {
    const begin = end;
    end += length;
    return { name: item === undefined ? '' : ((texts.get(item) as TextColumn).values[at] as string), begin, end };
  });
}

/** The rows of all series, one after the other, in the order of time. */
function arrange(
  { file, times, lines }: Table,
  groups: readonly Int32Array[],
  { column, reader, canSort }: TimeChoice,
) {
  const ordered = groups.map((rows): Ordered => {
    if (column === undefined || reader === undefined) return { rows, change: 'none' };
    const write = (stamp: number) => writeTime(stamp, reader.style());
    return orderByTime(times, rows, canSort === true, { file, column, lines, write });
  });
  const rows = new Int32Array(lines.length);
  let at = 0;
  for (const part of ordered) {
    rows.set(part.rows, at);
    at += part.rows.length;
  }
  return { rows, changes: ordered.map(({ change }) => change) };
}

function gather(values: Float64Array, rows: Int32Array, width: number): Float64Array {
  if (values.length === 0) return values;
  const gathered = new Float64Array(values.length);
  for (let at = 0; at < rows.length; at++) {
    const from = (rows[at] as number) * width;
    for (let column = 0; column < width; column++) {
      gathered[at * width + column] = values[from + column] as number;
    }
  }
  return gathered;
}

type Arranged = Pick<SeriesTable, 'file' | 'values' | 'series' | 'lineOf'>;

function fillAll(
  { file, values, series, lineOf }: Arranged,
  names: readonly string[],
  mode: Exclude<MissingMode, 'refuse'>,
  times: Float64Array | undefined,
) {
  const width = names.length;
  for (const { begin, end } of series) {
    for (const [column, name] of names.entries()) {
      const row = fillMissing(values, { width, column, begin, end, times }, mode);
      if (row < 0) continue;
      const help =
        mode === 'forward' ? '--missing interpolate takes the first number after it' : '--rows or --item leaves it out';
      const expected = mode === 'forward' ? 'a number before the first missing one' : 'at least one number';
      throw invalidRow({ file, line: lineOf(row) }, columnPart(name), expected, 'none', { column: name, help });
    }
  }
}

function timeOf(
  { column, reader }: TimeChoice,
  stamps: Float64Array,
  series: readonly Series[],
): SeriesTime | undefined {
  if (column === undefined || reader === undefined) return undefined;
  const style = reader.style();
  const longest = series.reduce((most, next) => (next.end - next.begin > most.end - most.begin ? next : most));
  const step = stepOf(stamps.subarray(longest.begin, longest.end), style.isNumber);
  return { column, stamps, style, step };
}

function notesOf(
  { file, series, lineOf }: Arranged,
  changes: readonly Ordered['change'][],
  time: SeriesTime | undefined,
): string[] {
  if (time === undefined) return [];
  const notes: string[] = [];
  const { column, step, stamps, style } = time;
  if (changes.includes('turned'))
    notes.push(`'${file}' is newest first by '${column}': the order of its rows is reversed`);
  if (changes.includes('sorted')) notes.push(`the rows of '${file}' are sorted by '${column}'`);
  if (step === undefined) {
    return [...notes, `the time between the rows of '${file}' by '${column}' is not regular: forecasts have no dates`];
  }
  notes.push(timeNote(column, step));
  const all = series.flatMap(({ begin, end }) => gapsIn(stamps.subarray(begin, end), step).map((at) => begin + at));
  const [first] = all;
  if (first === undefined) return notes;
  const write = (row: number) => writeTime(stamps[row] as number, style);
  const places = `${all.length} ${all.length === 1 ? 'gap' : 'gaps'} in '${column}' of '${file}'`;
  notes.push(`${places}, the first before line ${lineOf(first)}: '${write(first)}' follows '${write(first - 1)}'`);
  return notes;
}

/**
 * Refuses a table whose rows have another step than those of the training.
 *
 * @throws {DataError} `mixed_examples`
 */
export function requireStep(file: string, step: TimeStep | undefined, trained: TimeStep | undefined): void {
  if (step === undefined || trained === undefined) return;
  const isDaily = ({ unit, count }: TimeStep) => unit === 'working days' || (unit === 'ms' && count === 86_400_000);
  if ((step.unit === trained.unit && step.count === trained.count) || (isDaily(step) && isDaily(trained))) return;
  const say = ({ unit, count }: TimeStep) => `${count} ${unit}`;
  const message = `'${file}' has ${say(step)} between its rows, expected the ${say(trained)} of the training`;
  throw new DataError('mixed_examples', message, { file, step, expected: trained });
}
