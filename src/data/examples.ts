/** Examples by number, in memory, in a file, or in a user's own source. */

import type { JsonObject } from '../core/json.js';
import { contentsOf } from './contents.js';

/** Examples that are read when a batch needs them. */
export interface Examples<E> {
  /** Number of examples, >= 1. */
  readonly count: number;
  /** Steps of an example, integer >= 1, known without reading it. */
  lengthOf(index: number): number;
  /** The examples of these numbers, in this order. Reading a number again gives the same example again. */
  read(indices: Int32Array): readonly E[] | Promise<readonly E[]>;
  /**
   * For examples that are drawn again in each epoch: the examples of an epoch of training, the same number as here. The
   * same seed and epoch give the same examples. Without this function every epoch has the same examples.
   */
  inEpoch?(order: EpochOrder): Examples<E>;
  /**
   * Checksums of the contents as JSON, by any names: a run that is resumed compares them, and names the one that has
   * changed. Called only where a run keeps them. Without this function only the number and the lengths are compared.
   */
  contents?(): JsonObject;
}

/** Identifies an order: that of an epoch (from 0) of a run with this seed. */
export interface EpochOrder {
  readonly seed: number;
  readonly epoch: number;
}

/** The examples of an array. The array is copied, the examples are not. */
export function examplesOfArray<E>(
  examples: readonly E[],
  lengthOf: (example: E, index: number) => number,
): Examples<E> {
  const own = [...examples];
  return {
    count: own.length,
    lengthOf: (index) => lengthOf(own[index] as E, index),
    read: (indices) => Array.from(indices, (index) => own[index] as E),
    contents: () => contentsOf(own),
  };
}
