/** The series of a table: their rows by name, in the order of time, with what was missing. */
import type { MissingMode } from '../../../features/missing-values.js';
import { namedGroups } from '../../../files/group-names.js';
import { type NumberRules, readTable, type Table, type TextColumn } from '../../../files/table.js';
import type { FoundFormat, TableFormat } from '../../../files/table-format.js';
import type { TableStart } from '../../../files/table-records.js';
import { type Ordered, orderByTime } from '../../../files/time-order.js';
import { writeTime } from '../../../files/time-stamps.js';
import { takeWeights } from '../../building-blocks/row-weights.js';
import { absentNote, absentRows, type FilledRows, filledTime, filledValues, type GapMode } from './forecast-absent.js';
import { fillBySeason } from './forecast-absent-season.js';
import { type ColumnChoice, chooseColumns, columnsNote, settleColumns } from './forecast-columns.js';
import { fillSeries, missingNote } from './forecast-gaps.js';
import { changeNotes, type SavedTime, type SeriesTime, seriesTime, timeNotes } from './forecast-steps.js';
import { chooseTime, refuseTwice, type TimeChoice, TWICE_HELP } from './forecast-time.js';
import { type ArrangedSeries, type Series, SeriesFaults } from './series.js';

/** The numbers of a table, in double precision. Missing ones are filled in. */
export interface SeriesTable extends ArrangedSeries {
  /** The columns to forecast. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** As `values` before the missing numbers were filled in; only if one is missing. */
  readonly gaps?: Float64Array | undefined;
  /** Rows before which windows break, ascending. */
  readonly breaks?: readonly number[] | undefined;
  /** The longest gap that is filled in. */
  readonly longestGap?: number | undefined;
  /** [rows] what each row counts for, where a column says it. */
  readonly weights?: Float64Array | undefined;
  /** The texts of each column of categories, [rows]. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
  readonly time?: SeriesTime | undefined;
  readonly found: FoundFormat;
  readonly notes: readonly string[];
  /** The series that cannot be used. */
  readonly faults: SeriesFaults;
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
  /** What becomes of rows that are absent; default: rows follow each other. */
  readonly absent?: GapMode | undefined;
  /** The longest gap that is filled in. */
  readonly history?: number | undefined;
  /** Whether series that cannot be used become faults; default: they are refused. */
  readonly canLeaveOut?: boolean;
}

/** What was saved of the training table. */
export interface KnownSeries {
  readonly time?: SavedTime | undefined;
  readonly found?: FoundFormat | undefined;
}

/**
 * Reads the columns of a table and puts the rows of each series into the order of time. *
 * @param known what was saved of the training table; it must have the same columns
 * @throws {DataError} `invalid_row` with file, line and column; `empty_data`, and others of `readTable`
 */
export async function readSeriesTable(file: string, options: SeriesOptions, known?: KnownSeries): Promise<SeriesTable> {
  const { categories, item, rules, missing, weight, covariates } = options;
  let choice: TimeChoice = { notes: [] };
  let chosen: ColumnChoice | undefined;
  const choose = (start: TableStart) => {
    const named = [...(options.columns ?? []), ...covariates];
    choice = chooseTime(start, { ...options, numbers: named }, known?.time);
    if (options.columns === undefined) chosen = chooseColumns(start, options, choice.column);
    const columns = chosen?.numeric ?? options.columns ?? [];
    const numbers = [...columns, ...covariates, ...(weight === undefined ? [] : [weight])];
    const texts = [...new Set([...categories, ...(item === undefined ? [] : [item]), ...(chosen?.undecided ?? [])])];
    return { numbers, texts, times: choice.times };
  };
  const reading = { ...rules, rows: options.rows, usual: known?.found };
  const { table: read, weights } = takeWeights(await readTable(file, choose, options.format, reading), weight);
  const settled = chosen && settleColumns(read, chosen, rules);
  const { table, columns } = settled ?? { table: read, columns: options.columns ?? [] };
  const numbers = [...columns, ...covariates];
  const groups =
    item === undefined ? [Int32Array.from({ length: table.rows }, (_, row) => row)] : groupsOf(table, item, rules);
  const faults = new SeriesFaults(options.canLeaveOut);
  const { rows, changes } = arrange(table, groups, choice, faults);
  const series = seriesOf(table, groups, item);
  const isMoved = groups.length > 1 || changes.some((change) => change !== 'none');
  const inOrder = (all: Float64Array, width = 1) => (isMoved ? gather(all, rows, width) : all);
  const lineOf = (row: number) => table.lines[isMoved ? (rows[row] as number) : row] as number;
  const arranged = { file, values: inOrder(table.numbers, numbers.length), series, lineOf };
  const stamps = choice.reader === undefined ? undefined : inOrder(table.times);
  const zones = table.zones.length > 0 ? inOrder(table.zones) : undefined;
  const time = stamps && seriesTime({ file, item, choice, stamps, zones, series }, known?.time, faults);
  const textOf = (name: string) => Array.from(rows, (row) => (table.texts.get(name) as TextColumn).at(row));
  const absent =
    time && options.absent === 'fill'
      ? absentRows(time, series, options.history, (at) => faults.get(at) === undefined)
      : undefined;
  const notes = [...(settled ? [columnsNote(settled)] : []), ...choice.notes];
  if (time !== undefined) {
    const how = missing === 'refuse' ? 'by interpolation' : `(--missing ${missing})`;
    const about = { item, time, isKnown: known?.time !== undefined };
    const said = absent && absentNote(absent, how, options.history);
    notes.push(...changeNotes(file, time.column, changes), ...timeNotes(arranged, { ...about, absent: said }));
  }
  notes.push(...missingNote(file, arranged.values, missing));
  const rowsOf = {
    arranged,
    time,
    weights: weights && inOrder(weights),
    categories: new Map(categories.map((name) => [name, textOf(name)])),
  };
  const whole = absent === undefined ? rowsOf : withAbsent(rowsOf, absent, numbers.length);
  const { values } = whole.arranged;
  if (absent && missing === 'refuse') fillBySeason(values, numbers.length, absent, time?.steps ?? []);
  const hasMissing = values.some(Number.isNaN);
  const gaps = missing !== 'refuse' && hasMissing ? values.slice() : undefined;
  if (hasMissing) {
    fillSeries(whole.arranged, numbers, missing === 'refuse' ? 'interpolate' : missing, whole.time?.stamps, faults);
  }
  return {
    ...whole.arranged,
    gaps,
    breaks: absent?.breaks,
    longestGap: absent?.longest,
    weights: whole.weights,
    rows: numbers.length === 0 ? table.rows : values.length / numbers.length,
    categories: whole.categories,
    time: whole.time,
    found: table.start.found,
    columns,
    notes,
    faults,
  };
}

/** What is read of the rows. */
interface ReadRows {
  readonly arranged: ArrangedSeries;
  readonly time: SeriesTime | undefined;
  readonly weights: Float64Array | undefined;
  readonly categories: ReadonlyMap<string, readonly string[]>;
}

/** The rows with those that are absent: their numbers are missing, they count for nothing, and have the category of the row before. */
function withAbsent({ arranged, time, weights, categories }: ReadRows, absent: FilledRows, width: number): ReadRows {
  const { from, series } = absent;
  return {
    arranged: {
      ...arranged,
      series,
      values: filledValues(arranged.values, width, absent),
      lineOf: (row) => arranged.lineOf(from[row] as number),
    },
    time: time && filledTime(time, absent),
    weights: weights && filledValues(weights, 1, absent, 0),
    categories: new Map([...categories].map(([name, all]) => [name, Array.from(from, (row) => all[row] as string)])),
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
function arrange(table: Table, groups: readonly Int32Array[], choice: TimeChoice, faults: SeriesFaults) {
  const { file, times, lines } = table;
  const { column = '', reader, canSort } = choice;
  const ordered = groups.map((rows, at): Ordered => {
    const asTheyAre: Ordered = { rows, change: 'none' };
    if (reader === undefined) {
      refuseTwice(table, rows, choice);
      return asTheyAre;
    }
    const write = (stamp: number) => writeTime(stamp, reader.style());
    const names = { file, column, lines, write, help: reader.limit() ?? TWICE_HELP };
    return faults.of(at, () => orderByTime(times, rows, canSort === true, names)) ?? asTheyAre;
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
