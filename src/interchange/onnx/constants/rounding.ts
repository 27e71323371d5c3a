/** How the results of operators become numbers of their type. */
import type { NumberType } from '../../sources/number-types.js';

/** A number rounded to a format with fewer digits, to the nearest, ties to even. Source: IEEE 754-2019, 4.3.1 and 3.3. */
function toFormat(number: number, fractionBits: number, leastExponent: number, largest: number): number {
  const size = Math.abs(number);
  if (size === 0 || !Number.isFinite(size)) return number;
  const exponent = Math.max(Math.floor(Math.log2(size)), leastExponent);
  const step = 2 ** (exponent - fractionBits);
  const rounded = roundHalfToEven(size / step) * step;
  return Math.sign(number) * (rounded > largest ? Number.POSITIVE_INFINITY : rounded);
}

/** The nearest whole number, ties to even. */
export function roundHalfToEven(number: number): number {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest < 0.5) return below;
  if (rest > 0.5 || below % 2 !== 0) return Math.ceil(number);
  return below;
}

/** A whole number by its lowest bits, as C keeps them. */
function wrapped(number: number, bits: number, signed: boolean): number {
  const range = 2 ** bits;
  const low = number - Math.floor(number / range) * range;
  return signed && low >= range / 2 ? low - range : low;
}

const BITS: Readonly<Partial<Record<NumberType, number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  uint8: 8,
  uint16: 16,
  uint32: 32,
};

/** Whether numbers of the type are whole. `bool` is not a number. */
export function isWhole(type: NumberType): boolean {
  return type.includes('int');
}

/** Whether numbers of the type are real. */
export function isReal(type: NumberType): boolean {
  return type.includes('float');
}

/**
 * What makes a number one of a type: real numbers are rounded, whole ones are cut towards 0 and keep their lowest bits.
 *
 * @param refuse is called with what has no such number: NaN and infinities as whole numbers, and numbers beyond 2^53, which are no
 *   longer exact
 */
export function rounderOf(type: NumberType, refuse: (number: number) => never): (number: number) => number {
  if (type === 'float64') return (number) => number;
  if (type === 'float32') return Math.fround;
  if (type === 'float16') return (number) => toFormat(number, 10, -14, 65504);
  if (type === 'bfloat16') return (number) => toFormat(number, 7, -126, (2 - 2 ** -7) * 2 ** 127);
  if (type === 'bool') return (number) => Number(number !== 0);
  const bits = BITS[type];
  const isSigned = !type.startsWith('u');
  return (number) => {
    const whole = Math.trunc(number) + 0;
    if (!Number.isSafeInteger(whole)) return refuse(number);
    if (bits !== undefined) return wrapped(whole, bits, isSigned);
    return whole < 0 && !isSigned ? refuse(number) : whole;
  };
}

/** Smallest and largest number of a type. */
export function rangeOf(type: NumberType): readonly [number, number] {
  if (isReal(type)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (type === 'bool') return [0, 1];
  const bits = BITS[type] ?? 64;
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}
