/** The sizes of time axes that layers make of those of a batch. */
import { DataError } from '../core/errors.js';
import { type Derivation, derivationOf } from '../graph/derived-axis.js';
import type { AxisSizes } from './batch.js';

/** @throws {DataError} `too_short` */
function refuse(source: string, sequence: number, length: number, reach: number): never {
  const message =
    `sequence ${sequence} has ${length} ${length === 1 ? 'step' : 'steps'} on the axis '${source}', but a layer needs ` +
    `${reach} with its padding: leave such sequences out, make them longer, or give the layer the padding 'same' or 'causal'`;
  throw new DataError('too_short', message, { axis: source, sequence, length, expected: reach });
}

/** Steps of sequences of which each has `lengths` before. @throws {DataError} `too_short` naming the sequence */
function derivedLengths(lengths: Int32Array, { source, reach, stride }: Derivation & { readonly source: string }) {
  const short = lengths.findIndex((length) => length < reach);
  if (short >= 0) refuse(source, short, lengths[short] as number, reach);
  return lengths.map((length) => Math.floor((length - reach) / stride) + 1);
}

/**
 * Steps of each sequence on an axis.
 *
 * @param known steps on the axes of the batch
 * @returns undefined where the axis comes from none of these
 * @throws {DataError} `too_short` naming the sequence
 */
export function stepsOn(axis: string, known: ReadonlyMap<string, Int32Array>): Int32Array | undefined {
  const derivation = derivationOf(axis);
  if (derivation === undefined) return known.get(axis);
  const lengths = stepsOn(derivation.source, known);
  return lengths && derivedLengths(lengths, derivation);
}

/**
 * The sizes of an axis that is made of one with these sizes; the sequences keep their order.
 *
 * @param derivation what the axis is made by, and the name of that one
 * @throws {DataError} `too_short` naming the sequence
 */
export function derivedSizes<Sizes extends AxisSizes>(
  sizes: Sizes,
  { source, reach, stride }: Derivation & { readonly source: string },
): Sizes {
  const { batchSizes, order } = sizes;
  const sequences = batchSizes[0] as number;
  /** Sequences of so many steps and more. */
  const withSteps = (count: number) => batchSizes[Math.max(1, count) - 1] ?? 0;
  const longEnough = withSteps(reach);
  if (longEnough < sequences) {
    const length = batchSizes.findIndex((alive) => alive <= longEnough);
    refuse(source, order?.[longEnough] ?? longEnough, length < 0 ? batchSizes.length : length, reach);
  }
  const steps = Math.floor((batchSizes.length - reach) / stride) + 1;
  return {
    ...sizes,
    batchSizes: Int32Array.from({ length: steps }, (_, step) => withSteps(reach + step * stride)),
  };
}
