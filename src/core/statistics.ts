/** Mean and spread of a few numbers. */

/** The mean; not a number where there are none. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

/** The sample standard deviation; 0 where there is but one number. */
export function deviationOf(values: ArrayLike<number>): number {
  const mean = meanOf(values);
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += ((values[at] as number) - mean) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length - 1));
}
