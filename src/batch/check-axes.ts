/** Checks the time axes of a batch before anything is written. */

import { ShapeError } from '../core/errors.js';
import { derivationOf, rootAxis } from '../graph/derived-axis.js';
import { type PackedAxes, type PackedAxis, TIME } from './axes.js';
import type { AxisSizes, Batch } from './batch.js';
import { checkOrder, countRows } from './check-arrays.js';
import { derivedSizes } from './derived-axes.js';

/** The sizes of one axis, checked: copies, which the caller cannot change while an execution works. @param name their name in messages */
export function packedAxis(name: string, { batchSizes, order }: AxisSizes): PackedAxis {
  if (batchSizes === undefined) {
    const message =
      `${name}batchSizes is missing, expected an Int32Array: this takes a packed batch, as packSequences makes it. ` +
      'Plain sequences are { inputs, targets } for trainStep, evaluate and fit, and the inputs alone for predict';
    throw new ShapeError('rank_mismatch', message, {
      name: `${name}batchSizes`,
      actual: 'missing',
      expected: 'Int32Array',
    });
  }
  const rows = countRows({ batchSizes }, `${name}batchSizes`);
  if (order !== undefined) checkOrder(`${name}order`, order, batchSizes[0] as number);
  return { batchSizes: batchSizes.slice(), rows, ...(order !== undefined && { order: order.slice() }) };
}

/** The name of an axis in messages. The sizes of `time` are fields of the batch itself. */
function prefixOf(axis: string): string {
  return axis === TIME ? '' : `axes.${axis}.`;
}

/** The sizes that a batch gives for an axis, or that those of another axis come to. */
export function sizesOf(batch: Pick<Batch, 'axes'> & Partial<AxisSizes>, axis: string): Partial<AxisSizes> {
  const derivation = derivationOf(axis);
  if (derivation !== undefined) return derivedSizes(sizesOf(batch, derivation.source) as AxisSizes, derivation);
  return (axis === TIME ? batch : batch?.axes?.[axis]) ?? {};
}

/** The axis of that name, which is made of others where it is not there. @throws {DataError} `too_short` */
function addDerived(axes: Map<string, PackedAxis>, name: string): PackedAxis {
  const known = axes.get(name);
  const derivation = derivationOf(name);
  if (known !== undefined || derivation === undefined) return known as PackedAxis;
  const sizes = derivedSizes(addDerived(axes, derivation.source), derivation);
  const axis = { ...sizes, rows: countRows(sizes) };
  axes.set(name, axis);
  return axis;
}

/** @throws {ShapeError} `shape_mismatch` for sizes of an axis that a layer makes: they follow from those of another */
function refuseDerived({ axes }: Partial<Pick<Batch, 'axes'>>): void {
  const name = Object.keys(axes ?? {}).find((axis) => derivationOf(axis) !== undefined);
  if (name === undefined) return;
  const message = `axes names '${name}', whose sizes follow from those of '${rootAxis(name)}': leave it out`;
  throw new ShapeError('shape_mismatch', message, { name: `axes.${name}` });
}

/**
 * The axes of a batch. One axis alone needs no order; of several each must say to which sample each sequence belongs, and
 * all have the same number of sequences. Axes that layers make are not part of the batch, which may not name them: they have the order of those
 * that they are made of.
 *
 * @throws {DataError} `too_short` when a sequence has too few steps for a layer
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch` with the name and both sizes
 */
export function packedAxes(batch: Batch, all: readonly string[]): PackedAxes {
  const names = all.filter((name) => derivationOf(name) === undefined);
  const axes = new Map<string, PackedAxis>();
  refuseDerived(batch ?? {});
  if (names.length > 1 && batch?.axes?.[TIME] !== undefined) {
    const message = `axes names '${TIME}', whose sizes are batchSizes and order of the batch itself`;
    throw new ShapeError('shape_mismatch', message, { name: `axes.${TIME}` });
  }
  for (const name of names) {
    const { batchSizes, order } = sizesOf(batch, name);
    const given = order === undefined ? {} : { order };
    const axis = packedAxis(prefixOf(name), { batchSizes: batchSizes as Int32Array, ...given });
    const sequences = axis.batchSizes[0] as number;
    if (names.length > 1) checkOrder(`${prefixOf(name)}order`, order, sequences);
    const expected = axes.get(TIME)?.batchSizes[0] ?? sequences;
    if (sequences !== expected) {
      const message = `axis '${name}' has ${sequences} sequences, axis '${TIME}' ${expected}`;
      throw new ShapeError('shape_mismatch', message, { name, actual: sequences, expected });
    }
    axes.set(name, axis);
  }
  for (const name of all) addDerived(axes, name);
  return axes;
}
