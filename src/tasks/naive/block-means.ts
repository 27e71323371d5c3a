/** Means of blocks of windows, which say how certain a mean is although windows overlap. */

import { deviationOf, meanOf } from '../../core/statistics.js';

/** Most blocks. */
const BLOCKS = 10;
/** Fewest blocks: a standard error needs two. */
const FEWEST = 2;

/**
 * Means of values in blocks in their order: ten, or fewer where a block would be shorter than the windows that share a step, since blocks
 * that overlap say the same twice.
 *
 * @param overlap values in a row that are not independent; default 1
 */
export function blockMeans(values: readonly number[], overlap = 1): number[] {
  const wanted = Math.max(FEWEST, Math.floor(values.length / Math.max(1, overlap)));
  const blocks = Math.min(BLOCKS, wanted, values.length);
  const border = (block: number) => Math.round((block * values.length) / blocks);
  return Array.from({ length: blocks }, (_, block) => meanOf(values.slice(border(block), border(block + 1))));
}

/** The standard error of the mean of values; 0 where they do not differ. */
export function standardErrorOf(values: readonly number[]): number {
  return deviationOf(values) / Math.sqrt(values.length);
}
