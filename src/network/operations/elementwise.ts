/** Functions of single elements, and of elements of the same place. */
import { OptionError } from '../../core/errors.js';
import { sameExtent } from '../../graph/extent.js';
import { FUNCTIONS } from '../../graph/operations/functions.js';
import type { Value } from '../../graph/value.js';
import { hasSteps } from '../layers/rows.js';
import { applied, graphOfAll, requireArgument, unary } from './apply.js';
import { joined, type Operand } from './joined.js';

/** Bounds of factors and exponents. */
const LARGEST = { min: -1e30, max: 1e30 } as const;

/**
 * a + b. Where one of the two is a number, a row [1, F] or a column [R, 1], it is added to all elements, to every row or to every
 * column of the other; one row for each sequence is added at each of its steps.
 *
 * @throws {ShapeError} `shape_mismatch`
 * @throws {UsageError} `not_a_value`
 * @throws {OptionError} `invalid_option` for a number that float32 cannot hold
 */
export function add(a: Operand, b: Operand): Value {
  return joined('add', 'add', a, b);
}

/** a - b, as `add`. */
export function subtract(a: Operand, b: Operand): Value {
  return joined('subtract', 'subtract', a, b);
}

/**
 * a / b, element by element, as `add`: infinite or NaN where b is 0.
 *
 * @throws {OptionError} `invalid_option` for a number b that is 0 in float32
 * @example
 * const shares = (x: Value) => divide(x, sumOverColumns(x));
 */
export function divide(a: Operand, b: Operand): Value {
  if (typeof b === 'number' && Math.fround(b) === 0) {
    const message = `divide: b is ${b}, expected a number other than 0 in float32`;
    throw new OptionError('invalid_option', message, { name: 'b', function: 'divide', value: b });
  }
  return joined('divide', 'divide', a, b);
}

/**
 * The larger of a and b, element by element, as `add`; NaN where either is. Of equal ones each has half of the gradient.
 *
 * @example
 * const atLeast = (x: Value) => maximum(x, 1e-6);
 */
export function maximum(a: Operand, b: Operand): Value {
  return joined('maximum', 'maximum', a, b);
}

/** The smaller of a and b, as `maximum`. */
export function minimum(a: Operand, b: Operand): Value {
  return joined('minimum', 'minimum', a, b);
}

/** a * b, element by element, as `add`. */
export function multiply(a: Operand, b: Operand): Value {
  if (typeof a === 'number' && typeof b === 'number') graphOfAll('multiply', {});
  if (typeof b === 'number') return scaled('multiply', { a: a as Value }, 'b', b);
  if (typeof a === 'number') return scaled('multiply', { b }, 'a', a);
  graphOfAll('multiply', { a, b });
  // One row for each sequence has an operation of its own, which repeats nothing.
  const [x, mask] = hasSteps(a) ? [a, b] : [b, a];
  const isMask =
    x.columns === mask.columns &&
    hasSteps(x) &&
    typeof mask.rows !== 'number' &&
    typeof x.rows !== 'number' &&
    !hasSteps(mask);
  if (!isMask || !sameExtent(mask.rows, { kind: 'batch', axis: (x.rows as { axis: string }).axis }))
    return joined('multiply', 'multiply', a, b);
  return applied('multiply', { operation: 'multiplySequence', operands: { x, mask }, given: { a, b } }).y;
}

/**
 * factor * x.
 *
 * @throws {OptionError} `invalid_option` for a factor that is not finite or beyond 1e30
 */
export function scale(x: Value, factor: number): Value {
  return scaled('scale', { x }, 'factor', factor);
}

/** The one value of `given`, times the number that the function `owner` was given under that name. */
function scaled(owner: string, given: Readonly<Record<string, Value>>, name: string, number: number): Value {
  graphOfAll(owner, given);
  const factor = requireArgument(owner, name, number, LARGEST, 'use multiply for a value');
  const [x] = Object.values(given) as [Value];
  return applied(owner, { operation: 'scale', operands: { x }, attributes: { factor }, given }).y;
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

/**
 * The logarithm of softmax, x - log(sum of e^x over the columns of the row): exact where softmax itself would be 0.
 *
 * @example
 * const entropy = (x: Value) => negate(sumOverColumns(multiply(softmax(x), logSoftmax(x))));
 */
export const logSoftmax: (x: Value) => Value = unary('logSoftmax');

/** A function of one number by its name. */
function ofOne(name: string, f: (typeof FUNCTIONS)[number], x: Value, exponent = 0): Value {
  const attributes = { function: FUNCTIONS.indexOf(f), exponent };
  return applied(name, { operation: 'unary', operands: { x }, attributes }).y;
}

/**
 * e^x; in float32 0 below -87.4 and infinite above 88.3.
 *
 * @example
 * const odds = (logits: Value) => exp(logits);
 */
export function exp(x: Value): Value {
  return ofOne('exp', 'exp', x);
}

/** The natural logarithm: -infinity for 0, NaN for what is negative. In float32 what is below 1.2e-38 counts as that. */
export function log(x: Value): Value {
  return ofOne('log', 'log', x);
}

/** The square root, NaN for what is negative. Its gradient at 0 is infinite. */
export function sqrt(x: Value): Value {
  return ofOne('sqrt', 'sqrt', x);
}

/** The absolute value. Its gradient at 0 is 0. */
export function abs(x: Value): Value {
  return ofOne('abs', 'abs', x);
}

/** 1 where x is positive, -1 where it is negative, 0 for 0 and NaN. Its gradient is 0. */
export function sign(x: Value): Value {
  return ofOne('sign', 'sign', x);
}

/**
 * x^exponent: 1 for the exponent 0, NaN for a negative x and an exponent that is no whole number.
 *
 * @throws {OptionError} `invalid_option` for an exponent that is not finite or beyond 1e30
 * @example
 * const rmsNormalized = (x: Value) => multiply(x, power(add(meanOverColumns(power(x, 2)), 1e-5), -0.5));
 */
export function power(x: Value, exponent: number): Value {
  requireArgument('power', 'exponent', exponent, LARGEST);
  return ofOne('power', 'power', x, exponent);
}

/** log(1 + e^x), without overflow and exact also where it is small. @see Dugas et al. 2001 */
export function softplus(x: Value): Value {
  return ofOne('softplus', 'softplus', x);
}

/** The error function, 2 / sqrt(pi) times the integral of e^-t^2 from 0 to x; in float32 within 2 units in the last place. */
export function erf(x: Value): Value {
  return ofOne('erf', 'erf', x);
}

/** The sine of x in radians, of any finite x; in float32 within 2^-23. NaN for what is infinite. */
export function sin(x: Value): Value {
  return ofOne('sin', 'sin', x);
}

/** The cosine, as `sin`. */
export function cos(x: Value): Value {
  return ofOne('cos', 'cos', x);
}

/**
 * x where it is positive, else alpha (e^x - 1).
 *
 * @param alpha default 1
 * @throws {OptionError} `invalid_option` for an alpha that is not finite or beyond 1e30
 * @see Clevert et al. 2015
 */
export function elu(x: Value, alpha = 1): Value {
  requireArgument('elu', 'alpha', alpha, LARGEST);
  return ofOne('elu', 'elu', x, alpha);
}

/**
 * x where it is positive, else alpha x.
 *
 * @param alpha default 0.01, as in PyTorch and ONNX
 * @throws {OptionError} `invalid_option` for an alpha that is not finite or beyond 1e30
 * @see Maas et al. 2013
 */
export function leakyRelu(x: Value, alpha = 0.01): Value {
  requireArgument('leakyRelu', 'alpha', alpha, LARGEST);
  return ofOne('leakyRelu', 'leakyRelu', x, alpha);
}

/** 1.0507009873554805 elu(x, 1.6732632423543772). @see Klambauer et al. 2017 */
export function selu(x: Value): Value {
  return scale(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/**
 * x times the normal distribution function of x, x (1 + erf(x / sqrt 2)) / 2: the exact form. In float32 within 2^-23 |x|, as PyTorch's:
 * 1 + erf has few digits where x is far below 0.
 *
 * @see Hendrycks & Gimpel 2016
 */
export function gelu(x: Value): Value {
  return multiply(scale(x, 0.5), add(erf(scale(x, Math.SQRT1_2)), 1));
}
