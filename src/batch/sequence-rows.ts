/** One row for each sequence: targets, results and states of whole sequences, in the caller's order and in the batch's. */
import { requireNumber } from '../core/options.js';
import { orderOf, type PackedOrder, type Rows, requireRows, sameKind } from './rows.js';

function permute<R extends Rows>(
  batch: PackedOrder,
  rows: R,
  width: number,
  place: (packed: number, own: number) => readonly [to: number, from: number],
): R {
  requireNumber('width', width, { integer: true, min: 1 });
  const order = orderOf(batch);
  requireRows('numbers', rows, order.length, width, 'sequences of the batch');
  const permuted = sameKind(rows, rows.length);
  for (const [packed, own] of order.entries()) {
    const [to, from] = place(packed, own);
    permuted.set(rows.subarray(from * width, (from + 1) * width), to * width);
  }
  return permuted;
}

/**
 * Rows of whole sequences (packed predictions of a network with one output per sequence) back in the order in which the sequences
 * were packed.
 *
 * @param batch as `packSequences` gave it; without an order the rows stay where they are
 * @param rows [B * width] in the batch's order
 * @param width numbers in a row, integer >= 1
 * @returns [B * width] in the caller's order, a new array
 * @throws {ShapeError} `length_mismatch` for rows or an order that do not fit; `shape_mismatch` for impossible batch sizes;
 *   `rank_mismatch` when sizes or order are not an Int32Array
 * @throws {OptionError} `invalid_option` when the rows are not an Int32Array or Float32Array
 */
export function restoreOrder<R extends Rows>(batch: PackedOrder, rows: R, width = 1): R {
  return permute(batch, rows, width, (packed, own) => [own, packed]);
}

/**
 * The inverse of `restoreOrder`: rows (targets, inputs per sequence) from the caller's order to the batch's. Carried
 * states do not need it, because they are stored by sequence.
 *
 * @example const batch = { ...packed, targets: { target: applyOrder(packed, classes) } };
 */
export function applyOrder<R extends Rows>(batch: PackedOrder, rows: R, width = 1): R {
  return permute(batch, rows, width, (packed, own) => [packed, own]);
}
