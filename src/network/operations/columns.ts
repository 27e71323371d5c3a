/** Functions of rows: products with weights, and moving columns. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { describeSize } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { EPSILON } from '../layers/layer-normalization.js';
import { applied, graphOfAll, requireArgument } from './apply.js';
import { withSameRows } from './joined.js';

/** Rows of a matrix of fixed size. @throws {ShapeError} `shape_mismatch` */
export function matrixRows(owner: string, name: string, value: Value): number {
  const { rows } = value;
  if (typeof rows === 'number') return rows;
  const message = `${owner}: ${name} ${describeSize(value)} does not have a fixed size, as a parameter has`;
  throw new ShapeError('shape_mismatch', message, { operation: owner, operand: name, actual: rows });
}

/**
 * x W^T + b: [R, I] -> [R, O].
 *
 * @param weight [O, I]
 * @param bias [1, O]; none where it is left out
 * @throws {ShapeError} `shape_mismatch`
 * @throws {UsageError} `not_a_value`
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const given = { x, weight, bias };
  graphOfAll('linear', { x, weight }, { bias });
  const rows = matrixRows('linear', 'weight', weight);
  const packing = { operation: 'pack' as const, operands: { w: weight }, extents: { O: rows }, given };
  const p = applied('linear', packing).p;
  return applied('linear', { operation: 'linear', operands: { x, p, b: bias }, given }).y;
}

/**
 * The rows of a table that the indices name: [R, F].
 *
 * @param table [V, F]
 * @param ids [R, 1] indices below V, such as an input of kind `indices`
 * @throws {ShapeError} `shape_mismatch`
 */
export function gather(table: Value, ids: Value): Value {
  return applied('gather', { operation: 'embedding', operands: { ids, table } }).y;
}

/**
 * Sets the columns of two or more values side by side: [R, A], [R, B] -> [R, A + B]. Rows are joined as by `add`.
 *
 * @throws {ShapeError} `shape_mismatch`
 */
export function concatenate(first: Value, ...others: readonly Value[]): Value {
  graphOfAll('concatenate', { first, ...Object.fromEntries(others.map((other, at) => [`others[${at}]`, other])) });
  return others.reduce((left, right) => {
    const { a, b } = withSameRows('concatenate', left, right);
    return applied('concatenate', { operation: 'concatenate', operands: { a, b } }).y;
  }, first);
}

/**
 * The columns begin..end - 1: [R, F] -> [R, end - begin].
 *
 * @param end default all that follow
 * @throws {OptionError} `invalid_option` for columns that there are not
 */
export function slice(x: Value, begin: number, end?: number): Value {
  graphOfAll('slice', { x });
  const last = requireArgument('slice', 'end', end ?? x.columns, { integer: true, min: 1, max: x.columns });
  requireArgument('slice', 'begin', begin, { integer: true, min: 0, max: last - 1 });
  const application = {
    operation: 'slice' as const,
    operands: { x },
    attributes: { begin },
    extents: { D: last - begin },
  };
  return applied('slice', application).y;
}

/**
 * Chosen columns in any order: [R, F] -> [R, order.length].
 *
 * @param order the column of `x` that each column of the result is, -1 for a column of zeros. A column may be taken more than once: its
 *   gradient is the sum of theirs
 * @throws {OptionError} `invalid_option` for columns that there are not
 * @example
 * const reversed = (x: Value) => gatherColumns(x, [2, 1, 0]);
 */
export function gatherColumns(x: Value, order: readonly number[]): Value {
  const graph = graphOfAll('gatherColumns', { x });
  if (!Array.isArray(order) || order.length === 0) {
    const message = `gatherColumns: order is ${describeValue(order)}, expected a list of columns`;
    throw new OptionError('invalid_option', message, { name: 'order', function: 'gatherColumns', value: order });
  }
  for (const [at, column] of order.entries()) {
    requireArgument('gatherColumns', `order[${at}]`, column, { integer: true, min: -1, max: x.columns - 1 });
  }
  const columns = graph.constantIndices(order, { low: -1, size: x.columns });
  return applied('gatherColumns', { operation: 'gatherColumns', operands: { x, columns }, given: { x } }).y;
}

/** As `gatherColumns`; columns that follow each other are a slice, which may be shown without a copy. */
export function columnsInOrder(x: Value, order: readonly number[]): Value {
  const [begin = 0] = order;
  const isRun = begin >= 0 && order.every((column, at) => column === begin + at);
  if (!isRun) return gatherColumns(x, order);
  return order.length === x.columns ? x : slice(x, begin, begin + order.length);
}

/** Settings of a normalisation of rows. */
export interface NormalizationSettings {
  /** [1, F]; default ones. */
  readonly gain?: Value;
  /** [1, F]; default none. */
  readonly shift?: Value;
  /** Added to the variance, in [1e-30, 1]; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Every row brought to mean 0 and variance 1, then scaled and shifted: [R, F] -> [R, F].
 *
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`
 */
export function layerNormalization(x: Value, settings: NormalizationSettings = {}): Value {
  if (typeof settings !== 'object' || settings === null) {
    const message = `layerNormalization: its settings are ${describeValue(settings)}, expected an object`;
    throw new OptionError('invalid_option', message, { name: 'settings' });
  }
  const { gain, shift, epsilon = EPSILON } = settings;
  requireArgument('layerNormalization', 'epsilon', epsilon, { min: 1e-30, max: 1 });
  const graph = graphOfAll('layerNormalization', { x }, { gain, shift });
  const ones = () => graph.constant(1, x.columns, new Array<number>(x.columns).fill(1));
  const operands = { x, gain: gain ?? ones(), shift };
  const application = { operation: 'layerNormalization' as const, operands, attributes: { epsilon } };
  return applied('layerNormalization', application).y;
}
