/** Rows that are absent from a table with regular times: they are put in as rows of missing numbers, or windows break there. */
import { stampAfter, stepsBetween, type TimeStep } from '../../../files/time-step.js';
import type { SeriesTime } from './forecast-steps.js';
import type { Series } from './series.js';

/** What becomes of rows that are absent. */
export const GAP_MODES = ['fill', 'join'] as const;
export type GapMode = (typeof GAP_MODES)[number];

/** Absent rows of one gap that are filled in where no history says fewer. */
const MOST_ABSENT = 1000;

/** The rows of a table with those that are absent. */
export interface FilledRows {
  /** [rows] the row of the table; of an absent row, the one before it. */
  readonly from: Int32Array;
  /** [rows] how many steps after that row: 0 for rows of the table. */
  readonly after: Int32Array;
  readonly series: readonly Series[];
  /** Rows before which windows break, ascending. */
  readonly breaks: readonly number[];
  /** Absent rows that are put in. */
  readonly filled: number;
  /** The longest gap of them. */
  readonly longest: number;
  /** Series of which more than half the rows are absent, or with gaps before more than half of them: they stay as they are. */
  readonly sparse: number;
}

/**
 * Where rows are absent, by the step of each series. A gap that is longer than a history is not filled in: windows break
 * there. A series of which more than half the rows are absent, or with gaps before more than half of them, stays as it is.
 *
 * @param history rows that are filled in at most; undefined while it is not known
 * @param isUsed whether the rows of a series are in the order of time
 * @returns undefined where no row is absent
 */
export function absentRows(
  { stamps, zones, style, steps }: SeriesTime,
  series: readonly Series[],
  history = MOST_ABSENT,
  isUsed: (series: number) => boolean = () => true,
): FilledRows | undefined {
  const [from, after, breaks]: [number[], number[], number[]] = [[], [], []];
  let [longest, sparse] = [0, 0];
  const placed = series.map(({ name, begin, end }, at): Series => {
    const step = steps[at];
    const first = from.length;
    const times = { stamps: stamps.subarray(begin, end), zones: zones?.subarray(begin, end), isNumber: style.isNumber };
    const counts = step === undefined || !isUsed(at) ? undefined : stepsBetween(times, step);
    const most = counts?.reduce((sum, count) => sum + (count - 1 > history ? 0 : Math.max(0, count - 1)), 0) ?? 0;
    const follow = counts?.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0) ?? 0;
    const isSparse = most > end - begin || (counts !== undefined && 2 * follow < end - begin - 1);
    if (isSparse) sparse += 1;
    for (let row = begin; row < end; row++) {
      const absent = counts === undefined || isSparse ? 0 : Math.max(0, (counts[row - begin] as number) - 1);
      if (absent > history) breaks.push(from.length);
      else {
        for (let steps = 1; steps <= absent; steps++) {
          from.push(row - 1);
          after.push(steps);
        }
        longest = Math.max(longest, absent);
      }
      from.push(row);
      after.push(0);
    }
    return { name, begin: first, end: from.length };
  });
  const filled = from.length - stamps.length;
  if (filled === 0 && breaks.length === 0 && sparse === 0) return undefined;
  const rows = { from: Int32Array.from(from), after: Int32Array.from(after) };
  return { ...rows, series: placed, breaks, filled, longest, sparse };
}

/** The time of the rows with those that are absent. */
export function filledTime(time: SeriesTime, { from, after, series }: FilledRows): SeriesTime {
  const zones = time.zones && Float64Array.from(from, (row) => (time.zones as Float64Array)[row] as number);
  const stamps = Float64Array.from(from, (row) => time.stamps[row] as number);
  for (const [at, { begin, end }] of series.entries()) {
    for (let row = begin; row < end; row++) {
      const steps = after[row] as number;
      if (steps === 0) continue;
      stamps[row] = stampAfter(stamps[row] as number, time.steps[at] as TimeStep, steps, zones?.[row]);
    }
  }
  return { ...time, stamps, ...(zones && { zones }) };
}

/** The numbers of the rows; those of absent rows are `absent`. @param values [rows of the table * width] */
export function filledValues(
  values: Float64Array,
  width: number,
  { from, after }: FilledRows,
  absent = Number.NaN,
): Float64Array {
  const filled = new Float64Array(from.length * width);
  for (let row = 0; row < from.length; row++) {
    const place = row * width;
    if (after[row] !== 0) filled.fill(absent, place, place + width);
    else filled.set(values.subarray((from[row] as number) * width, ((from[row] as number) + 1) * width), place);
  }
  return filled;
}

/** What is done with the rows that are absent, in words. @param how what fills them in */
export function absentNote({ filled, breaks, sparse }: FilledRows, how: string, history: number | undefined): string {
  const rows = filled === 1 ? '1 absent row is' : `${filled} absent rows are`;
  const gaps = breaks.length === 1 ? 'a gap' : `${breaks.length} gaps`;
  const said = [
    ...(filled > 0 ? [`${rows} filled in ${how}`] : []),
    ...(breaks.length > 0 ? [`no window crosses ${gaps} of more than ${history ?? MOST_ABSENT} rows`] : []),
    ...(sparse > 0
      ? [
          'where most rows are absent, or most are before a gap, rows are read as if they followed each other, so that seasons shift',
        ]
      : []),
  ];
  return said.join('; ');
}

/** Parts of ranges of rows between the rows before which windows break. */
export function unbroken<R extends { readonly start: number; readonly begin: number; readonly end: number }>(
  ranges: readonly R[],
  breaks: readonly number[] = [],
): R[] {
  return ranges.flatMap((range) => {
    const inside = breaks.filter((row) => row > range.start && row < range.end);
    return [range.start, ...inside].flatMap((start, at) => {
      const end = inside[at] ?? range.end;
      return end <= range.begin ? [] : [{ ...range, start, begin: Math.max(range.begin, start), end }];
    });
  });
}
