/** Fills absent rows in by the season before them, where that is nearer to known rows than a line is. */
import { seasonOf, type TimeStep } from '../../../files/time-step.js';
import type { FilledRows } from './forecast-absent.js';

/** Gaps of known rows on which the season is tried. */
const TRIED = 32;

/** A column of rows. */
interface Column {
  readonly values: Float64Array;
  readonly width: number;
  readonly column: number;
}

/** The numbers of the rows from `begin` to before `end`: the line between the rows around them. */
function lineOf({ values, width, column }: Column, begin: number, end: number): number[] {
  const at = (row: number) => values[row * width + column] as number;
  const [from, to] = [at(begin - 1), at(end)];
  return Array.from({ length: end - begin }, (_, row) => from + ((to - from) * (row + 1)) / (end - begin + 1));
}

/** The same, with what the rows `back` before differ by from their own line. */
function seasonOfRows(column: Column, begin: number, end: number, back: number): number[] {
  const before = lineOf(column, begin - back, end - back);
  const differs = (row: number) =>
    (column.values[(begin - back + row) * column.width + column.column] as number) - (before[row] as number);
  return lineOf(column, begin, end).map((value, row) => value + differs(row));
}

/**
 * Fills in absent rows, in place, whose season is nearer than a line: both are tried on known rows of the series. The other absent
 * rows stay missing.
 *
 * @param values [rows * width] with NaN in absent rows alone
 * @param steps of each series
 */
export function fillBySeason(
  values: Float64Array,
  width: number,
  { after, series, breaks }: FilledRows,
  steps: readonly (TimeStep | undefined)[],
): void {
  for (const [at, { begin, end }] of series.entries()) {
    const step = steps[at];
    const period = step === undefined ? undefined : seasonOf(step)?.period;
    if (period === undefined) continue;
    const known = new Map<number, boolean>();
    for (let row = begin + 1; row < end; row++) {
      if (after[row] === 0) continue;
      let next = row + 1;
      while (after[next] !== 0) next += 1;
      const rows = next - row;
      const back = period * Math.ceil((rows + 1) / period);
      const canUse = (first: number) =>
        first - 1 - back >= begin &&
        first + rows < end &&
        !breaks.some((b) => b > first - 1 - back && b <= first + rows);
      for (let column = 0; canUse(row) && column < width; column++) {
        const own = { values, width, column };
        const place = rows * width + column;
        const isUsed = known.get(place) ?? isNearer(own, { begin, end, rows, back }, canUse);
        known.set(place, isUsed);
        if (!isUsed) continue;
        for (const [to, value] of seasonOfRows(own, row, next, back).entries())
          values[(row + to) * width + column] = value;
      }
      row = next;
    }
  }
}

/** Whether the season is nearer than the line to known rows, in gaps as long as the one to fill in. */
function isNearer(
  column: Column,
  {
    begin,
    end,
    rows,
    back,
  }: { readonly begin: number; readonly end: number; readonly rows: number; readonly back: number },
  canUse: (first: number) => boolean,
): boolean {
  let [ofLine, ofSeason] = [0, 0];
  const [first, last] = [begin + 1 + back, end - rows - 1];
  const apart = Math.max(1, Math.floor((last - first + 1) / TRIED));
  for (let row = first; row <= last; row += apart) {
    if (!canUse(row)) continue;
    const known = lineOf(column, row, row + rows).map(
      (_, to) => column.values[(row + to) * column.width + column.column] as number,
    );
    const error = (found: readonly number[]) =>
      found.reduce((sum, value, to) => sum + (value - (known[to] as number)) ** 2, 0);
    const [line, season] = [error(lineOf(column, row, row + rows)), error(seasonOfRows(column, row, row + rows, back))];
    // Other absent rows are among them: these tell nothing.
    if (Number.isNaN(line + season)) continue;
    ofLine += line;
    ofSeason += season;
  }
  return ofSeason < ofLine;
}
