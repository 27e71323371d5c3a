/** Converts between packed batches, which hold valid steps only, and padded arrays, which other libraries use. */

import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { isInt32Array } from '../core/typed-array.js';
import { checkShape, lengthsFromMask, type Mask, type PaddedShape, paddedRow, SHAPE_OPTIONS } from './mask.js';
import { type PackedBatch, packSequences, targetsOf, unpackSequences } from './packed-batch.js';
import { type PackedOrder, type Rows, requireRows, rowWidth, sameKind, sequenceLengths } from './rows.js';

/** How sequences are padded. */
export interface PadOptions {
  /** Numbers in a row. Integer >= 1; default 1. */
  readonly features?: number;
  /** Steps T to pad to; default and minimum: the steps of the longest sequence. B*T*F must stay below 2^31. */
  readonly steps?: number;
  /** The value of the padding; default 0. For ids a whole number of 32 bits. */
  readonly value?: number;
  /** [T, B, F] instead of sequence by sequence [B, T, F]. Default false. */
  readonly timeMajor?: boolean;
}

/** Padded sequences. */
export interface PaddedSequences<R extends Rows> {
  /** [B*T*F], or [T*B*F] with `timeMajor`. */
  readonly values: R;
  /** [B] valid steps. */
  readonly lengths: Int32Array;
  /** T. */
  readonly steps: number;
}

/** The largest number of padded values. A wrong number of steps is refused before memory is allocated. */
const MAX_NUMBERS = 2 ** 31 - 1;

const PAD_OPTIONS = ['features', 'steps', 'value', 'timeMajor'];

function pad<R extends Rows>(sequences: readonly R[], options: PadOptions): PaddedSequences<R> {
  const width = rowWidth('sequence', sequences, 'features', options.features);
  const lengths = sequenceLengths(sequences, width);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const max = Math.floor(MAX_NUMBERS / (sequences.length * width));
  const steps = requireNumber('steps', options.steps ?? longest, { integer: true, min: 1, max });
  if (steps < longest) {
    const index = lengths.indexOf(longest);
    const message = `sequence ${index} has ${longest} steps, more than the ${steps} to pad to`;
    throw new ShapeError('length_mismatch', message, { index, length: longest, steps });
  }
  const first = sequences[0] as R;
  const isIds = isInt32Array(first);
  const value = requireNumber(
    'value',
    options.value ?? 0,
    isIds ? { integer: true, min: -(2 ** 31), max: 2 ** 31 - 1 } : {},
  );
  const shape = checkShape({ ...options, batch: sequences.length, steps });
  const values = sameKind(first, sequences.length * steps * width).fill(value) as R;
  for (const [index, sequence] of sequences.entries()) {
    if (!shape.timeMajor) {
      values.set(sequence, index * steps * width);
      continue;
    }
    for (let step = 0; step < (lengths[index] as number); step++) {
      values.set(sequence.subarray(step * width, (step + 1) * width), paddedRow(shape, index, step) * width);
    }
  }
  return { values, lengths, steps };
}

/**
 * Sequences of any lengths, padded at the end.
 *
 * @param sequences ids [length], or rows [length * features]; all of one kind
 * @throws {DataError} `empty_data` when there is no sequence, or one has no step
 * @throws {ShapeError} `shape_mismatch`, `length_mismatch` for a sequence of more than `steps`: nothing is cut off
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const { values, lengths, steps } = padSequences([Int32Array.of(1, 2), Int32Array.of(3)]);
 * values; // => Int32Array.of(1, 2, 3, 0)
 * lengths; // => Int32Array.of(2, 1)
 * steps; // => 2
 */
export function padSequences<R extends Rows>(sequences: readonly R[], options: PadOptions = {}): PaddedSequences<R> {
  rejectUnknownKeys('padSequences', options, PAD_OPTIONS);
  return pad(sequences, options);
}

/**
 * Packed rows (predictions, for example) to padded values, as PyTorch's `pad_packed_sequence`.
 *
 * @param batch sizes, and the order of packing; without an order the sequences stay as the batch has them
 * @param rows [N * features]
 * @returns the sequences in the order in which they were packed
 * @throws as `unpackSequences` and `padSequences`
 */
export function padPacked<R extends Rows>(batch: PackedOrder, rows: R, options: PadOptions = {}): PaddedSequences<R> {
  rejectUnknownKeys('padPacked', options, PAD_OPTIONS);
  const sequences = unpackSequences(batch, rows, options.features);
  return pad(sequences, options);
}

/** The form of padded values, and which steps are valid. Exactly one of `lengths` and `mask` must be given. */
export interface PackPaddedOptions extends PaddedShape {
  /** Numbers in a row of a Float32Array. Integer >= 1; default 1. */
  readonly features?: number;
  /** [B] valid steps of each sequence, 1..T. */
  readonly lengths?: ArrayLike<number>;
  /** Valid steps as a mask, each row ones and then zeros. */
  readonly mask?: Mask;
  /** Targets in the layout of the values: class ids (-1 = ignored), or rows of `targetFeatures` numbers. */
  readonly targets?: Rows;
  /**
   * Instead, for a network with one output per sequence: class ids [B] (-1 = ignored), or rows [B * targetFeatures].
   */
  readonly sequenceTargets?: Rows;
  /** Numbers in a row of a Float32Array target. Integer >= 1; default 1. */
  readonly targetFeatures?: number;
}

const PACK_OPTIONS = [...SHAPE_OPTIONS, 'features', 'lengths', 'mask', 'targets', 'sequenceTargets', 'targetFeatures'];

/** The lengths that the options give. @throws as `packPadded` */
function checkLengths(options: PackPaddedOptions, shape: Required<PaddedShape>): ArrayLike<number> {
  const given = options.lengths ?? undefined;
  const mask = options.mask ?? undefined;
  if ((given === undefined) === (mask === undefined)) {
    const message = "packPadded needs either option 'lengths' or option 'mask'";
    throw new OptionError('invalid_option', message, { name: 'lengths' });
  }
  if (given === undefined) return lengthsFromMask(mask as Mask, shape);
  const { batch, steps } = shape;
  if (given.length !== batch) {
    const message = `there are ${given.length} lengths for ${batch} sequences`;
    throw new ShapeError('length_mismatch', message, { name: 'lengths', actual: given.length, expected: batch });
  }
  for (let sequence = 0; sequence < batch; sequence++) {
    const length = given[sequence] as number;
    if (length === 0) throw new DataError('empty_data', `sequence ${sequence} has length 0`, { sequence });
    if (Number.isInteger(length) && length > 0 && length <= steps) continue;
    const message = `lengths[${sequence}] is ${length}, expected a whole number 1..${steps}`;
    throw new ShapeError('length_mismatch', message, { name: 'lengths', sequence, length, steps });
  }
  return given;
}

/** The valid part of every sequence. It is a view where the rows of a sequence are contiguous. */
function cut<R extends Rows>(
  values: R,
  shape: Required<PaddedShape>,
  width: number,
  lengths: ArrayLike<number>,
): readonly R[] {
  return Array.from({ length: shape.batch }, (_, sequence) => {
    const length = lengths[sequence] as number;
    const begin = paddedRow(shape, sequence, 0) * width;
    if (!shape.timeMajor) return values.subarray(begin, begin + length * width) as R;
    const rows = sameKind(values, length * width);
    for (let step = 0; step < length; step++) {
      const from = paddedRow(shape, sequence, step) * width;
      rows.set(values.subarray(from, from + width), step * width);
    }
    return rows;
  });
}

/**
 * Packs padded values: padding is removed, and the longest sequence comes first.
 *
 * @param values ids [B*T], or features [B*T*F], sequence by sequence; time-major with `timeMajor`
 * @throws {DataError} `mask_not_right_padded` naming the sequence and the step; `empty_data` for a sequence without valid steps
 * @throws {ShapeError} `length_mismatch`, `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const batch = packPadded(values, { batch: 32, steps: 100, features: 8, lengths, sequenceTargets: labels });
 */
export function packPadded(values: Rows, options: PackPaddedOptions): PackedBatch {
  // What is null is refused below, by what it should be; targets of null are none.
  rejectUnknownKeys('packPadded', options, PACK_OPTIONS, PACK_OPTIONS);
  const shape = checkShape(options);
  const { features, targetFeatures } = options;
  const { targets, sequenceTargets } = targetsOf(options);
  const rows = shape.batch * shape.steps;
  const width = rowWidth('sequence', [values], 'features', features);
  requireRows('numbers', values, rows, width, 'padded steps');
  const lengths = checkLengths(options, shape);
  const targetWidth = rowWidth('target', targets === undefined ? [] : [targets], 'targetFeatures', targetFeatures);
  if (targets !== undefined) requireRows('target numbers', targets, rows, targetWidth, 'padded steps');
  return packSequences(cut(values, shape, width, lengths), {
    features: width,
    targetFeatures: targetWidth,
    ...(targets !== undefined && { targets: cut(targets, shape, targetWidth, lengths) }),
    ...(sequenceTargets !== undefined && { sequenceTargets }),
  });
}
