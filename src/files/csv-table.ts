/** Tables of numbers in CSV files: time series, for example. */
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { readTable, type TextColumn } from './table.js';
import { FORMAT_KEYS, requireTableFormat, type TableFormat } from './table-format.js';

/** The options of reading a CSV file: its columns, and how it is written, as far as that is not recognised. */
export interface CsvOptions extends TableFormat {
  /** Columns of numbers, by their names in the header, in the order of the result. */
  readonly columns: readonly string[];
  /** Columns that are returned as text: dates, labels. Default none. */
  readonly text?: readonly string[];
  /** Single precision, or double: for numbers whose level is large compared with their changes. Default `float32`. */
  readonly precision?: 'float32' | 'float64';
}

/** Columns of a CSV file. */
export interface CsvTable<Values = Float32Array> {
  readonly columns: readonly string[];
  /** Number of rows, without the header. */
  readonly rows: number;
  /** [rows * columns] the numbers, row by row: the rows of one long sequence. */
  readonly values: Values;
  /** The columns of text, each [rows]. */
  readonly text: ReadonlyMap<string, readonly string[]>;
}

function checkNames(name: string, names: unknown, least: number): readonly string[] {
  if (Array.isArray(names) && names.length >= least && names.every((column) => typeof column === 'string'))
    return names;
  const message = `option '${name}' must be a list of names of columns, got ${describeValue(names)}`;
  throw new OptionError('invalid_option', message, { name });
}

/**
 * Reads columns of a CSV file (RFC 4180: quotes, a header in the first row; UTF-8, or UTF-16 with its
 * mark; LF, CRLF and CR; packed by gzip or not) by their names. Decimal commas are recognised where they leave no doubt.
 *
 * @throws {DataError} `invalid_row`, naming file, line and column: a value that is missing or not a number, a row with
 * more or fewer fields than the header, a header without the column; `empty_data` when there is no row; `not_utf8`,
 * `file_unreadable`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const { values } = await readCsv('ETTh1.csv', { columns: ['HUFL', 'OT'] }); // [rows * 2]
 */
export async function readCsv(
  path: string,
  options: CsvOptions & { readonly precision: 'float64' },
): Promise<CsvTable<Float64Array>>;
export async function readCsv(path: string, options: CsvOptions): Promise<CsvTable>;
export async function readCsv(path: string, options: CsvOptions): Promise<CsvTable<Float32Array | Float64Array>> {
  rejectUnknownKeys('readCsv', options, ['columns', 'text', 'precision', ...FORMAT_KEYS]);
  const columns = checkNames('columns', options.columns, 1);
  const names = checkNames('text', options.text ?? [], 0);
  const { columns: _columns, text: _text, precision = 'float32', ...written } = options;
  const isDouble = requireOneOf('precision', precision, ['float32', 'float64']) === 'float64';
  const format = requireTableFormat('readCsv', written);
  const rules = { hasAdvice: false, keepSpaces: true };
  const table = await readTable(path, () => ({ numbers: columns, texts: names }), format, rules);
  const rowsOf = (name: string) => {
    const column = table.texts.get(name) as TextColumn;
    return Array.from({ length: table.rows }, (_, row) => column.at(row));
  };
  const text = new Map(names.map((name) => [name, rowsOf(name)]));
  const values = isDouble ? table.numbers : Float32Array.from(table.numbers);
  return { columns: [...columns], rows: table.rows, values, text };
}
