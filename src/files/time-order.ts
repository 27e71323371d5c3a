/** The order of the rows of a table by their time stamps, and the step between them. */
import { columnPart, invalidRow } from './row-error.js';

const DAY = 86_400_000;
const WEEK_DAYS = 7;
/** Days of the shortest month. */
const SHORTEST_MONTH = 28;

/** Rows below which a table without weekends is no evidence of a week of five days. */
const ENOUGH_FOR_WEEKS = 10;

/** The time from a row to the next. Plain JSON. */
export type TimeStep = {
  /** `working days` are days without Saturdays and Sundays; `units` belong to stamps that are numbers. */
  readonly unit: 'ms' | 'months' | 'working days' | 'units';
  readonly count: number;
  /** False where a row at the end of a month is there by its day: of rows on each 28th, that of February. */
  readonly atEnd?: false;
};

/** What the errors of an order say. */
export interface OrderNames {
  readonly file: string;
  readonly column: string;
  /** [rows] the line of each row. */
  readonly lines: ArrayLike<number>;
  /** What helps where a stamp occurs twice; default: the option of several series. */
  readonly help?: string;
  /** A stamp as text. */
  write(stamp: number): string | number;
}

/** Rows in the order of their stamps. */
export interface Ordered {
  /** [rows of the group] their numbers. */
  readonly rows: Int32Array;
  /** What was done to the rows: nothing, all were turned round, or they were sorted. */
  readonly change: 'none' | 'turned' | 'sorted';
}

/**
 * Puts rows into the order of their time stamps. Rows newest first are turned round; others are sorted only if the
 * caller wants that.
 *
 * @param stamps [rows of the table]
 * @param rows numbers of the rows of one series, in the order of the table
 * @param canSort whether rows in no order are sorted; otherwise they are refused
 * @throws {DataError} `invalid_row` with the line of a stamp that occurs twice, or that is out of order
 */
export function orderByTime(stamps: Float64Array, rows: Int32Array, canSort: boolean, names: OrderNames): Ordered {
  let [rising, falling, wrong] = [0, 0, -1];
  for (let at = 1; at < rows.length; at++) {
    const change = (stamps[rows[at] as number] as number) - (stamps[rows[at - 1] as number] as number);
    if (change > 0) rising += 1;
    else if (change < 0) falling += 1;
    if (wrong < 0 && ((rising > 0 && falling > 0) || change === 0)) wrong = at;
  }
  if (wrong < 0) return falling > 0 ? { rows: rows.toReversed(), change: 'turned' } : { rows, change: 'none' };
  const sorted = rows.toSorted((a, b) => (stamps[a] as number) - (stamps[b] as number) || a - b);
  const isTwice = sorted.findIndex((row, at) => at > 0 && stamps[row] === stamps[sorted[at - 1] as number]);
  const lineOf = (row: number) => names.lines[row] as number;
  const refuse = (row: number, expected: string, found: string, help?: string) => {
    const place = { file: names.file, line: lineOf(row) };
    throw invalidRow(place, columnPart(names.column), expected, found, { column: names.column, ...(help && { help }) });
  };
  if (isTwice >= 0) {
    const [before, row] = [sorted[isTwice - 1] as number, sorted[isTwice] as number];
    const found = `'${names.write(stamps[row] as number)}' again, as in line ${lineOf(before)}`;
    refuse(row, 'time stamps that occur once', found, names.help ?? '--item COLUMN tells several series apart');
  }
  if (!canSort) {
    const [before, row] = [rows[wrong - 1] as number, rows[wrong] as number];
    const found = `'${names.write(stamps[row] as number)}' after '${names.write(stamps[before] as number)}'`;
    refuse(row, 'rows in the order of time', found, `--time ${names.column} sorts them`);
  }
  return { rows: sorted, change: 'sorted' };
}

/** Months between two stamps, when these are the same day of a month, or both its last day; otherwise undefined. */
function monthsBetween(from: number, to: number): number | undefined {
  const [a, b] = [new Date(from), new Date(to)];
  if (a.getUTCDate() !== b.getUTCDate() && !(isMonthEnd(from) && isMonthEnd(to))) return undefined;
  return (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
}

/** The most frequent difference. */
function usualDifference(stamps: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  let usual = 0;
  for (let at = 1; at < stamps.length; at++) {
    const difference = (stamps[at] as number) - (stamps[at - 1] as number);
    const count = (counts.get(difference) ?? 0) + 1;
    counts.set(difference, count);
    if (count > (counts.get(usual) ?? 0)) usual = difference;
  }
  return usual;
}

/**
 * The step between most rows; undefined for fewer than two rows, and where no step is the most frequent by half.
 *
 * @param stamps ascending
 */
export function stepOf(stamps: ArrayLike<number>, isNumber = false): TimeStep | undefined {
  if (stamps.length < 2) return undefined;
  const usual = usualDifference(stamps);
  const count = countSteps(stamps, (from, to) => to - from === usual);
  if (isNumber) return 2 * count >= stamps.length - 1 ? { unit: 'units', count: usual } : undefined;
  if (usual >= 28 * DAY) {
    const at = Array.prototype.findIndex.call(stamps, (stamp: number, row) => stamps[row + 1] === stamp + usual);
    const months = monthsBetween(stamps[at] as number, stamps[at + 1] as number) ?? 0;
    const isRegular = 2 * countSteps(stamps, (from, to) => monthsBetween(from, to) === months) >= stamps.length - 1;
    if (months > 0 && isRegular) return { unit: 'months', count: months, ...(byDay(stamps) && { atEnd: false }) };
  }
  if (usual === DAY && stamps.length >= ENOUGH_FOR_WEEKS && !hasWeekend(stamps))
    return { unit: 'working days', count: 1 };
  return 2 * count >= stamps.length - 1 ? { unit: 'ms', count: usual } : undefined;
}

/** Whether rows are on a day that is the last one of some months, and not at the end of each. */
function byDay(stamps: ArrayLike<number>): boolean {
  const all = Array.from(stamps);
  return !all.every(isMonthEnd) && all.some((stamp) => new Date(stamp).getUTCDate() >= SHORTEST_MONTH);
}

function isMonthEnd(stamp: number): boolean {
  return new Date(stamp + DAY).getUTCDate() === 1;
}

function countSteps(stamps: ArrayLike<number>, isStep: (from: number, to: number) => boolean): number {
  let count = 0;
  for (let at = 1; at < stamps.length; at++) {
    if (isStep(stamps[at - 1] as number, stamps[at] as number)) count += 1;
  }
  return count;
}

function isWeekend(stamp: number): boolean {
  return new Date(stamp).getUTCDay() % (WEEK_DAYS - 1) === 0;
}

function hasWeekend(stamps: ArrayLike<number>): boolean {
  for (let at = 0; at < stamps.length; at++) if (isWeekend(stamps[at] as number)) return true;
  return false;
}

/** The stamp a number of steps after another one. */
export function stampAfter(stamp: number, { unit, count, atEnd }: TimeStep, steps: number): number {
  if (unit === 'months') return addMonths(stamp, count * steps, atEnd ?? isMonthEnd(stamp));
  if (unit !== 'working days') return stamp + count * steps;
  let next = stamp;
  for (let left = steps; left > 0; ) {
    next += DAY;
    if (!isWeekend(next)) left -= 1;
  }
  return next;
}

function addMonths(stamp: number, months: number, isEnd: boolean): number {
  const date = new Date(stamp);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = isEnd ? last : Math.min(last, date.getUTCDate());
  return Date.UTC(year, month, day) + (stamp - Date.UTC(year, date.getUTCMonth(), date.getUTCDate()));
}

/** Rows of a season, and what it is; undefined where the step has no usual season. */
export function seasonOf({ unit, count }: TimeStep): { readonly period: number; readonly name: string } | undefined {
  const of = (whole: number, name: string) => {
    const period = whole / count;
    return Number.isInteger(period) && period > 1 ? { period, name } : undefined;
  };
  if (unit === 'units') return undefined;
  if (unit === 'months') return of(12, 'a year of months');
  if (unit === 'working days') return { period: 5, name: 'a week of working days' };
  if (count === WEEK_DAYS * DAY) return { period: 52, name: 'a year of weeks' };
  return count < DAY ? of(DAY, 'a day') : of(WEEK_DAYS * DAY, 'a week');
}

/** The first gaps in the order of time: rows after which more than a step passes. */
export function gapsIn(stamps: ArrayLike<number>, step: TimeStep): number[] {
  const gaps: number[] = [];
  for (let at = 1; at < stamps.length; at++) {
    if ((stamps[at] as number) > stampAfter(stamps[at - 1] as number, step, 1)) gaps.push(at);
  }
  return gaps;
}
