/** Functions of single elements, and of elements of the same place. */
import { requireNumber } from '../../core/options.js';
import { sameExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { hasSteps } from '../layers/rows.js';
import { applied, binary, graphOfAll, type Operand, unary } from './apply.js';

/**
 * a + b. Of the two one may be a number, a row [1, F] that is added to every row, or one row for each sequence, which is added at
 * each of its steps.
 *
 * @throws {ShapeError} `shape_mismatch`
 * @throws {UsageError} `not_a_value`
 */
export const add: (a: Operand, b: Operand) => Value = binary('add');

/** a - b, as `add`. */
export const subtract: (a: Operand, b: Operand) => Value = binary('subtract');

const product = binary('multiply');

/** a * b, element by element, as `add`. */
export function multiply(a: Operand, b: Operand): Value {
  if (typeof b === 'number') return scale(a as Value, b);
  if (typeof a === 'number') return scale(b, a);
  graphOfAll('multiply', { a, b });
  // One row for each sequence has an operation of its own, which repeats nothing.
  const [x, mask] = hasSteps(a) ? [a, b] : [b, a];
  const isMask = hasSteps(x) && typeof mask.rows !== 'number' && typeof x.rows !== 'number' && !hasSteps(mask);
  if (!isMask || !sameExtent(mask.rows, { kind: 'batch', axis: (x.rows as { axis: string }).axis }))
    return product(a, b);
  return applied('multiply', { operation: 'multiplySequence', operands: { x, mask } }).y;
}

/**
 * factor * x.
 *
 * @throws {OptionError} `invalid_option` for a factor that is not finite or beyond 1e30
 */
export function scale(x: Value, factor: number): Value {
  requireNumber('factor', factor, { min: -1e30, max: 1e30 });
  return applied('scale', { operation: 'scale', operands: { x }, attributes: { factor } }).y;
}

/** -x. */
export function negate(x: Value): Value {
  return applied('negate', { operation: 'scale', operands: { x }, attributes: { factor: -1 } }).y;
}

/** The hyperbolic tangent. */
export const tanh: (x: Value) => Value = unary('tanh');

/** 1 / (1 + e^-x). */
export const sigmoid: (x: Value) => Value = unary('sigmoid');

/** x where it is positive, else 0. */
export const relu: (x: Value) => Value = unary('relu');

/** e^x divided by the sum of e^x over the columns of the row. */
export const softmax: (x: Value) => Value = unary('softmax');
