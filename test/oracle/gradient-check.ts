/** Central differences: the gradient that a backward pass is checked against. */

import { element, type Matrix, mapElements, requireShape } from './matrix.js';
import { type Comparison, compare } from './tolerance.js';

/**
 * Change of each element. The error of a central difference is of the order step^2 + 2^-52 / step, least near 6e-6
 * with about 4e-11.
 */
const step = 6e-6;

/**
 * d objective / d variable by central differences. The variable's elements are changed one at a time and restored.
 *
 * @param objective computes a number from `variable`, and from nothing that changes between calls
 * @returns the gradient, in the shape of `variable`
 */
export function numericalGradient(variable: Matrix, objective: () => number): Matrix {
  return mapElements(variable, (value, index) => {
    variable.data[index] = value + step;
    const above = objective();
    variable.data[index] = value - step;
    const below = objective();
    variable.data[index] = value;
    return (above - below) / (value + step - (value - step));
  });
}

/**
 * Compares a gradient with central differences. A ratio of at most 1 means that each element is right to 1e-8 of
 * itself, or of 1 where it is smaller: the error of a difference is absolute, it comes from an objective near 1. A
 * wrong gradient is off by 1e-2 and more.
 *
 * @param gradient  what a backward pass gives
 * @param variable  operands near 1
 * @param objective as for {@link numericalGradient}
 */
export function compareGradient(gradient: Matrix, variable: Matrix, objective: () => number): Comparison {
  requireShape('gradient', gradient, variable.rows, variable.columns);
  return compare(gradient.data, numericalGradient(variable, objective), 1e-8, { scale: 1 });
}

/** Sum of a * b over all elements: an objective whose gradient with respect to a is b. */
export function innerProduct(a: Matrix, b: Matrix): number {
  requireShape('b', b, a.rows, a.columns);
  return a.data.reduce((sum, value, index) => sum + value * element(b.data, index), 0);
}
