/** The weight of a row or of a line: what it counts for in the loss. */
import { isWeight, WEIGHT_RANGE } from '../core/weight-range.js';
import { parseDecimal, parseDecimalComma } from './decimal.js';
import type { JsonRow } from './json-lines.js';
import { columnPart, invalidRow, quoted, type RowPlace } from './row-error.js';

/** What helps where a line has no weight. */
export const WEIGHT_HELP = '--weight FIELD names it';

/** The weight of a row or of a field. @throws {DataError} `invalid_row` */
export function requireWeight(weight: number, name: string, place: RowPlace, part = columnPart(name)): number {
  if (isWeight(weight)) return weight;
  const found = Number.isNaN(weight) ? 'none' : String(weight);
  throw invalidRow(place, part, WEIGHT_RANGE, found, { column: name });
}

/**
 * The weight in a line of JSON: a number.
 *
 * @param field undefined where lines have no weights
 * @throws {DataError} `invalid_row`, naming line and field
 */
export function weightOfLine(row: JsonRow, field: string | undefined): number | undefined {
  if (field === undefined) return undefined;
  const value = row.value(field);
  if (typeof value !== 'number') return row.refuse(field, 'a number', WEIGHT_HELP);
  return requireWeight(value, field, row.place, `field '${field}'`);
}

/**
 * The weight in a field of a table.
 *
 * @param decimal the decimal sign; default a point
 * @throws {DataError} `invalid_row`, naming line and column
 */
export function weightOfText(text: string, column: string, place: RowPlace, decimal?: 'point' | 'comma'): number {
  const number = decimal === 'comma' ? parseDecimalComma(text) : parseDecimal(text);
  if (number === undefined) throw invalidRow(place, columnPart(column), 'a number', quoted(text), { column });
  return requireWeight(number, column, place);
}
