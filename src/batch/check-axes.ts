/** Checks the time axes of a batch before anything is written. */

import { ShapeError } from '../core/errors.js';
import { type PackedAxes, type PackedAxis, TIME } from './axes.js';
import type { AxisSizes, Batch } from './batch.js';
import { checkOrder, countRows } from './check-arrays.js';

/** The sizes of one axis, checked. @param name their name in messages */
export function packedAxis(name: string, { batchSizes, order }: AxisSizes): PackedAxis {
  const rows = countRows({ batchSizes }, `${name}batchSizes`);
  if (order !== undefined) checkOrder(`${name}order`, order, batchSizes[0] as number);
  return { batchSizes, rows, ...(order !== undefined && { order }) };
}

/** The name of an axis in messages. The sizes of `time` are fields of the batch itself. */
function prefixOf(axis: string): string {
  return axis === TIME ? '' : `axes.${axis}.`;
}

/** The sizes that a batch gives for an axis. */
export function sizesOf(batch: Pick<Batch, 'axes'> & Partial<AxisSizes>, axis: string): Partial<AxisSizes> {
  return (axis === TIME ? batch : batch?.axes?.[axis]) ?? {};
}

/**
 * The axes of a batch. A single axis needs no order. With several axes each must have the sample of each sequence, and
 * all must have the same number of sequences.
 *
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch` with the name and both sizes
 */
export function packedAxes(batch: Batch, names: readonly string[]): PackedAxes {
  const axes = new Map<string, PackedAxis>();
  if (names.length > 1 && batch?.axes?.[TIME] !== undefined) {
    const message = `axes names '${TIME}', whose sizes are batchSizes and order of the batch itself`;
    throw new ShapeError('shape_mismatch', message, { name: `axes.${TIME}` });
  }
  for (const name of names) {
    const { batchSizes, order } = sizesOf(batch, name);
    const given = order === undefined ? {} : { order };
    const axis = packedAxis(prefixOf(name), { batchSizes: batchSizes as Int32Array, ...given });
    const sequences = axis.batchSizes[0] as number;
    if (names.length > 1) checkOrder(`${prefixOf(name)}order`, order, sequences);
    const expected = axes.get(TIME)?.batchSizes[0] ?? sequences;
    if (sequences !== expected) {
      const message = `axis '${name}' has ${sequences} sequences, axis '${TIME}' ${expected}`;
      throw new ShapeError('shape_mismatch', message, { name, actual: sequences, expected });
    }
    axes.set(name, axis);
  }
  return axes;
}
