/** Reference of the operations on single elements; all operands and results are [R,C]. */

import { element, type Matrix, mapElements, requireShape } from './matrix.js';

/** Two operands of the same shape. */
export interface Pair {
  a: Matrix;
  b: Matrix;
}

/** Gradient of the result and the result itself, from which the slope of each activation is known. */
export interface ActivationGradient {
  dy: Matrix;
  y: Matrix;
}

/** Logistic sigmoid of one number, 1 / (1 + exp(-x)); exact 0 and 1 far from 0, without overflow to NaN. */
export function sigmoidOf(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** y = a + b. */
export function add({ a, b }: Pair): { y: Matrix } {
  requireShape('b', b, a.rows, a.columns);
  return { y: mapElements(a, (value, index) => value + element(b.data, index)) };
}

/** y = a - b. */
export function subtract({ a, b }: Pair): { y: Matrix } {
  requireShape('b', b, a.rows, a.columns);
  return { y: mapElements(a, (value, index) => value - element(b.data, index)) };
}

/** y = a * b, element by element. */
export function multiply({ a, b }: Pair): { y: Matrix } {
  requireShape('b', b, a.rows, a.columns);
  return { y: mapElements(a, (value, index) => value * element(b.data, index)) };
}

/** y = factor * x. */
export function scale({ x, factor }: { x: Matrix; factor: number }): { y: Matrix } {
  return { y: mapElements(x, (value) => factor * value) };
}

/** y = 1 / (1 + exp(-x)). */
export function sigmoid({ x }: { x: Matrix }): { y: Matrix } {
  return { y: mapElements(x, sigmoidOf) };
}

/** dx = dy * y * (1 - y). */
export function sigmoidBackward({ dy, y }: ActivationGradient): { dx: Matrix } {
  requireShape('dy', dy, y.rows, y.columns);
  return { dx: mapElements(y, (value, index) => element(dy.data, index) * value * (1 - value)) };
}

/** y = tanh(x). */
export function tanh({ x }: { x: Matrix }): { y: Matrix } {
  return { y: mapElements(x, (value) => Math.tanh(value)) };
}

/** dx = dy * (1 - y^2). */
export function tanhBackward({ dy, y }: ActivationGradient): { dx: Matrix } {
  requireShape('dy', dy, y.rows, y.columns);
  return { dx: mapElements(y, (value, index) => element(dy.data, index) * (1 - value * value)) };
}

/** y = max(x, 0); a NaN stays one, as in PyTorch, so that a broken value is found and not hidden. */
export function relu({ x }: { x: Matrix }): { y: Matrix } {
  return { y: mapElements(x, (value) => Math.max(value, 0)) };
}

/** dx = dy where y > 0, else 0; the slope at 0 is 0, as in PyTorch. */
export function reluBackward({ dy, y }: ActivationGradient): { dx: Matrix } {
  requireShape('dy', dy, y.rows, y.columns);
  return { dx: mapElements(y, (value, index) => (value > 0 ? element(dy.data, index) : 0)) };
}
