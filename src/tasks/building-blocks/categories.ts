/** Columns of texts as ones and zeros: a number for each value that the training part has. */

import { compareCodePoints } from '../../core/code-points.js';
import { DataError } from '../../core/errors.js';
import { listSome } from '../../core/list-some.js';
import { columnPart, invalidRow, quoted, type RowPlace } from '../../files/row-error.js';

/** A column of categories and its values in the training part. Plain JSON. */
export type Category = { readonly column: string; readonly values: readonly string[] };

/** Largest number of values of a category: each is a column of numbers. */
const MAX_VALUES = 1000;

/** Values that a message shows. */
const SHOWN_VALUES = 5;

/**
 * The category of the texts of a column, with its values in the order of code points.
 *
 * @throws {DataError} `too_many_classes` for more than 1000 values
 */
export function categoryOf(column: string, texts: Iterable<string>, file: string): Category {
  const values = new Set<string>();
  for (const text of texts) {
    values.add(text);
    if (values.size <= MAX_VALUES) continue;
    const message = `'${file}' ${columnPart(column)} has more than ${MAX_VALUES} different values, which are too many for categories`;
    throw new DataError('too_many_classes', message, { file, column, limit: MAX_VALUES });
  }
  return { column, values: [...values].sort(compareCodePoints) };
}

/**
 * A function that gives the index of a text among the values.
 *
 * @throws {DataError} `invalid_row`, by the function, for a text that the training part does not have
 */
export function categoryIndex({ column, values }: Category): (text: string, place: () => RowPlace) => number {
  const places = new Map(values.map((value, at) => [value, at]));
  return (text, place) => {
    const index = places.get(text);
    if (index !== undefined) return index;
    const some = listSome(values.map(quoted), { most: SHOWN_VALUES });
    const expected = `a category of the training rows (${some})`;
    throw invalidRow(place(), columnPart(column), expected, quoted(text), { column });
  };
}
