/** Checks of the arrays that make up a batch: their kinds, their lengths, and the sizes of a packed axis. */
import { requireElements } from '../core/arguments.js';
import { ShapeError } from '../core/errors.js';
import { kindForMessage } from '../core/typed-array.js';
import type { AxisSizes } from './batch.js';

/**
 * Rows N of a batch: the sum of its batch sizes.
 *
 * @param name name of the batch sizes in messages
 * @throws {ShapeError} `shape_mismatch` when the batch sizes are not non-increasing and >= 1, or there are none; `rank_mismatch`
 *   when they are not an Int32Array
 */
export function countRows(batch: Pick<AxisSizes, 'batchSizes'>, name = 'batchSizes'): number {
  const batchSizes = batch?.batchSizes;
  checkType(name, batchSizes, true);
  let rows = 0;
  let before = Number.MAX_SAFE_INTEGER;
  batchSizes.forEach((size, step) => {
    if (size < 1 || size > before) {
      const message = `${name}[${step}] is ${size}, expected 1..${before}: sequences are sorted by length`;
      throw new ShapeError('shape_mismatch', message, { name, step, actual: size, expected: before });
    }
    rows += size;
    before = size;
  });
  if (rows === 0) throw new ShapeError('shape_mismatch', `${name} is empty, expected at least one step`, { name });
  return rows;
}

/** @throws {ShapeError} `rank_mismatch` with the name and both types; as `requireElements` */
export function checkType(name: string, values: Int32Array | Float32Array | undefined, isIndex: boolean): void {
  const expected = isIndex ? 'Int32Array' : 'Float32Array';
  const actual = kindForMessage(values);
  if (actual !== expected) {
    const message = `${name} is ${actual}, expected ${isIndex ? 'an' : 'a'} ${expected}`;
    throw new ShapeError('rank_mismatch', message, { name, actual, expected });
  }
  requireElements(name, values as Float32Array);
}

/** @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name and both sizes */
export function checkArray(
  name: string,
  values: Int32Array | Float32Array | undefined,
  isIndex: boolean,
  length: number,
): void {
  checkType(name, values, isIndex);
  if (values?.length !== length) {
    const message = `${name} has ${values?.length} entries, expected ${length}`;
    throw new ShapeError('length_mismatch', message, { name, actual: values?.length, expected: length });
  }
}

/**
 * Checks that an order names each sequence once.
 *
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name
 */
export function checkOrder(name: string, order: Int32Array | undefined, sequences: number): void {
  checkType(name, order, true);
  const given = order as Int32Array;
  const isWhole = given.length === sequences && new Set(given).size === sequences;
  if (isWhole && given.every((at) => at >= 0 && at < sequences)) return;
  const message = `${name} must name each of the ${sequences} sequences once`;
  throw new ShapeError('length_mismatch', message, { name, sequences });
}
