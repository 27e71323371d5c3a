/** Numbers as data files write them. */

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * The number that a text is, white space around it aside; undefined for everything else: nothing, NaN, infinities, hexadecimal
 * numbers, and numbers beyond the range of single precision.
 */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? finiteInSinglePrecision(Number(trimmed)) : undefined;
}

/** The number, or undefined when it is not finite, or would not be in single precision. */
export function finiteInSinglePrecision(value: number): number | undefined {
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}
