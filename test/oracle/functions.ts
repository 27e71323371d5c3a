/** Reference of the functions of one number and of two, and of sums over rows and columns. Codes: native/kernels/generic/rows/functions.h. */

import { OptionError } from '../../src/core/errors.js';
import { accumulate, at, element, type Matrix, mapElements, put, requireShape, zeros } from './matrix.js';

interface OneNumber {
  readonly value: (x: number, exponent: number) => number;
  readonly slope: (x: number, exponent: number) => number;
}

/** By their codes. */
const oneNumber: readonly OneNumber[] = [
  { value: Math.exp, slope: Math.exp },
  { value: Math.log, slope: (x) => 1 / x },
  { value: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x) },
  { value: Math.abs, slope: signOf },
  { value: signOf, slope: () => 0 },
  {
    value: (x, exponent) => x ** exponent,
    slope: (x, exponent) => (exponent === 0 ? 0 : exponent * x ** (exponent - 1)),
  },
  { value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), slope: (x) => 1 / (1 + Math.exp(-x)) },
  { value: erf, slope: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) },
  {
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)),
  },
  { value: (x, alpha) => (x > 0 ? x : alpha * x), slope: (x, alpha) => (x > 0 ? 1 : alpha) },
  { value: Math.sin, slope: Math.cos },
  { value: Math.cos, slope: (x) => -Math.sin(x) },
];

interface TwoNumbers {
  readonly value: (a: number, b: number) => number;
  readonly byA: (a: number, b: number) => number;
  readonly byB: (a: number, b: number) => number;
}

/** By their codes. The larger or smaller of two equal numbers is half the one and half the other, as in PyTorch. */
const twoNumbers: readonly TwoNumbers[] = [
  { value: (a, b) => a + b, byA: () => 1, byB: () => 1 },
  { value: (a, b) => a - b, byA: () => 1, byB: () => -1 },
  { value: (a, b) => a * b, byA: (_, b) => b, byB: (a) => a },
  { value: (a, b) => a / b, byA: (_, b) => 1 / b, byB: (a, b) => -a / b / b },
  { value: Math.max, byA: (a, b) => share(a, b), byB: (a, b) => share(b, a) },
  { value: Math.min, byA: (a, b) => share(b, a), byB: (a, b) => share(a, b) },
  { value: (a, b) => b - a, byA: () => -1, byB: () => 1 },
  { value: (a, b) => b / a, byA: (a, b) => -b / a / a, byB: (a) => 1 / a },
];

/**
 * The error function: up to 1.5 the series 2 / sqrt(pi) e^-x^2 sum of 2^n x^(2n + 1) / (2n + 1)!!, of which no terms cancel;
 * beyond 1 less the continued fraction of its complement, e^-x^2 / sqrt(pi) / (x + 1/2 / (x + 2/2 / (x + 3/2 / ...))).
 */
export function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (Math.abs(x) > 1.5) {
    const size = Math.abs(x);
    let fraction = size;
    for (let n = 200; n > 0; n--) fraction = size + n / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction);
  }
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -56; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 where a is larger than b, 1/2 where both are equal, 0 where it is smaller; 1 where either is NaN. */
function share(a: number, b: number): number {
  return a < b ? 0 : a === b ? 0.5 : 1;
}

/** The sign of x; 0 for NaN, as in PyTorch. */
function signOf(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

function chosen<T>(list: readonly T[], code: number): T {
  const found = list[code];
  if (found === undefined) throw new OptionError('invalid_option', `there is no function with the code ${code}`);
  return found;
}

/** A function of one number. */
export interface OfOne {
  readonly code: number;
  readonly exponent: number;
}

/** y = f(x). */
export function unary({ x, code, exponent }: OfOne & { x: Matrix }): { y: Matrix } {
  const { value } = chosen(oneNumber, code);
  return { y: mapElements(x, (each) => value(each, exponent)) };
}

/** dx = dy f'(x). */
export function unaryBackward({ dy, x, code, exponent }: OfOne & { dy: Matrix; x: Matrix }): { dx: Matrix } {
  requireShape('dy', dy, x.rows, x.columns);
  const { slope } = chosen(oneNumber, code);
  return { dx: mapElements(x, (each, index) => element(dy.data, index) * slope(each, exponent)) };
}

/** A function of two numbers and its operands, of the same shape. */
export interface OfTwo {
  readonly code: number;
  readonly a: Matrix;
  readonly b: Matrix;
}

/** y = f(a, b). */
export function combine({ code, a, b }: OfTwo): { y: Matrix } {
  requireShape('b', b, a.rows, a.columns);
  const { value } = chosen(twoNumbers, code);
  return { y: mapElements(a, (each, index) => value(each, element(b.data, index))) };
}

/** dx = dy times the derivative by a, or by b. */
export function combineBackward({ code, a, b, dy, isOfB }: OfTwo & { dy: Matrix; isOfB: boolean }): { dx: Matrix } {
  requireShape('b', b, a.rows, a.columns);
  requireShape('dy', dy, a.rows, a.columns);
  const { byA, byB } = chosen(twoNumbers, code);
  const slope = isOfB ? byB : byA;
  return { dx: mapElements(dy, (each, index) => each * slope(element(a.data, index), element(b.data, index))) };
}

/** [rows, columns] of equal rows [1, columns], or of equal columns [rows, 1]. */
export function repeated(line: Matrix, rows: number, columns: number): Matrix {
  const whole = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      put(whole, row, column, at(line, line.rows === 1 ? 0 : row, line.columns === 1 ? 0 : column));
    }
  }
  return whole;
}

/** y[1,C] = sum over rows of x, or their mean. */
export function sumRows({ x, mean }: { x: Matrix; mean: boolean }): { y: Matrix } {
  const y = zeros(1, x.columns);
  for (let row = 0; row < x.rows; row++) {
    for (let column = 0; column < x.columns; column++) accumulate(y, 0, column, at(x, row, column));
  }
  return { y: mapElements(y, (value) => (mean ? value / x.rows : value)) };
}

/** y[R,1] = sum over columns of x, or their mean. */
export function sumColumns({ x, mean }: { x: Matrix; mean: boolean }): { y: Matrix } {
  const y = zeros(x.rows, 1);
  for (let row = 0; row < x.rows; row++) {
    for (let column = 0; column < x.columns; column++) accumulate(y, row, 0, at(x, row, column));
  }
  return { y: mapElements(y, (value) => (mean ? value / x.columns : value)) };
}

/** y[R,C] = the row for all rows or the column for all columns; divided by their number with `mean`. */
export function repeat(of: { line: Matrix; isRow: boolean; rows: number; columns: number; mean: boolean }): {
  y: Matrix;
} {
  const { line, isRow, rows, columns, mean } = of;
  const count = isRow ? rows : columns;
  return { y: mapElements(repeated(line, rows, columns), (value) => (mean ? value / count : value)) };
}
