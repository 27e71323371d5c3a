/** Joins several frames into one row: the sequence becomes shorter and its rows wider. */
import { requireNumber } from '../core/options.js';
import { requireColumns } from './columns.js';

/**
 * Rows of `stack` frames each, one after the other: [T, columns] becomes [floor(T / stack), stack * columns]. Frames at the end
 * that do not fill a row are left out.
 *
 * @param rows [T * columns], T >= stack
 * @throws {ShapeError} `shape_mismatch` when the numbers are not whole frames
 * @throws {DataError} `empty_data`, `non_finite_data`
 * @throws {OptionError} `invalid_option`
 * @see Sak, Senior, Rao, Beaufays, "Fast and accurate recurrent neural network acoustic models for speech recognition", 2015
 */
export function stackFrames(rows: Float32Array, columns: number, stack: number): Float32Array {
  const frames = requireColumns(rows, columns);
  requireNumber('stack', stack, { integer: true, min: 1 });
  return rows.slice(0, Math.floor(frames / stack) * stack * columns);
}
