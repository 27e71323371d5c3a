/** Examples by number, wherever they lie: in memory, in a file, or where a program has them. */

/** Examples that are read when a batch of them is made. */
export interface Examples<E> {
  /** Number of examples, >= 1. */
  readonly count: number;
  /** Steps of an example, integer >= 1, known without reading it. */
  lengthOf(index: number): number;
  /** The examples of these numbers, in this order. Reading a number again gives the same example again. */
  read(indices: Int32Array): readonly E[] | Promise<readonly E[]>;
  /**
   * For examples that are drawn anew: those of an epoch of training, as many as there are here, the same ones again for the
   * same seed and epoch. Without it every epoch has the same examples.
   */
  inEpoch?(order: EpochOrder): Examples<E>;
}

/** Which of the many orders: that of an epoch (from 0) of a run with this seed. */
export interface EpochOrder {
  readonly seed: number;
  readonly epoch: number;
}

/** The examples of an array, which is copied; they themselves are not. */
export function examplesOfArray<E>(
  examples: readonly E[],
  lengthOf: (example: E, index: number) => number,
): Examples<E> {
  const own = [...examples];
  return {
    count: own.length,
    lengthOf: (index) => lengthOf(own[index] as E, index),
    read: (indices) => Array.from(indices, (index) => own[index] as E),
  };
}
