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

/**
 * The first numbers of a column, NaN for a missing one; undefined for a column with another text.
 *
 * @param at its place
 */
function firstNumbers(start: TableStart, at: number, missing: readonly string[]): number[] | undefined {
  const parse = parserOf(start);
  const numbers: number[] = [];
  for (const fields of start.sample) {
    const text = (fields[at] ?? '').trim();
    const value = missing.includes(text) ? Number.NaN : parse(text);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return numbers;
}

/** Whether the first rows have nothing but numbers, and places where one is missing, in a column. */
export function isNumericColumn(start: TableStart, column: string): boolean {
  const at = start.columns.indexOf(column);
  return at >= 0 && firstNumbers(start, at, MISSING_TEXTS) !== undefined;
}

/** Whether numbers count: each is larger than the one before by the same step. */
function areCounting(numbers: readonly number[]): boolean {
  const step = (numbers[1] as number) - (numbers[0] as number);
  const isNext = (value: number, row: number) => row === 0 || value - (numbers[row - 1] as number) === step;
  return numbers.length > 2 && step > 0 && numbers.every(isNext);
}

/**
 * What the columns have that have no other use, by the first rows.
 *
 * @param missing texts that stand for a missing number
 */
export function numericColumns(
  start: TableStart,
  others: ReadonlySet<string>,
  missing: readonly string[] = MISSING_TEXTS,
) {
  const found = {
    numeric: [] as string[],
    /** Columns that number the rows: a year, an index. */
    counting: [] as string[],
    texts: [] as string[],
    /** Columns without a value in the first rows. */
    undecided: [] as string[],
    /** Places of the columns without a name, from 1. */
    unnamed: [] as number[],
  };
  for (const [at, name] of start.columns.entries()) {
    if (others.has(name)) continue;
    if (isUnnamed(name)) {
      found.unnamed.push(at + 1);
      continue;
    }
    const numbers = firstNumbers(start, at, missing);
    if (numbers === undefined) found.texts.push(name);
    else if (areCounting(numbers)) found.counting.push(name);
    else if (numbers.every(Number.isNaN)) found.undecided.push(name);
    else found.numeric.push(name);
  }
  return found;
}
