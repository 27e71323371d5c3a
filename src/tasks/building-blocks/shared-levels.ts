/** Whether the columns of rows measure the same, as the pixels of a picture do. */

/** Shades of a picture, and grades of a scale: more different numbers than these are measured. */
const MOST_LEVELS = 256;

/**
 * Whether all columns have the same few numbers: at most 256 of them, and more than half of the columns that vary reach both the smallest and the largest of all.
 * Such columns are pixels, grades or marks, and what is the same number in two of them means the same.
 *
 * @param inputs each [T * columns]
 */
export function haveSharedLevels(inputs: readonly (Float32Array | Float64Array)[], columns: number): boolean {
  if (columns < 2 || !areFew(inputs)) return false;
  const least = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  for (const rows of inputs) {
    for (let at = 0; at < rows.length; at++) {
      const [column, value] = [at % columns, rows[at] as number];
      if (value < (least[column] as number)) least[column] = value;
      if (value > (most[column] as number)) most[column] = value;
    }
  }
  // Not by arguments of one call: there may be more columns than it takes.
  const lowest = least.reduce((low, value) => Math.min(low, value));
  const highest = most.reduce((high, value) => Math.max(high, value));
  const varying = least.filter((value, column) => value < (most[column] as number)).length;
  const whole = least.filter((value, column) => value === lowest && most[column] === highest).length;
  return lowest < highest && 2 * whole > varying;
}

function areFew(inputs: readonly (Float32Array | Float64Array)[]): boolean {
  const levels = new Set<number>();
  for (const rows of inputs) {
    for (const value of rows) levels.add(value);
    if (levels.size > MOST_LEVELS) return false;
  }
  return true;
}
