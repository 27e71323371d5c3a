/** Tables of numbers in CSV files: time series, for example. */
import { CsvError, parse } from 'csv-parse';
import { DataError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { parseDecimal } from './decimal.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { readText } from './text.js';

/** The options of reading a CSV file. */
export interface CsvOptions {
  /** Columns of numbers, by their names in the header, in the order of the result. */
  readonly columns: readonly string[];
  /** Columns that are returned as text: dates, labels. Default none. */
  readonly text?: readonly string[];
  /** The separator of fields: one character. Default a comma. */
  readonly delimiter?: string;
}

/** Columns of a CSV file. */
export interface CsvTable {
  readonly columns: readonly string[];
  /** Number of rows, without the header. */
  readonly rows: number;
  /** [rows * columns] the numbers, row by row: the rows of one long sequence. */
  readonly values: Float32Array;
  /** The columns of text, each [rows]. */
  readonly text: ReadonlyMap<string, readonly string[]>;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function checkNames(name: string, names: unknown, least: number): readonly string[] {
  if (Array.isArray(names) && names.length >= least && names.every((column) => typeof column === 'string'))
    return names;
  const message = `option '${name}' must be a list of names of columns, got ${describeValue(names)}`;
  throw new OptionError('invalid_option', message, { name });
}

/** Indices of columns in the header, which must have each exactly once. @throws {DataError} `invalid_row` */
export function placesOf(header: readonly string[], names: readonly string[], place: RowPlace): number[] {
  return names.map((name) => {
    const at = header.indexOf(name);
    if (at < 0) throw invalidRow(place, 'header', `a column '${name}'`, describeValue(header), { column: name });
    if (header.lastIndexOf(name) === at) return at;
    const found = `two, at ${at + 1} and ${header.lastIndexOf(name) + 1}`;
    throw invalidRow(place, 'header', `one column '${name}'`, found, { column: name });
  });
}

/**
 * The fields of all records of a CSV file, including the header, with the line where each begins.
 *
 * @throws {DataError} `invalid_row`, `not_utf8`, `file_unreadable`
 */
export async function* recordsOf(
  path: string,
  delimiter: string,
): AsyncGenerator<{ fields: readonly string[]; line: number }> {
  const text = await readText(path);
  let line = 1;
  try {
    const parser = parse(text, { delimiter, info: true, relax_column_count: true });
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      yield { fields: record, line };
      line = info.lines + 1;
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const at = Number((cause as { lines?: unknown }).lines ?? line);
    throw invalidRow({ file: path, line: at }, '', 'fields of CSV', cause.message, { reason: cause.code }, cause);
  }
}

/**
 * Reads columns of a CSV file (RFC 4180: quotes, a header in the first row; UTF-8, LF or CRLF) by their names.
 *
 * @throws {DataError} `invalid_row`, naming file, line and column: a value that is missing or not a number, a row with
 * more or fewer fields than the header, a header without the column; `empty_data` when there is no row; `not_utf8`,
 * `file_unreadable`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const { values } = await readCsv('ETTh1.csv', { columns: ['HUFL', 'OT'] }); // [rows * 2]
 */
export async function readCsv(path: string, options: CsvOptions): Promise<CsvTable> {
  rejectUnknownKeys('readCsv', options, ['columns', 'text', 'delimiter']);
  const columns = checkNames('columns', options.columns, 1);
  const text = new Map(checkNames('text', options.text ?? [], 0).map((name) => [name, [] as string[]]));
  const { delimiter = ',' } = options;
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    const message = `option 'delimiter' must be one character, got ${describeValue(delimiter)}`;
    throw new OptionError('invalid_option', message, { name: 'delimiter' });
  }
  let header: readonly string[] | undefined;
  let numberPlaces: number[] = [];
  let textPlaces: number[] = [];
  const values: number[] = [];
  let rows = 0;
  for await (const { fields, line } of recordsOf(path, delimiter)) {
    const place = { file: path, line };
    if (header === undefined) {
      header = fields.map((name) => name.trim());
      numberPlaces = placesOf(header, columns, place);
      textPlaces = placesOf(header, [...text.keys()], place);
      continue;
    }
    // An empty line is not a row. With a single column it is a missing value.
    if (fields.length === 1 && fields[0] === '' && header.length > 1) continue;
    if (fields.length !== header.length) throw invalidRow(place, '', `${header.length} fields`, `${fields.length}`);
    for (const at of numberPlaces) {
      const value = parseDecimal(fields[at] as string);
      if (value === undefined) {
        const column = header[at] as string;
        throw invalidRow(place, `column '${column}'`, 'a number', quoted(fields[at] as string), { column });
      }
      values.push(value);
    }
    for (const at of textPlaces) text.get(header[at] as string)?.push(fields[at] as string);
    rows += 1;
  }
  if (rows === 0) throw new DataError('empty_data', `'${path}' has no rows`, { file: path });
  return { columns: [...columns], rows, values: Float32Array.from(values), text };
}
