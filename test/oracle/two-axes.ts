/**
 * Reference of the operations that join two time axes. Letters: N packed rows and B sequences of the operation's own axis,
 * M packed rows and E sequences of its other one, F columns.
 */

import { ShapeError } from '../../src/core/errors.js';
import { accumulate, at, element, type Matrix, put, requireShape, zeros } from './matrix.js';
import { sequenceCount } from './packed.js';

/** The other time axis of an operation, and which of its sequences belong with which of the operation's own. */
export interface OtherAxis {
  /** Sequences alive at each step of the other axis. */
  readonly batchSizes: readonly number[];
  /** The sample of each sequence of the other axis: a permutation of 0..E-1. */
  readonly samples: readonly number[];
  /** The sample of each sequence of the operation's own axis, in 0..E-1; several may have the same. */
  readonly ownSamples: readonly number[];
}

/** The sizes and samples of both axes for an operation that joins them. */
export interface TwoAxes {
  /** Sequences alive at each step of the operation's own axis. */
  readonly batchSizes: readonly number[];
  readonly other: OtherAxis;
}

/**
 * For each sequence of the operation's own axis, that of the other axis with the same sample.
 *
 * @throws {ShapeError} `shape_mismatch` when a sequence has no sample, or its sample not one place in the other axis
 */
export function partners({ batchSizes, other }: TwoAxes): number[] {
  const [own, count] = [sequenceCount(batchSizes), sequenceCount(other.batchSizes)];
  if (other.ownSamples.length !== own || other.samples.length !== count || new Set(other.samples).size !== count) {
    const samples = `[${other.ownSamples}] and [${other.samples}]`;
    throw new ShapeError('shape_mismatch', `the samples of ${own} and ${count} sequences are ${samples}`);
  }
  return other.ownSamples.map((sample) => {
    const place = other.samples.indexOf(sample);
    if (place < 0) throw new ShapeError('shape_mismatch', `sample ${sample} is none of [${other.samples}]`);
    return place;
  });
}

/**
 * y = the row of x of the sequence of the other axis that has the same sample.
 *
 * @param operands.x [E,F]
 * @returns y [B,F]
 */
export function gatherSequences({ x, ...axes }: TwoAxes & { x: Matrix }): { y: Matrix } {
  requireShape('x', x, sequenceCount(axes.other.batchSizes), x.columns);
  const y = zeros(sequenceCount(axes.batchSizes), x.columns);
  for (const [b, e] of partners(axes).entries()) {
    for (let column = 0; column < x.columns; column++) put(y, b, column, at(x, e, column));
  }
  return { y };
}

/**
 * dx = the sum of the rows of dy of the sequences that have the same sample, 0 where there is none.
 *
 * @param operands.dy [B,F]
 * @returns dx [E,F]
 */
export function scatterSequences({ dy, ...axes }: TwoAxes & { dy: Matrix }): { dx: Matrix } {
  requireShape('dy', dy, sequenceCount(axes.batchSizes), dy.columns);
  const dx = zeros(sequenceCount(axes.other.batchSizes), dy.columns);
  const places = partners(axes);
  for (let b = 0; b < dy.rows; b++) {
    for (let column = 0; column < dy.columns; column++) accumulate(dx, element(places, b), column, at(dy, b, column));
  }
  return { dx };
}
