/** Fills in missing numbers, which are NaN, in rows of one series. */

/** What becomes of missing numbers. */
export const MISSING_MODES = ['refuse', 'forward', 'interpolate', 'mask'] as const;

/** One of `MISSING_MODES`. */
export type MissingMode = (typeof MISSING_MODES)[number];

/** A column of some rows of a table. */
export interface ColumnRange {
  /** Numbers in a row. */
  readonly width: number;
  readonly column: number;
  /** First row, and one after the last. */
  readonly begin: number;
  readonly end: number;
  /** Time stamps of all rows, ascending: `interpolate` goes by them. Default: all steps are equal. */
  readonly times?: ArrayLike<number> | undefined;
}

/**
 * Fills in the missing numbers of a column, in place. `forward` takes the last number before; `interpolate` the straight
 * line between the numbers before and after, by time if there are stamps, and the nearest number at both ends; `mask` the last number before, or the
 * first one.
 *
 * @param values [rows * width]
 * @returns -1, or the first row that cannot be filled in: there is no number to take
 */
export function fillMissing(
  values: Float64Array,
  { width, column, begin, end, times }: ColumnRange,
  mode: Exclude<MissingMode, 'refuse'>,
): number {
  const at = (row: number) => row * width + column;
  const timeOf = (row: number) => (times === undefined ? row : (times[row] as number));
  let known = -1;
  for (let row = begin; row < end; row++) {
    if (!Number.isNaN(values[at(row)])) {
      known = row;
      continue;
    }
    let next = row + 1;
    while (next < end && Number.isNaN(values[at(next)])) next += 1;
    if (known < 0 && (next === end || mode === 'forward')) return row;
    const after = next === end ? known : next;
    const before = known < 0 ? after : known;
    const [from, to] = [values[at(before)] as number, values[at(after)] as number];
    for (let gap = row; gap < next; gap++) {
      const part =
        mode === 'interpolate' && after > before
          ? (timeOf(gap) - timeOf(before)) / (timeOf(after) - timeOf(before))
          : 0;
      values[at(gap)] = part === 0 ? from : from + (to - from) * part;
    }
    row = next - 1;
  }
  return -1;
}

/**
 * Which numbers are missing, and since when: for each number a mark, 1 or 0, and for each log(1 + steps since the last
 * known one).
 *
 * @param values [rows * width] with NaN for what is missing
 * @param marks receives [rows * 2 * width]: the marks of a row, then its times
 * @param stride numbers in a row of `marks`
 * @param offset of the first mark in its row
 * @param ages [width] steps since the last known number before the first row; default 0
 */
export function markMissing(
  values: Float32Array | Float64Array,
  { width, begin, end }: Omit<ColumnRange, 'column' | 'times'>,
  marks: { readonly rows: Float32Array | Float64Array; readonly stride: number; readonly offset: number },
  ages?: ArrayLike<number>,
): void {
  for (let column = 0; column < width; column++) {
    let age = ages?.[column] ?? 0;
    for (let row = begin; row < end; row++) {
      const isMissing = Number.isNaN(values[row * width + column]);
      age = isMissing ? age + 1 : 0;
      const at = row * marks.stride + marks.offset + column;
      marks.rows[at] = isMissing ? 1 : 0;
      marks.rows[at + width] = Math.log1p(age);
    }
  }
}
