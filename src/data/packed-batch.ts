/** Sequences of different lengths to one packed batch and back. */
import { DataError, OptionError, ShapeError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import type { Batch } from '../model/batch.js';

/** One sequence, or packed rows: ids, or rows of features one after the other. */
export type Rows = Int32Array | Float32Array;

/** What the rows of the sequences and of their targets are. */
export interface PackOptions {
  /** Numbers in a row of a Float32Array sequence: [length * features]. Integer >= 1; default 1. Ids have none. */
  readonly features?: number;
  /** A target for every step of every sequence: class ids (-1 = ignored) or rows of `targetFeatures` numbers. */
  readonly targets?: readonly Rows[];
  /** Numbers in a row of a Float32Array target. Integer >= 1; default 1. */
  readonly targetFeatures?: number;
}

/** A batch that remembers where its sequences came from. */
export interface PackedBatch extends Batch {
  /** [B] index, among the sequences that were packed, of each sequence of the batch (longest first). */
  readonly order: Int32Array;
}

function rowWidth(name: string, sequences: readonly Rows[], features: unknown): number {
  const isIds = sequences[0] instanceof Int32Array;
  for (const [index, sequence] of sequences.entries()) {
    if (!(sequence instanceof Int32Array) && !(sequence instanceof Float32Array)) {
      throw new OptionError('invalid_option', `${name} ${index} must be an Int32Array or a Float32Array`, {
        name,
        index,
      });
    }
    if (sequence instanceof Int32Array !== isIds) {
      throw new OptionError(
        'invalid_option',
        `${name} ${index} is of type ${sequence.constructor.name}, ${name} 0 of type ${sequences[0]?.constructor.name}`,
        { name, index },
      );
    }
  }
  const width = requireNumber(name === 'target' ? 'targetFeatures' : 'features', features ?? 1, {
    integer: true,
    min: 1,
  });
  if (isIds && width !== 1) {
    throw new ShapeError('shape_mismatch', `${name}s are ids, which have no features, but features is ${width}`, {
      name,
      features: width,
    });
  }
  return width;
}

function sequenceLengths(sequences: readonly Rows[], width: number): Int32Array {
  const lengths = new Int32Array(sequences.length);
  for (const [index, sequence] of sequences.entries()) {
    if (sequence.length === 0) throw new DataError('empty_data', `sequence ${index} is empty`, { index });
    if (sequence.length % width !== 0) {
      throw new ShapeError(
        'shape_mismatch',
        `sequence ${index} has ${sequence.length} numbers, which is not a multiple of features ${width}`,
        { index, length: sequence.length, features: width },
      );
    }
    lengths[index] = sequence.length / width;
  }
  return lengths;
}

function checkTargets(targets: readonly Rows[], width: number, lengths: Int32Array): void {
  if (targets.length !== lengths.length) {
    throw new ShapeError('length_mismatch', `there are ${lengths.length} sequences but ${targets.length} targets`, {
      sequences: lengths.length,
      targets: targets.length,
    });
  }
  for (const [index, target] of targets.entries()) {
    const expected = (lengths[index] as number) * width;
    if (target.length === expected) continue;
    throw new ShapeError(
      'length_mismatch',
      `target ${index} has ${target.length} numbers, but its sequence of ${lengths[index]} steps needs ${expected}`,
      { index, length: target.length, expected },
    );
  }
}

function pack(sequences: readonly Rows[], order: Int32Array, batchSizes: Int32Array, width: number): Rows {
  const rows = batchSizes.reduce((sum, alive) => sum + alive, 0);
  const packed = sequences[0] instanceof Int32Array ? new Int32Array(rows * width) : new Float32Array(rows * width);
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
 * @throws {ShapeError} `shape_mismatch` when a length is no multiple of the features; `length_mismatch` for targets
 *   that do not fit their sequences
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example packSequences([Int32Array.of(1, 2), Int32Array.of(3, 4, 5)]) // input 3 1 4 2 5, batchSizes 2 2 1, order 1 0
 */
export function packSequences(sequences: readonly Rows[], options: PackOptions = {}): PackedBatch {
  rejectUnknownKeys('packSequences', options, ['features', 'targets', 'targetFeatures']);
  if (sequences.length === 0) throw new DataError('empty_data', 'there are no sequences to pack');
  const width = rowWidth('sequence', sequences, options.features);
  const lengths = sequenceLengths(sequences, width);
  const { targets } = options;
  const targetWidth = targets === undefined ? 1 : rowWidth('target', targets, options.targetFeatures);
  if (targets !== undefined) checkTargets(targets, targetWidth, lengths);

  const order = Int32Array.from(lengths.keys()).sort(
    (left, right) => (lengths[right] as number) - (lengths[left] as number) || left - right,
  );
  const batchSizes = new Int32Array(lengths[order[0] as number] as number);
  for (const length of lengths) for (let step = 0; step < length; step++) (batchSizes[step] as number)++;
  return {
    order,
    batchSizes,
    inputs: { input: pack(sequences, order, batchSizes, width) },
    ...(targets === undefined ? {} : { targets: { target: pack(targets, order, batchSizes, targetWidth) } }),
  };
}

/** Number of rows N of a packed batch. */
function countRows(batchSizes: Int32Array): number {
  let rows = 0;
  let previous = batchSizes[0] ?? 0;
  for (const [step, alive] of batchSizes.entries()) {
    if (alive < 1 || alive > previous) {
      throw new ShapeError('shape_mismatch', `batchSizes[${step}] is ${alive}, after ${previous}; they may not grow`, {
        step,
        alive,
        previous,
      });
    }
    previous = alive;
    rows += alive;
  }
  return rows;
}

/**
 * Packed rows (predictions, for example) back to one array per sequence.
 *
 * @param batch sizes, and the order of packing; without an order the sequences stay as the batch has them
 * @param rows [N * features]
 * @param features numbers in a row, integer >= 1
 * @returns for each sequence, in the order in which they were packed, [length * features]
 * @throws {ShapeError} `length_mismatch` when the rows are not N * features, `shape_mismatch` for impossible batch
 *   sizes
 */
export function unpackSequences<R extends Rows>(
  batch: { readonly batchSizes: Int32Array; readonly order?: Int32Array },
  rows: R,
  features = 1,
): R[] {
  requireNumber('features', features, { integer: true, min: 1 });
  const { batchSizes } = batch;
  const count = countRows(batchSizes);
  if (rows.length !== count * features) {
    throw new ShapeError(
      'length_mismatch',
      `there are ${rows.length} numbers, but the ${count} steps of the batch with ${features} features need ${count * features}`,
      { length: rows.length, steps: count, features },
    );
  }
  const sequences = batchSizes.length === 0 ? 0 : (batchSizes[0] as number);
  const order = batch.order ?? Int32Array.from({ length: sequences }, (_, index) => index);
  if (
    order.length !== sequences ||
    new Set(order).size !== sequences ||
    order.some((at) => at < 0 || at >= sequences)
  ) {
    throw new ShapeError('length_mismatch', `order must name each of the ${sequences} sequences once`, { sequences });
  }
  const lengths = new Int32Array(sequences);
  for (const alive of batchSizes) for (let place = 0; place < alive; place++) (lengths[place] as number)++;

  const unpacked = new Array<R>(sequences);
  const make = rows.constructor as new (length: number) => R;
  for (const [place, length] of lengths.entries()) unpacked[order[place] as number] = new make(length * features);
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
  rejectUnknownKeys('contiguousBatch', options, ['batch', 'features', 'targets']);
  const batch = requireNumber('batch', options.batch, { integer: true, min: 1 });
  const features = rowWidth('sequence', [rows], options.features);
  const { targets } = options;
  if (rows.length === 0) throw new DataError('empty_data', 'there are no rows');
  if (rows.length % (batch * features) !== 0) {
    throw new ShapeError(
      'length_mismatch',
      `${rows.length} numbers are not whole steps of batch ${batch} and features ${features}`,
      { length: rows.length, batch, features },
    );
  }
  const count = rows.length / features;
  if (targets !== undefined && (targets.length === 0 || targets.length % count !== 0)) {
    throw new ShapeError('length_mismatch', `${targets.length} targets do not fit the ${count} rows`, {
      targets: targets.length,
      rows: count,
    });
  }
  if (targets instanceof Int32Array && targets.length !== count) {
    throw new ShapeError('length_mismatch', `there are ${targets.length} target ids for ${count} rows`, {
      targets: targets.length,
      rows: count,
    });
  }
  const batchSizes = new Int32Array(count / batch).fill(batch);
  return { batchSizes, inputs: { input: rows }, ...(targets === undefined ? {} : { targets: { target: targets } }) };
}
