/**
 * Packed rows: sequences sorted longest first, time-major, only valid steps. Step t occupies the rows
 * offset[t] .. offset[t] + batchSizes[t], and sequence b is row offset[t] + b while b < batchSizes[t].
 */

import { ShapeError } from '../../src/core/errors.js';
import { at, atOrZero, type Matrix } from './matrix.js';

/** One valid step of one sequence. */
export interface PackedStep {
  /** The sequence, in sorted order. */
  readonly sequence: number;
  readonly time: number;
  /** Its packed row. */
  readonly row: number;
  /** Packed row of the same sequence that the walk has just left; undefined where it begins. */
  readonly previousRow: number | undefined;
  /** Whether the walk ends here: at the sequence's last step, in reverse at time 0. */
  readonly isLast: boolean;
}

/**
 * Every valid step, one sequence after the other, each from its first step to its last: an order in which a state
 * is always known before it is needed.
 *
 * @param reverse walks each sequence from its own last step to its first
 * @throws {ShapeError} `length_mismatch` when batchSizes is empty, grows, or holds anything but integers >= 1
 */
export function packedSteps(batchSizes: readonly number[], reverse = false): PackedStep[] {
  const offsets = packedOffsets(batchSizes);
  const steps: PackedStep[] = [];
  for (let sequence = 0; sequence < sequenceCount(batchSizes); sequence++) {
    const length = batchSizes.filter((alive) => sequence < alive).length;
    const walk = [...offsets.slice(0, length).entries()];
    let previousRow: number | undefined;
    for (const [time, offset] of reverse ? walk.reverse() : walk) {
      const row = offset + sequence;
      steps.push({ sequence, time, row, previousRow, isLast: time === (reverse ? 0 : length - 1) });
      previousRow = row;
    }
  }
  return steps;
}

/** First packed row of every step. Throws as {@link packedSteps} does. */
export function packedOffsets(batchSizes: readonly number[]): number[] {
  let alive = batchSizes[0] ?? 0;
  let offset = 0;
  const offsets: number[] = [];
  for (const size of batchSizes) {
    if (!Number.isInteger(size) || size < 1 || size > alive) {
      const sizes = batchSizes.join(', ');
      throw new ShapeError('length_mismatch', `batchSizes must be non-increasing integers >= 1: [${sizes}]`);
    }
    offsets.push(offset);
    offset += size;
    alive = size;
  }
  if (offsets.length === 0) {
    throw new ShapeError('length_mismatch', 'batchSizes is empty: a packed batch has at least one step');
  }
  return offsets;
}

/** B, the number of sequences. */
export function sequenceCount(batchSizes: readonly number[]): number {
  return batchSizes[0] ?? 0;
}

/** N, the number of packed rows. */
export function rowCount(batchSizes: readonly number[]): number {
  return batchSizes.reduce((sum, size) => sum + size, 0);
}

/**
 * One unit of the state that the step starts from.
 *
 * @param states  [N,H] the state after every step
 * @param initial [B,H] the state before the first step of the walk; absent means zeros
 */
export function previousState(states: Matrix, initial: Matrix | undefined, step: PackedStep, unit: number): number {
  return step.previousRow === undefined ? atOrZero(initial, step.sequence, unit) : at(states, step.previousRow, unit);
}
