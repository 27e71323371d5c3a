/** Packs sequences of different lengths into one batch, and unpacks them. */

import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { isFloat32Array, isInt32Array } from '../core/typed-array.js';
import type { Batch } from './batch.js';
import { countRows } from './check-arrays.js';
import {
  orderOf,
  type PackedOrder,
  type Rows,
  requireRows,
  requireTyped,
  rowWidth,
  sameKind,
  sequenceLengths,
} from './rows.js';
import { applyOrder } from './sequence-rows.js';

export type { Rows } from './rows.js';

/** The form of the rows of the sequences and of their targets. */
export interface PackOptions {
  /** Numbers in a row of a Float32Array sequence: [length * features]. Integer >= 1; default 1. Ids have none. */
  readonly features?: number;
  /** A target for every step of every sequence: class ids (-1 = ignored) or rows of `targetFeatures` numbers. */
  readonly targets?: readonly Rows[];
  /**
   * For a network with one output per sequence, in place of step targets: a target for every sequence, in the order of
   * the sequences. Class ids [B] (-1 = ignored) or rows [B * targetFeatures].
   */
  readonly sequenceTargets?: Rows;
  /** Numbers in a row of a Float32Array target. Integer >= 1; default 1. */
  readonly targetFeatures?: number;
  /**
   * The weights of steps in the loss, one array [length] for each sequence; or the weights of sequences, one array [B]
   * in the order of the sequences. They become `target/weights` of the batch.
   */
  readonly weights?: readonly Float32Array[] | Float32Array;
}

/** A batch that records the order in which its sequences were packed. */
export interface PackedBatch extends Batch {
  /** [B] index, among the sequences that were packed, of each sequence of the batch (longest first). */
  readonly order: Int32Array;
}

function checkTargets(targets: readonly Rows[], width: number, lengths: Int32Array, what = 'target'): void {
  if (targets.length !== lengths.length) {
    const message = `there are ${lengths.length} sequences but ${targets.length} ${what}s`;
    throw new ShapeError('length_mismatch', message, {
      sequences: lengths.length,
      targets: targets.length,
    });
  }
  for (const [index, target] of targets.entries()) {
    const expected = (lengths[index] as number) * width;
    if (target.length === expected) continue;
    throw new ShapeError(
      'length_mismatch',
      `${what} ${index} has ${target.length} numbers, but its sequence of ${lengths[index]} steps needs ${expected}`,
      { index, length: target.length, expected },
    );
  }
}

/** Options that are null where there are no targets. */
const NO_TARGETS = ['targets', 'sequenceTargets', 'weights'];

/**
 * The targets of the options, of at most one kind; null is omitted.
 *
 * @throws {OptionError} `invalid_option` when there are targets both of steps and of sequences
 */
export function targetsOf<T>(options: { readonly targets?: T; readonly sequenceTargets?: Rows }): {
  readonly targets: T | undefined;
  readonly sequenceTargets: Rows | undefined;
} {
  const targets = options.targets ?? undefined;
  const sequenceTargets = options.sequenceTargets ?? undefined;
  if (targets === undefined || sequenceTargets === undefined) return { targets, sequenceTargets };
  const message = "options 'targets' and 'sequenceTargets' exclude each other: a network has one target";
  throw new OptionError('invalid_option', message, { name: 'sequenceTargets' });
}

/**
 * Weights in packed order.
 *
 * @throws {OptionError} `invalid_option` for weights that are not numbers, or without a target
 * @throws {ShapeError} `length_mismatch`
 */
function packWeights(weights: NonNullable<PackOptions['weights']>, lengths: Int32Array, order: PackedOrder): Rows {
  if (isFloat32Array(weights)) {
    requireRows('weights', weights, lengths.length, 1, 'sequences');
    return applyOrder(order, weights, 1);
  }
  const isList = Array.isArray(weights) && weights.every((each) => isFloat32Array(each));
  if (!isList) {
    const message = `option 'weights' must be a Float32Array, or a list of these, got ${describeValue(weights)}`;
    throw new OptionError('invalid_option', message, { name: 'weights' });
  }
  checkTargets(weights, 1, lengths, 'weight array');
  return packRows(weights, order.order as Int32Array, order.batchSizes, 1);
}

/** Rows of sequences in packed order. */
export function packRows(sequences: readonly Rows[], order: Int32Array, batchSizes: Int32Array, width: number): Rows {
  const rows = batchSizes.reduce((sum, alive) => sum + alive, 0);
  const packed = sameKind(sequences[0] as Rows, rows * width);
  let row = 0;
  for (const [step, alive] of batchSizes.entries()) {
    for (let place = 0; place < alive; place++, row++) {
      const sequence = sequences[order[place] as number] as Rows;
      for (let feature = 0; feature < width; feature++) {
        packed[row * width + feature] = sequence[step * width + feature] as number;
      }
    }
  }
  return packed;
}

/**
 * Packs sequences of any lengths: longest first (equal lengths keep their order), time-major, valid steps only.
 *
 * @param sequences ids [length], or rows [length * features]; all of one kind
 * @throws {DataError} `empty_data` when there is no sequence, or one has no step
 * @throws {ShapeError} `shape_mismatch` when a length is not a multiple of the features; `length_mismatch` for targets
 *   that do not fit their sequences
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const { inputs, batchSizes, order } = packSequences([Int32Array.of(1, 2), Int32Array.of(3, 4, 5)]);
 * inputs; // => { input: Int32Array.of(3, 1, 4, 2, 5) }
 * batchSizes; // => Int32Array.of(2, 2, 1)
 * order; // => Int32Array.of(1, 0)
 */
export function packSequences(sequences: readonly Rows[], options: PackOptions = {}): PackedBatch {
  const names = ['features', 'targets', 'sequenceTargets', 'targetFeatures', 'weights'];
  rejectUnknownKeys('packSequences', options, names, NO_TARGETS);
  const width = rowWidth('sequence', sequences, 'features', options.features);
  const lengths = sequenceLengths(sequences, width);
  const { targets, sequenceTargets } = targetsOf(options);
  const given = targets ?? (sequenceTargets === undefined ? [] : [sequenceTargets]);
  const targetWidth = rowWidth('target', given, 'targetFeatures', options.targetFeatures);
  if (targets !== undefined) checkTargets(targets, targetWidth, lengths);
  if (sequenceTargets !== undefined) {
    requireRows('target numbers', sequenceTargets, lengths.length, targetWidth, 'sequences');
  }

  const order = Int32Array.from(lengths.keys()).sort(
    (left, right) => (lengths[right] as number) - (lengths[left] as number) || left - right,
  );
  const batchSizes = new Int32Array(lengths[order[0] as number] as number);
  for (const length of lengths) for (let step = 0; step < length; step++) (batchSizes[step] as number)++;
  const target =
    sequenceTargets === undefined
      ? targets && packRows(targets, order, batchSizes, targetWidth)
      : applyOrder({ batchSizes, order }, sequenceTargets, targetWidth);
  const { weights } = options;
  if (weights !== undefined && target === undefined) {
    throw new OptionError('invalid_option', "option 'weights' needs targets, which they weigh", { name: 'weights' });
  }
  const weighted = weights && { 'target/weights': packWeights(weights, lengths, { batchSizes, order }) };
  return {
    order,
    batchSizes,
    inputs: { input: packRows(sequences, order, batchSizes, width) },
    ...(target === undefined ? {} : { targets: { target, ...weighted } }),
  };
}

/**
 * Packed rows (predictions, for example) back to one array per sequence.
 *
 * @param batch sizes, and the order of packing; without an order the sequences stay as the batch has them
 * @param rows [N * features]
 * @param features numbers in a row, integer >= 1
 * @returns for each sequence, in the order in which they were packed, [length * features]
 * @throws {ShapeError} `length_mismatch` when the rows are not N * features, or the order does not fit; `shape_mismatch` for
 *   impossible batch sizes; `rank_mismatch` when sizes or order are not an Int32Array
 * @throws {OptionError} `invalid_option` when the rows are not an Int32Array or Float32Array
 */
export function unpackSequences<R extends Rows>(batch: PackedOrder, rows: R, features = 1): R[] {
  requireNumber('features', features, { integer: true, min: 1 });
  requireRows('numbers', rows, countRows(batch), features, 'steps of the batch');
  const order = orderOf(batch);
  const { batchSizes } = batch;
  const sequences = order.length;
  const lengths = new Int32Array(sequences);
  for (const alive of batchSizes) for (let place = 0; place < alive; place++) (lengths[place] as number)++;

  const unpacked = new Array<R>(sequences);
  for (const [place, length] of lengths.entries()) unpacked[order[place] as number] = sameKind(rows, length * features);
  let row = 0;
  for (const [step, alive] of batchSizes.entries()) {
    for (let place = 0; place < alive; place++, row++) {
      const values = rows.subarray(row * features, (row + 1) * features);
      (unpacked[order[place] as number] as R).set(values, step * features);
    }
  }
  return unpacked;
}

/** What the rows of a contiguous batch are. */
export interface ContiguousOptions {
  /** Sequences side by side: row t * batch + b is step t of sequence b. Integer >= 1. */
  readonly batch: number;
  /** Numbers in a row of a Float32Array. Integer >= 1; default 1. */
  readonly features?: number;
  /** Targets in the same layout: class ids [N] (-1 = ignored), or rows [N * F]. */
  readonly targets?: Rows;
  /** Instead, for a network with one output per sequence: class ids [batch] (-1 = ignored), or rows [batch * F]. */
  readonly sequenceTargets?: Rows;
}

/**
 * @throws {OptionError} `invalid_option` when targets are no ids or features
 * @throws {ShapeError} `length_mismatch` when they are not one id, or the same number of features, for each of `count`
 */
function checkWholeRows(targets: Rows, count: number, what: string): void {
  requireTyped('the targets', targets, { name: 'targets' });
  if (targets.length === 0 || targets.length % count !== 0) {
    throw new ShapeError('length_mismatch', `${targets.length} targets do not fit the ${count} ${what}`, {
      targets: targets.length,
      rows: count,
    });
  }
  if (isInt32Array(targets) && targets.length !== count) {
    throw new ShapeError('length_mismatch', `there are ${targets.length} target ids for ${count} ${what}`, {
      targets: targets.length,
      rows: count,
    });
  }
}

/**
 * A batch whose sequences are all of one length, from rows that are time-major already. The arrays are not copied.
 *
 * @param rows ids [steps * batch], or features [steps * batch * features]
 * @throws {DataError} `empty_data` when there are no rows
 * @throws {ShapeError} `length_mismatch` when the rows do not fill whole steps, or the targets do not fit the rows
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function contiguousBatch(rows: Rows, options: ContiguousOptions): Batch {
  rejectUnknownKeys('contiguousBatch', options, ['batch', 'features', 'targets', 'sequenceTargets'], NO_TARGETS);
  const batch = requireNumber('batch', options.batch, { integer: true, min: 1 });
  const features = rowWidth('sequence', [rows], 'features', options.features);
  if (rows.length === 0) throw new DataError('empty_data', 'there are no rows');
  if (rows.length % (batch * features) !== 0) {
    throw new ShapeError(
      'length_mismatch',
      `${rows.length} numbers are not whole steps of batch ${batch} and features ${features}`,
      { length: rows.length, batch, features },
    );
  }
  const count = rows.length / features;
  const { targets, sequenceTargets } = targetsOf(options);
  if (targets !== undefined) checkWholeRows(targets, count, 'rows');
  if (sequenceTargets !== undefined) checkWholeRows(sequenceTargets, batch, 'sequences');
  const target = targets ?? sequenceTargets;
  const batchSizes = new Int32Array(count / batch).fill(batch);
  return { batchSizes, inputs: { input: rows }, ...(target === undefined ? {} : { targets: { target } }) };
}
