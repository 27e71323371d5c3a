/** Masks of padded sequences, as Keras has them. */
import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';

/** Which steps of padded sequences are valid: 1 or true, in the layout of the values; all others are padding. */
export type Mask = ArrayLike<number | boolean>;

/** The shape of padded sequences. */
export interface PaddedShape {
  /** Sequences B, integer >= 1. */
  readonly batch: number;
  /** Steps T of every sequence with its padding, integer >= 1. */
  readonly steps: number;
  /** [T, B, F], the default of PyTorch, instead of sequence by sequence [B, T, F]. Default false. */
  readonly timeMajor?: boolean;
}

/** Names of the options of a padded shape. */
export const SHAPE_OPTIONS = ['batch', 'steps', 'timeMajor'];

/** The shape with its default. @throws {OptionError} `invalid_option` */
export function checkShape({ batch, steps, timeMajor = false }: PaddedShape): Required<PaddedShape> {
  return {
    batch: requireNumber('batch', batch, { integer: true, min: 1 }),
    steps: requireNumber('steps', steps, { integer: true, min: 1 }),
    timeMajor: requireOneOf('timeMajor', timeMajor, [true, false]),
  };
}

/** Row of a step of a sequence in padded values. */
export function paddedRow({ batch, steps, timeMajor }: Required<PaddedShape>, sequence: number, step: number): number {
  return timeMajor ? step * batch + sequence : sequence * steps + step;
}

function isValid(mask: Mask, row: number): boolean {
  const entry = mask[row];
  if (entry === 1 || entry === true) return true;
  if (entry === 0 || entry === false) return false;
  const message = `mask[${row}] is ${describeValue(entry)}, expected 0, 1, false or true`;
  throw new OptionError('invalid_option', message, { name: 'mask', row, value: entry });
}

/**
 * The lengths of padded sequences from a mask. Every row of the mask must be ones, then zeros.
 *
 * @param mask [B*T], or [T*B] with `timeMajor`
 * @returns [B]
 * @throws {DataError} `mask_not_right_padded` with the sequence and the first valid step after a masked one;
 * `empty_data` for a sequence without a valid step
 * @throws {ShapeError} `length_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function lengthsFromMask(mask: Mask, shape: PaddedShape): Int32Array {
  rejectUnknownKeys('lengthsFromMask', shape, SHAPE_OPTIONS);
  const checked = checkShape(shape);
  const { batch, steps } = checked;
  if (mask?.length !== batch * steps) {
    const message = `the mask has ${mask?.length} entries, ${batch} sequences of ${steps} steps need ${batch * steps}`;
    throw new ShapeError('length_mismatch', message, { name: 'mask', actual: mask?.length, expected: batch * steps });
  }
  const lengths = new Int32Array(batch);
  for (let sequence = 0; sequence < batch; sequence++) {
    let length = 0;
    for (let step = 0; step < steps; step++) {
      if (!isValid(mask, paddedRow(checked, sequence, step))) continue;
      if (length < step) {
        const message = `the mask of sequence ${sequence} has a valid step ${step} behind masked ones: only padding at the end can be packed`;
        throw new DataError('mask_not_right_padded', message, { sequence, step });
      }
      length = step + 1;
    }
    if (length === 0) {
      throw new DataError('empty_data', `the mask of sequence ${sequence} has no valid step`, { sequence });
    }
    lengths[sequence] = length;
  }
  return lengths;
}
