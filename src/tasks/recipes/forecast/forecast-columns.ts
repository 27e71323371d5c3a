/** The columns to forecast, where no option names them. */

import { DataError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { listNames } from '../../../files/column-names.js';
import { isNumber, numericColumns } from '../../../files/numeric-columns.js';
import { invalidRow } from '../../../files/row-error.js';
import { type NumberRules, numberReader, type Table, type TextColumn } from '../../../files/table.js';
import type { TableStart } from '../../../files/table-records.js';

/** The columns of another use, and how numbers are read. */
export interface OtherColumns {
  readonly covariates: readonly string[];
  readonly categories: readonly string[];
  readonly item: string | undefined;
  readonly weight?: string | undefined;
  readonly rules: NumberRules;
}

/** Signs with which comments begin. */
const COMMENT = /^(#|\/\/|%)/;

/** What the columns have that have no other use. */
export type ColumnChoice = ReturnType<typeof numericColumns> & {
  /** Columns without a value in the whole table. */
  readonly empty?: readonly string[];
};

/**
 * The columns of numbers that have no other use, by the first rows. Columns without a value there are undecided.
 *
 * @param time the column of time stamps
 * @throws {DataError} `invalid_row` for a table without one; `empty_data` for one without rows
 */
export function chooseColumns(
  start: TableStart,
  { covariates, categories, item, weight, rules }: OtherColumns,
  time: string | undefined,
): ColumnChoice {
  const { place } = start;
  if (start.sample.length === 0) throw new DataError('empty_data', `'${place.file}' has no rows`, { ...place });
  const others = new Set([...covariates, ...categories, item, weight, time].filter((name) => name !== undefined));
  const chosen = numericColumns(start, others, rules.missing);
  const hasNone = chosen.numeric.length === 0 && chosen.undecided.length === 0;
  if (hasNone || start.columns.every((name) => isNumber(start, name))) throw withoutColumns(start);
  return chosen;
}

/**
 * Decides about the columns that have no value in the first rows: by all rows of the table.
 *
 * @param table without weights; undecided columns are among its texts
 * @returns the table with all columns of numbers, in the order of the header, and what is left out
 * @throws {DataError} `invalid_row` for a missing number, if these are refused; for a table without a column of numbers
 */
export function settleColumns(table: Table, choice: ColumnChoice, rules: NumberRules) {
  const { start, rows, texts, lines } = table;
  const { numeric, undecided } = choice;
  if (undecided.length === 0) return { ...choice, table, columns: numeric };
  const lenient = numberReader(start, { ...rules, keepMissing: true });
  const kindOf = (name: string) => {
    try {
      const numbers = (texts.get(name) as TextColumn).values.map((text) => lenient(text, 0, 0));
      return numbers.every(Number.isNaN) ? 'empty' : 'numeric';
    } catch {
      return 'texts';
    }
  };
  const kinds = new Map(undecided.map((name) => [name, kindOf(name)]));
  const of = (kind: string) => undecided.filter((name) => kinds.get(name) === kind);
  const own = new Set([...numeric, ...of('numeric')]);
  if (own.size === 0) throw withoutColumns(start);
  const columns = start.columns.filter((name) => own.has(name));
  const read = numberReader(start, rules);
  const fromOf = new Map(numeric.map((name, from) => [name, from]));
  const atOf = new Map(start.columns.map((name, at) => [name, at]));
  const places = columns.map((name) => ({
    from: fromOf.get(name) ?? -1,
    at: atOf.get(name) as number,
    column: texts.get(name) as TextColumn,
  }));
  const before = table.numbers.length / Math.max(1, rows);
  const width = before + columns.length - numeric.length;
  const numbers = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (const [to, { from, at, column }] of places.entries()) {
      const number = from < 0 ? read(column.at(row), at, lines[row] as number) : table.numbers[row * before + from];
      numbers[row * width + to] = number as number;
    }
    numbers.set(
      table.numbers.subarray(row * before + numeric.length, (row + 1) * before),
      row * width + columns.length,
    );
  }
  const left = { texts: [...choice.texts, ...of('texts')], empty: of('empty') };
  return { ...choice, ...left, table: { ...table, numbers }, columns };
}

/** A note of the columns that are forecast, and of those that are left out. */
export function columnsNote({
  columns,
  counting,
  texts,
  unnamed,
  empty = [],
}: Omit<ColumnChoice, 'numeric' | 'undecided'> & { readonly columns: readonly string[] }): string {
  const left = [
    ...(counting.length > 0 ? [`${listNames(counting)} numbers of the rows (--time COLUMN takes them as times)`] : []),
    ...(texts.length > 0 ? [`${listNames(texts)} no numbers (--categories reads texts)`] : []),
    ...(empty.length > 0 ? [`${listNames(empty)} no values`] : []),
    ...(unnamed.length > 0 ? [`column ${listSome(unnamed.map(String))} no name`] : []),
  ];
  const found = columns.length === 1 ? 'the only column' : 'all columns';
  const note = `${listNames(columns)} will be forecast, ${found} of numbers; --columns names others`;
  return left.length === 0 ? note : `${note}. Left out as they have: ${left.join(', ')}`;
}

/** The error for a table whose header or first rows leave no column to forecast. */
function withoutColumns(start: TableStart): DataError {
  const { columns, sample, place } = start;
  const names = listNames(columns);
  const comment = COMMENT.exec(columns[0] ?? '')?.[0];
  if (comment !== undefined) {
    const help = `--comment '${comment}' leaves out lines that begin so`;
    return invalidRow(place, 'header', 'names of columns', names, { help });
  }
  if (columns.every((name) => isNumber(start, name))) {
    const help = '--header none reads them as a row, --columns NAMES says that they are names';
    return invalidRow(place, 'header', 'names of columns', `numbers alone: ${names}`, { help });
  }
  const help =
    'numbers have digits, a sign and a decimal point (--decimal comma: a comma), without units and separators of thousands';
  return invalidRow(place, 'header', 'a column of numbers', `${names} and below it ${listNames(sample[0] ?? [])}`, {
    help,
  });
}
