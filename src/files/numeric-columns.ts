/** Which columns of a table have numbers, by its first rows. */
import { isUnnamed } from './column-names.js';
import { parseDecimal, parseDecimalComma } from './decimal.js';
import { MISSING_TEXTS } from './table.js';
import type { TableStart } from './table-records.js';

const parserOf = ({ found }: TableStart) => (found.decimal === 'comma' ? parseDecimalComma : parseDecimal);

/** Whether a text of a table is a number. */
export function isNumber(start: TableStart, text: string): boolean {
  return parserOf(start)(text) !== undefined;
}

/** Whether the first rows have nothing but numbers, and places where one is missing, in a column. */
export function isNumericColumn(start: TableStart, column: string): boolean {
  const at = start.columns.indexOf(column);
  if (at < 0) return false;
  const parse = parserOf(start);
  return start.sample.every((fields) => {
    const text = (fields[at] ?? '').trim();
    return MISSING_TEXTS.includes(text) || parse(text) !== undefined;
  });
}

/** Whether a number stands in one of the first rows of a column. */
function hasNumber({ columns, sample }: TableStart, column: string): boolean {
  const at = columns.indexOf(column);
  return sample.some((fields) => !MISSING_TEXTS.includes((fields[at] ?? '').trim()));
}

/** Whether the first rows of a column count: each number is larger than the one before by the same step. */
function isCounting(start: TableStart, column: string): boolean {
  const at = start.columns.indexOf(column);
  const parse = parserOf(start);
  const numbers = start.sample.map((fields) => parse((fields[at] ?? '').trim()) ?? Number.NaN);
  const step = (numbers[1] as number) - (numbers[0] as number);
  return (
    numbers.length > 2 &&
    step > 0 &&
    numbers.every((value, row) => row === 0 || value - (numbers[row - 1] as number) === step)
  );
}

/** What the columns have that have no other use; columns without a name by their place, from 1. */
export function numericColumns(start: TableStart, others: ReadonlySet<string>) {
  const { columns } = start;
  const free = columns.filter((name) => !isUnnamed(name) && !others.has(name));
  const numeric = free.filter((name) => isNumericColumn(start, name) && hasNumber(start, name));
  const counting = numeric.filter((name) => isCounting(start, name));
  return {
    numeric: numeric.filter((name) => !counting.includes(name)),
    /** Columns that number the rows: a year, an index. */
    counting,
    texts: free.filter((name) => !isNumericColumn(start, name)),
    unnamed: columns.flatMap((name, at) => (isUnnamed(name) ? [at + 1] : [])),
  };
}
