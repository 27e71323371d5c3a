/** Sums and means of all columns of a row, and of all rows; the largest and the smallest column of a row. */
import type { Value } from '../../graph/value.js';
import { applied, unary } from './apply.js';
import { negate } from './elementwise.js';

function reduced(name: string, operation: 'sumRows' | 'sumColumns', x: Value, mean: 0 | 1): Value {
  return applied(name, { operation, operands: { x }, attributes: { mean } }).y;
}

/**
 * The sum of each row: [R, F] -> [R, 1].
 *
 * @example
 * const dot = (a: Value, b: Value) => sumOverColumns(multiply(a, b));
 */
export function sumOverColumns(x: Value): Value {
  return reduced('sumOverColumns', 'sumColumns', x, 0);
}

/** The mean of each row: [R, F] -> [R, 1]. */
export function meanOverColumns(x: Value): Value {
  return reduced('meanOverColumns', 'sumColumns', x, 1);
}

/**
 * The largest entry of each row: [R, F] -> [R, 1]; NaN where one is. The gradient goes to the first column that holds it.
 *
 * @example
 * const logSumExp = (x: Value) => add(log(sumOverColumns(exp(subtract(x, maxOverColumns(x))))), maxOverColumns(x));
 */
export const maxOverColumns: (x: Value) => Value = unary('maxOverColumns');

/** The smallest entry of each row, as `maxOverColumns`: [R, F] -> [R, 1]. */
export function minOverColumns(x: Value): Value {
  return negate(maxOverColumns(negate(x)));
}

/**
 * The sum of each column over all rows, of all sequences together where they are steps: [R, F] -> [1, F]. It is for losses: in
 * a layer it would make what one sequence gives depend on the others of its batch.
 *
 * @example
 * const meanAbsoluteError = (outputs: Value, target: Value) => meanOverColumns(meanOverRows(abs(subtract(outputs, target))));
 */
export function sumOverRows(x: Value): Value {
  return reduced('sumOverRows', 'sumRows', x, 0);
}

/** The mean of each column over all rows, as `sumOverRows`: [R, F] -> [1, F]. */
export function meanOverRows(x: Value): Value {
  return reduced('meanOverRows', 'sumRows', x, 1);
}
