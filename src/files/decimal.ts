/** Numbers in data files. */

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * The number in a text, ignoring white space around it; undefined for everything else: an empty text, NaN, infinities,
 * hexadecimal numbers, and numbers beyond the range of single precision.
 */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? finiteInSinglePrecision(Number(trimmed)) : undefined;
}

/** The number, or undefined when it is not finite, also in single precision. */
export function finiteInSinglePrecision(value: number): number | undefined {
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}
