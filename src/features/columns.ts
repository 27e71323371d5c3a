/** Checks of sequences of features: whole rows of the given number of columns, all of them numbers. */

import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, requireNumber } from '../core/options.js';
import { isFloat32Array, isFloat64Array } from '../core/typed-array.js';

/**
 * The number of rows.
 *
 * @param rows [T * columns], row-major
 * @throws {OptionError} `invalid_option`
 * @throws {ShapeError} `shape_mismatch` when the numbers are not a multiple of the columns
 * @throws {DataError} `empty_data`; `non_finite_data` naming the row and the column
 */
export function requireColumns(rows: Float32Array | Float64Array, columns: number): number {
  requireNumber('columns', columns, { integer: true, min: 1 });
  if (!(isFloat32Array(rows) || isFloat64Array(rows))) {
    const message = `rows must be a Float32Array or a Float64Array, got ${describeValue(rows)}`;
    throw new OptionError('invalid_option', message, { name: 'rows' });
  }
  if (rows.length === 0) throw new DataError('empty_data', `there are no rows of ${columns} columns`, { columns });
  if (rows.length % columns !== 0) {
    const message = `${rows.length} numbers are not a whole number of rows of ${columns} columns`;
    throw new ShapeError('shape_mismatch', message, { actual: rows.length, columns });
  }
  const wrong = rows.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return rows.length / columns;
  const row = Math.floor(wrong / columns);
  const column = wrong % columns;
  const message = `column ${column} of row ${row} is ${rows[wrong]}, expected a finite number`;
  throw new DataError('non_finite_data', message, { row, column, value: rows[wrong] });
}
