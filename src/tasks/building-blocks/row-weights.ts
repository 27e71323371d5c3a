/** What the rows of a table count for in the loss: a column of weights. */
import { isWeight, WEIGHT_RANGE } from '../../batch/weight-range.js';
import { DataError } from '../../core/errors.js';
import { columnPart, invalidRow, type RowPlace } from '../../files/row-error.js';
import type { Table } from '../../files/table.js';

/** The weight of a row or of a field. @throws {DataError} `invalid_row` */
export function requireWeight(weight: number, name: string, place: RowPlace, part = columnPart(name)): number {
  if (isWeight(weight)) return weight;
  const found = Number.isNaN(weight) ? 'none' : String(weight);
  throw invalidRow(place, part, WEIGHT_RANGE, found, { column: name });
}

/**
 * Takes the column of weights out of a table in which it is the last column of numbers.
 *
 * @param column its name; undefined where rows have no weights
 * @returns the table without it, and [rows] the weights
 * @throws {DataError} `invalid_row`, naming line and column
 */
export function takeWeights(
  table: Table,
  column: string | undefined,
): { readonly table: Table; readonly weights?: Float64Array } {
  if (column === undefined) return { table };
  const { rows, numbers: all, lines, file } = table;
  const width = all.length / Math.max(1, rows);
  const weights = new Float64Array(rows);
  const numbers = new Float64Array(rows * (width - 1));
  for (let row = 0; row < rows; row++) {
    const last = (row + 1) * width - 1;
    weights[row] = requireWeight(all[last] as number, column, { file, line: lines[row] as number });
    numbers.set(all.subarray(row * width, last), row * (width - 1));
  }
  return { table: { ...table, numbers }, weights };
}

/**
 * Refuses a part of the data in which nothing counts.
 *
 * @param part `training`, `validation`
 * @throws {DataError} `invalid_weights`
 */
export function requireSomeWeight(name: string, part: string, hasWeight: boolean): void {
  if (hasWeight) return;
  const message = `all weights of the ${part} part are 0 in '${name}': at least one must be above 0`;
  throw new DataError('invalid_weights', message, { name, part });
}

/** A note of the smallest and the largest weight. @param weights not empty */
export function weightNote(name: string, weights: Iterable<number>): string {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const weight of weights) [least, most] = [Math.min(least, weight), Math.max(most, weight)];
  return `the loss counts by the weights in '${name}', from ${least} to ${most}; metrics do not`;
}
