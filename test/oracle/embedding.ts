/** Reference of the embedding table. Letters: R rows, V table rows, F features. */

import { RangeIndexError } from '../../src/core/errors.js';
import { accumulate, at, element, type Matrix, put, requireShape, zeros } from './matrix.js';

/**
 * y = table[ids].
 *
 * @param operands.ids   [R] integers in [0, V)
 * @param operands.table [V,F]
 * @returns y [R,F]
 * @throws {RangeIndexError} `index_out_of_range`
 */
export function embedding({ ids, table }: { ids: Int32Array; table: Matrix }): { y: Matrix } {
  const y = zeros(ids.length, table.columns);
  for (let row = 0; row < ids.length; row++) {
    const id = tableRow(ids, row, table.rows);
    for (let feature = 0; feature < table.columns; feature++) {
      put(y, row, feature, at(table, id, feature));
    }
  }
  return { y };
}

/**
 * dTable[id] = sum of dy over the rows that hold this id; zeros for ids that do not occur.
 *
 * @param operands.ids  [R] integers in [0, size)
 * @param operands.dy   [R,F]
 * @param operands.size V, the rows of the table
 * @returns dTable [V,F]
 * @throws {RangeIndexError} `index_out_of_range`
 */
export function embeddingGradient({ ids, dy, size }: { ids: Int32Array; dy: Matrix; size: number }): {
  dTable: Matrix;
} {
  requireShape('dy', dy, ids.length, dy.columns);
  const dTable = zeros(size, dy.columns);
  for (let row = 0; row < ids.length; row++) {
    const id = tableRow(ids, row, size);
    for (let feature = 0; feature < dy.columns; feature++) {
      accumulate(dTable, id, feature, at(dy, row, feature));
    }
  }
  return { dTable };
}

function tableRow(ids: Int32Array, row: number, size: number): number {
  const id = element(ids, row);
  if (id < 0 || id >= size) {
    throw new RangeIndexError('index_out_of_range', `ids[${row}] is ${id}, outside a table of ${size} rows`);
  }
  return id;
}
