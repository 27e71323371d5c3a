/** The order of the rows of a table by their time stamps. */
import { columnPart, invalidRow } from './row-error.js';

/** What the errors of an order say. */
export interface OrderNames {
  readonly file: string;
  readonly column: string;
  /** [rows] the line of each row. */
  readonly lines: ArrayLike<number>;
  /** A stamp as text. */
  write(stamp: number): string | number;
  /** What helps where a stamp occurs twice. */
  readonly help: string;
}

/** Rows in the order of their stamps. */
export interface Ordered {
  /** [rows of the group] their numbers. */
  readonly rows: Int32Array;
  /** What was done to the rows: nothing, all were turned round, or they were sorted. */
  readonly change: 'none' | 'turned' | 'sorted';
}

/**
 * Puts rows into the order of their time stamps. Rows newest first are turned round; others are sorted only if the
 * caller wants that.
 *
 * @param stamps [rows of the table]
 * @param rows numbers of the rows of one series, in the order of the table
 * @param canSort whether rows in no order are sorted; otherwise they are refused
 * @throws {DataError} `invalid_row` with the line of a stamp that occurs twice, or that is out of order
 */
export function orderByTime(stamps: Float64Array, rows: Int32Array, canSort: boolean, names: OrderNames): Ordered {
  let [rising, falling, wrong] = [0, 0, -1];
  for (let at = 1; at < rows.length; at++) {
    const change = (stamps[rows[at] as number] as number) - (stamps[rows[at - 1] as number] as number);
    if (change > 0) rising += 1;
    else if (change < 0) falling += 1;
    if (wrong < 0 && ((rising > 0 && falling > 0) || change === 0)) wrong = at;
  }
  if (wrong < 0) return falling > 0 ? { rows: rows.toReversed(), change: 'turned' } : { rows, change: 'none' };
  const sorted = rows.toSorted((a, b) => (stamps[a] as number) - (stamps[b] as number) || a - b);
  const isTwice = sorted.findIndex((row, at) => at > 0 && stamps[row] === stamps[sorted[at - 1] as number]);
  const lineOf = (row: number) => names.lines[row] as number;
  const refuse = (row: number, expected: string, found: string, help?: string) => {
    const place = { file: names.file, line: lineOf(row) };
    throw invalidRow(place, columnPart(names.column), expected, found, { column: names.column, ...(help && { help }) });
  };
  if (isTwice >= 0) {
    const [before, row] = [sorted[isTwice - 1] as number, sorted[isTwice] as number];
    const found = `'${names.write(stamps[row] as number)}' again, as in line ${lineOf(before)}`;
    refuse(row, 'time stamps that occur once', found, names.help);
  }
  if (!canSort) {
    const [before, row] = [rows[wrong - 1] as number, rows[wrong] as number];
    const found = `'${names.write(stamps[row] as number)}' after '${names.write(stamps[before] as number)}'`;
    refuse(row, 'rows in the order of time', found, `--time ${names.column} sorts them`);
  }
  return { rows: sorted, change: 'sorted' };
}
