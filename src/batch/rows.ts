/** Rows of ids or features: their kinds, widths and lengths, and the order of packed sequences. */

import { requireElements, requireList } from '../core/arguments.js';
import { DataError, type ErrorDetails, OptionError, ShapeError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import { isFloat32Array, isInt32Array } from '../core/typed-array.js';
import { checkOrder, countRows } from './check-arrays.js';

/** One sequence, or packed rows: ids, or rows of features one after the other. */
export type Rows = Int32Array | Float32Array;

/** How many sequences are alive at each step, and in which order they were packed. */
export interface PackedOrder {
  /** [T] sequences alive at each step. */
  readonly batchSizes: Int32Array;
  /**
   * [B] index, among the sequences that were packed, of each sequence of the batch; default: the batch has the order of
   * packing.
   */
  readonly order?: Int32Array;
}

/** An array of the same kind, filled with zeros. */
export function sameKind<R extends Rows>(rows: R, length: number): R {
  return (isInt32Array(rows) ? new Int32Array(length) : new Float32Array(length)) as R;
}

/** @throws {OptionError} `invalid_option` when it holds neither ids nor features, or as `requireElements` */
export function requireTyped(name: string, rows: unknown, details: ErrorDetails): void {
  if (isInt32Array(rows) || isFloat32Array(rows)) {
    requireElements(name, rows);
    return;
  }
  throw new OptionError('invalid_option', `${name} must be an Int32Array or a Float32Array`, details);
}

/**
 * The width of the rows of sequences that must all be of one kind.
 *
 * @param name what the sequences are, for messages
 * @param name name of the sequences in messages
 * @param option name of the option that gives the width; the width is 1 when the option is missing
 * @throws {ShapeError} `shape_mismatch` when ids are to have several features
 */
export function rowWidth(name: string, sequences: readonly Rows[], option: string, features: unknown): number {
  requireList(`the ${name}s`, sequences);
  const isIds = isInt32Array(sequences[0]);
  for (const [index, sequence] of sequences.entries()) {
    requireTyped(`${name} ${index}`, sequence, { name, index });
    if (isInt32Array(sequence) !== isIds) {
      throw new OptionError(
        'invalid_option',
        `${name} ${index} is of type ${sequence.constructor.name}, ${name} 0 of type ${sequences[0]?.constructor.name}`,
        { name, index },
      );
    }
  }
  const width = requireNumber(option, features ?? 1, { integer: true, min: 1 });
  if (isIds && width !== 1) {
    throw new ShapeError('shape_mismatch', `${name}s are ids, which have no features, but features is ${width}`, {
      name,
      features: width,
    });
  }
  return width;
}

/**
 * Steps of every sequence.
 *
 * @throws {DataError} `empty_data` when there is no sequence, or one has no step
 * @throws {ShapeError} `shape_mismatch` when a length is not a multiple of the width
 */
export function sequenceLengths(sequences: readonly Rows[], width: number): Int32Array {
  if (sequences.length === 0) throw new DataError('empty_data', 'there are no sequences');
  const lengths = new Int32Array(sequences.length);
  for (const [index, sequence] of sequences.entries()) {
    if (sequence.length === 0) throw new DataError('empty_data', `sequence ${index} is empty`, { index });
    if (sequence.length % width !== 0) {
      throw new ShapeError(
        'shape_mismatch',
        `sequence ${index} has ${sequence.length} numbers, which is not a multiple of features ${width}`,
        { index, length: sequence.length, features: width },
      );
    }
    lengths[index] = sequence.length / width;
  }
  return lengths;
}

/**
 * Checks that `rows` have `count * width` numbers.
 *
 * @throws {OptionError} `invalid_option` when they are no ids or features
 * @throws {ShapeError} `length_mismatch` with both numbers
 */
export function requireRows(name: string, rows: Rows, count: number, width: number, what: string): void {
  requireTyped(`the ${name}`, rows, { name });
  if (rows.length === count * width) return;
  const message = `there are ${rows.length} ${name}, but the ${count} ${what} with ${width} features need ${count * width}`;
  throw new ShapeError('length_mismatch', message, { name, length: rows.length, count, features: width });
}

/**
 * The order of a batch, checked with its sizes.
 *
 * @throws {ShapeError} `shape_mismatch` for impossible batch sizes; `rank_mismatch` when sizes or order are not an Int32Array;
 *   `length_mismatch` when the order does not name each sequence once
 */
export function orderOf(batch: PackedOrder): Int32Array {
  countRows(batch);
  const sequences = batch.batchSizes[0] as number;
  const order = batch.order ?? Int32Array.from({ length: sequences }, (_, index) => index);
  checkOrder('order', order, sequences);
  return order;
}
