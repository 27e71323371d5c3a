/** Numbers in data files. */

// Each digit can be matched by one part only, so the time grows with the length and not with its square.
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const DECIMAL_COMMA = /^[+-]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The number in a text, ignoring white space around it; undefined for everything else: an empty text, NaN, infinities,
 * hexadecimal numbers, and numbers beyond the range of single precision.
 */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? finiteInSinglePrecision(Number(trimmed)) : undefined;
}

/** As `parseDecimal`, for numbers with a decimal comma. A point is refused: it may separate thousands. */
export function parseDecimalComma(text: string): number | undefined {
  const trimmed = text.trim();
  return DECIMAL_COMMA.test(trimmed) ? finiteInSinglePrecision(Number(trimmed.replace(',', '.'))) : undefined;
}

/** The number, or undefined when it is not finite, also in single precision. */
export function finiteInSinglePrecision(value: number): number | undefined {
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}
