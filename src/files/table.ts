/** Tables of numbers and texts: the one reader of all tasks. Columns are chosen by name. */

import { placesOf } from './column-names.js';
import { parseDecimal, parseDecimalComma } from './decimal.js';
import { NumberList } from './number-list.js';
import { columnPart, invalidRow, quoted } from './row-error.js';
import type { FoundFormat, TableFormat } from './table-format.js';
import { type TableRecord, type TableStart, tableRows } from './table-records.js';

/** Texts that stand for a missing number. */
export const MISSING_TEXTS: readonly string[] = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '?', '-'];

/** A column whose texts become numbers by a rule of its own: time stamps. */
export interface ReadColumn {
  readonly column: string;
  /** The number of a text, undefined for what is none. */
  read(text: string): number | undefined;
  /** Minutes east of Greenwich of the text that was read last; undefined for texts without a zone. */
  zone?(): number | undefined;
  /** What the column must have, for the error. */
  readonly expected: string;
  /** What helps, for the error. */
  readonly help?: string | undefined;
}

/** The columns that are read. */
export interface TableChoice {
  readonly numbers: readonly string[];
  readonly texts?: readonly string[];
  readonly times?: ReadColumn | undefined;
}

/** How numbers are read. */
export interface NumberRules {
  /** Whether a missing number becomes NaN; default: it is refused. */
  readonly keepMissing?: boolean;
  /** Texts that stand for a missing number; default `MISSING_TEXTS`. */
  readonly missing?: readonly string[] | undefined;
  /** Whether white space around texts is kept; default: it is removed. */
  readonly keepSpaces?: boolean;
  /** Whether errors name options of the command line; default true. */
  readonly hasAdvice?: boolean;
  /** Stops after so many rows. */
  readonly rows?: number | undefined;
}

/** A column of texts; equal texts are stored once. */
export class TextColumn {
  /** The different texts, in the order of their first rows. */
  readonly values: string[] = [];
  readonly #codes = new Map<string, number>();
  readonly #list = new NumberList();
  #rows: Float64Array | undefined;

  push(text: string): void {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.values.length;
      this.#codes.set(text, code);
      this.values.push(text);
    }
    this.#list.push(code);
  }

  /** [rows] the index of each row's text in `values`. */
  get codes(): Float64Array {
    this.#rows ??= this.#list.take();
    return this.#rows;
  }

  /** The rows of each text, in the order of `values`. */
  groups(): Int32Array[] {
    const counts = new Int32Array(this.values.length);
    for (const code of this.codes) counts[code] = (counts[code] as number) + 1;
    const groups = Array.from(counts, (count) => new Int32Array(count));
    counts.fill(0);
    for (const [row, code] of this.codes.entries()) {
      (groups[code] as Int32Array)[counts[code] as number] = row;
      counts[code] = (counts[code] as number) + 1;
    }
    return groups;
  }

  /** The text of a row. */
  at(row: number): string {
    return this.values[this.codes[row] as number] as string;
  }
}

/** Columns of a table. */
export interface Table {
  readonly file: string;
  readonly start: TableStart;
  readonly rows: number;
  /** [rows] the line of each row. */
  readonly lines: Float64Array;
  /** [rows * numbers] row by row, in double precision; NaN for a missing one. */
  readonly numbers: Float64Array;
  readonly texts: ReadonlyMap<string, TextColumn>;
  /** [rows] of the column `times`; empty without it. */
  readonly times: Float64Array;
  /** [rows] minutes east of Greenwich of each row's time; empty where times have no zone. */
  readonly zones: Float64Array;
}

/** What helps with a text that should be a number; undefined where no option does. */
function helpFor(text: string, isMissing: boolean, decimal: FoundFormat['decimal']): string | undefined {
  if (isMissing) return '--missing interpolate (or forward, or mask) reads on';
  if (decimal !== 'comma' && /^[+-]?\d*,\d+$/.test(text)) return '--decimal comma reads decimal commas';
  if (decimal === 'comma' && /^[+-]?\d*\.\d+$/.test(text)) return '--decimal point reads decimal points';
  if (/^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}/.test(text)) return '--time COLUMN names a column of time stamps';
  if (/\d/.test(text)) return undefined;
  const value = text.length <= 20 ? text : 'TEXT';
  return `--missing-values '${value}' takes it for a missing number, --categories COLUMN reads texts`;
}

/**
 * A function that reads a field of a column of numbers: NaN for a missing one, where that is allowed.
 *
 * @throws {DataError} `invalid_row`, by the function, with line and column, and the option that helps
 */
export function numberReader(start: TableStart, rules: NumberRules) {
  const { decimal } = start.found;
  const parse = decimal === 'comma' ? parseDecimalComma : parseDecimal;
  const missing = new Set(rules.missing ?? MISSING_TEXTS);
  return (field: string, at: number, line: number): number => {
    const value = parse(field);
    if (value !== undefined) return value;
    const text = field.trim();
    const isMissing = missing.has(text);
    if (isMissing && rules.keepMissing === true) return Number.NaN;
    const column = start.columns[at] as string;
    const help = rules.hasAdvice === false ? undefined : helpFor(text, isMissing, decimal);
    const place = { ...start.place, line };
    throw invalidRow(place, columnPart(column), 'a number', quoted(text), { column, ...(help && { help }) });
  };
}

/** Reads the fields of rows into columns. */
class ColumnReader {
  readonly numbers: NumberList;
  readonly times: NumberList;
  readonly zones = new NumberList();
  readonly lines: NumberList;
  readonly texts: ReadonlyMap<string, TextColumn>;
  readonly #start: TableStart;
  readonly #places: readonly number[];
  readonly #textPlaces: readonly (readonly [number, TextColumn])[];
  readonly #time: { readonly rule: ReadColumn; readonly at: number } | undefined;
  readonly #number: ReturnType<typeof numberReader>;
  readonly #rules: NumberRules;

  constructor(start: TableStart, { numbers, texts = [], times }: TableChoice, rules: NumberRules) {
    const placeOf = (names: readonly string[]) => placesOf(start.columns, names, start.place);
    this.#start = start;
    this.#places = placeOf(numbers);
    const rows = Math.min(start.expectedRows, rules.rows ?? start.expectedRows);
    this.numbers = new NumberList(rows * numbers.length);
    this.times = new NumberList(times === undefined ? 0 : rows);
    this.lines = new NumberList(rows);
    this.texts = new Map(texts.map((name) => [name, new TextColumn()]));
    const places = placeOf(texts);
    this.#textPlaces = [...this.texts.values()].map((column, at) => [places[at] as number, column] as const);
    this.#time = times && { rule: times, at: placeOf([times.column])[0] as number };
    this.#number = numberReader(start, rules);
    this.#rules = rules;
  }

  add({ fields, line }: TableRecord): void {
    for (const at of this.#places) this.numbers.push(this.#number(fields[at] as string, at, line));
    for (const [at, column] of this.#textPlaces) {
      const text = fields[at] as string;
      column.push(this.#rules.keepSpaces === true ? text : text.trim());
    }
    if (this.#time !== undefined) this.times.push(this.#timeOf(fields, this.#time, line));
    this.lines.push(line);
  }

  #timeOf(fields: readonly string[], { rule, at }: { rule: ReadColumn; at: number }, line: number): number {
    const text = (fields[at] as string).trim();
    const value = rule.read(text);
    const zone = rule.zone?.();
    if (zone !== undefined) this.zones.push(zone);
    if (value !== undefined) return value;
    const { column, expected, help } = rule;
    const place = { ...this.#start.place, line };
    throw invalidRow(place, columnPart(column), expected, quoted(text), { column, ...(help && { help }) });
  }
}

/**
 * Reads columns of a table in one pass, in double precision.
 *
 * @param choose the columns to read, when the header is known; it may throw
 * @param usual the format of the training table, for what the first rows leave open
 * @throws {DataError} `invalid_row` with file, line and column, what was expected and found, and the option that helps;
 * `empty_data`, `not_utf8`, `file_unreadable`, `file_corrupt`
 */
export async function readTable(
  file: string,
  choose: (start: TableStart) => TableChoice,
  format: TableFormat = {},
  { usual, ...rules }: NumberRules & { readonly usual?: FoundFormat | undefined } = {},
): Promise<Table> {
  let reader: ColumnReader | undefined;
  let start: TableStart | undefined;
  const begin = (known: TableStart) => {
    start = known;
    reader = new ColumnReader(known, choose(known), rules);
  };
  const most = rules.rows ?? Number.POSITIVE_INFINITY;
  reading: for await (const group of tableRows(file, format, begin, usual)) {
    for (const record of group) {
      if ((reader as ColumnReader).lines.length >= most) break reading;
      (reader as ColumnReader).add(record);
    }
  }
  const { lines, numbers, times, zones, texts } = reader as unknown as ColumnReader;
  const rows = lines.length;
  return {
    file,
    start: start as unknown as TableStart,
    rows,
    lines: lines.take(),
    numbers: numbers.take(),
    texts,
    times: times.take(),
    zones: zones.take(),
  };
}
