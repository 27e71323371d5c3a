/** The time from a row of a table to the next: recognised, compared, and continued. */

const MINUTE = 60_000;
const DAY = 86_400_000;
const WEEK_DAYS = 7;
/** Days of the shortest and of the longest month. */
const [SHORTEST_MONTH, LONGEST_MONTH] = [28, 31];

/** Rows below which a table is no evidence: without weekends, of a week of five days; with gaps alone, of no step. */
const ENOUGH_ROWS = 10;

/** Numbers that are times may be rounded: steps that differ by less than this part of them are equal. */
const ROUNDED_PART = 0.01;

/** The time from a row to the next. Plain JSON. */
export type TimeStep = {
  /** `working days` are days without Saturdays and Sundays; `units` belong to stamps that are numbers. */
  readonly unit: 'ms' | 'months' | 'working days' | 'units';
  readonly count: number;
  /** The day of rows in months that have it, 28 to 30; in shorter months they are on the last day. */
  readonly day?: number;
  /** False where a row at the end of a month is there by its day. */
  readonly atEnd?: false;
};

/** The time of rows. */
export interface RowTimes {
  /** [rows] ascending: milliseconds since 1970, or numbers of any unit. */
  readonly stamps: ArrayLike<number>;
  /** [rows] minutes east of Greenwich: days and months are those of the clock there. Default: Greenwich. */
  readonly zones?: ArrayLike<number> | undefined;
  readonly isNumber?: boolean | undefined;
}

/** Whether a step goes by the calendar, and so by the clock of the rows' own zone. */
function isCalendar({ unit, count }: TimeStep): boolean {
  return unit === 'months' || unit === 'working days' || (unit === 'ms' && count % DAY === 0);
}

/** The clock of each row's zone. */
function localOf({ stamps, zones }: RowTimes): ArrayLike<number> {
  if (zones === undefined) return stamps;
  return Float64Array.from(stamps, (stamp, row) => stamp + (zones[row] as number) * MINUTE);
}

function clockOf(times: RowTimes, step: TimeStep): ArrayLike<number> {
  return isCalendar(step) ? localOf(times) : times.stamps;
}

/** Two differences of stamps may differ by so much because stamps are rounded to double precision. */
function roundingOf(from: number, to: number): number {
  return 2 * Number.EPSILON * Math.max(Math.abs(from), Math.abs(to));
}

/** The number with the fewest digits that is as near as the rounding. */
function shortest(value: number, rounding: number): number {
  if (Number.isInteger(value)) return value;
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.abs(short - value) <= rounding) return short;
  }
  return value;
}

/** The most frequent difference, the smallest of equally frequent ones, and how often it occurs. */
function usualDifference(stamps: ArrayLike<number>, isNumber = false) {
  const rounding = roundingOf(stamps[0] as number, stamps[stamps.length - 1] as number);
  const part = isNumber ? ROUNDED_PART : 0;
  const all = Float64Array.from(
    { length: stamps.length - 1 },
    (_, at) => (stamps[at + 1] as number) - (stamps[at] as number),
  ).sort();
  let [from, count] = [0, 0];
  for (let first = 0, end = 0; first < all.length; first++) {
    const largest = (all[first] as number) * (1 + part) + rounding;
    while (end < all.length && (all[end] as number) <= largest) end += 1;
    if (end - first > count) [from, count] = [first, end - first];
  }
  const middle = all[from + Math.floor(count / 2)] as number;
  return { difference: shortest(middle, rounding), count };
}

/**
 * The step between most rows; undefined for fewer than two rows, and where no step is the most frequent by half. Days
 * and months are those of the rows' own zones.
 */
export function stepOf(times: RowTimes): TimeStep | undefined {
  const { stamps, isNumber = false } = times;
  if (stamps.length < 2) return undefined;
  const calendar = isNumber ? undefined : calendarStep(localOf(times));
  if (calendar !== undefined) return calendar;
  const { difference, count } = usualDifference(stamps, isNumber);
  return 2 * count >= stamps.length - 1 ? { unit: isNumber ? 'units' : 'ms', count: difference } : undefined;
}

function calendarStep(local: ArrayLike<number>): TimeStep | undefined {
  const { difference, count } = usualDifference(local);
  const months = difference >= SHORTEST_MONTH * DAY ? monthsStep(local) : undefined;
  const isRegular = 2 * count >= local.length - 1;
  if (months !== undefined || !isRegular || difference % DAY !== 0) return months;
  if (difference === DAY && local.length >= ENOUGH_ROWS && !hasWeekend(local))
    return { unit: 'working days', count: 1 };
  return { unit: 'ms', count: difference };
}

/** The first day of a month. @param month months since 1970 */
function firstOf(month: number): number {
  return Date.UTC(1970, month, 1);
}

/** Months since 1970, the day, and the last day of the month. */
function monthOf(stamp: number) {
  const date = new Date(stamp);
  const month = 12 * (date.getUTCFullYear() - 1970) + date.getUTCMonth();
  return { month, day: date.getUTCDate(), last: new Date(firstOf(month + 1) - DAY).getUTCDate() };
}

/** Months between rows that are on the same day of a month, or on the last one of a month that is too short for it. */
function monthsStep(local: ArrayLike<number>): TimeStep | undefined {
  const rows = Array.from(local, monthOf);
  const isOn = (usual: number, { day, last }: { day: number; last: number }) => day === Math.min(usual, last);
  let [usual, most] = [0, 0];
  for (let day = LONGEST_MONTH; day > 0; day--) {
    const count = rows.filter((row) => isOn(day, row)).length;
    if (count > most) [usual, most] = [day, count];
  }
  const counts = new Map<number, number>();
  for (const [at, row] of rows.entries()) {
    const before = rows[at - 1];
    if (before === undefined || !isOn(usual, before) || !isOn(usual, row)) continue;
    counts.set(row.month - before.month, (counts.get(row.month - before.month) ?? 0) + 1);
  }
  const [months, count] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0]);
  if (months === 0 || 2 * count < local.length - 1) return undefined;
  const hasDay = usual >= SHORTEST_MONTH && usual < LONGEST_MONTH;
  return { unit: 'months', count: months, ...(hasDay && { day: usual }) };
}

function isWeekend(stamp: number): boolean {
  return new Date(stamp).getUTCDay() % (WEEK_DAYS - 1) === 0;
}

function hasWeekend(stamps: ArrayLike<number>): boolean {
  for (let at = 0; at < stamps.length; at++) if (isWeekend(stamps[at] as number)) return true;
  return false;
}

/**
 * The stamp a number of steps after another one.
 *
 * @param zone minutes east of Greenwich: days and months are those of the clock there
 */
export function stampAfter(stamp: number, step: TimeStep, steps: number, zone = 0): number {
  const shift = isCalendar(step) ? zone * MINUTE : 0;
  const next = clockAfter(stamp + shift, step, steps);
  return shortest(next, roundingOf(stamp, next)) - shift;
}

function clockAfter(clock: number, step: TimeStep, steps: number): number {
  const { unit, count } = step;
  if (unit === 'months') return addMonths(clock, step, count * steps);
  if (unit !== 'working days') return clock + count * steps;
  let next = clock;
  for (let left = steps; left > 0; ) {
    next += DAY;
    if (!isWeekend(next)) left -= 1;
  }
  return next;
}

function addMonths(stamp: number, { day: usual, atEnd }: TimeStep, months: number): number {
  const { month, day, last } = monthOf(stamp);
  const wanted = usual ?? ((atEnd ?? day === last) ? LONGEST_MONTH : day);
  const ofDay = ((stamp % DAY) + DAY) % DAY;
  const to = firstOf(month + months);
  return to + (Math.min(wanted, monthOf(to).last) - 1) * DAY + ofDay;
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

/** How much later than a step a row may be, and still be its next one. */
function slackOf({ unit, count }: TimeStep, from: number, to: number): number {
  return roundingOf(from, to) + (unit === 'units' ? ROUNDED_PART * count : 0);
}

/** The rows before which more than a step passes. */
export function gapsIn(times: RowTimes, step: TimeStep): number[] {
  const clock = clockOf(times, step);
  const gaps: number[] = [];
  for (let at = 1; at < clock.length; at++) {
    const [from, to] = [clock[at - 1] as number, clock[at] as number];
    if (to > clockAfter(from, step, 1) + slackOf(step, from, to)) gaps.push(at);
  }
  return gaps;
}

/** How many steps each row is after the row before, rounded, at least 1; 0 for the first row. */
export function stepsBetween(times: RowTimes, step: TimeStep): Int32Array {
  const [{ unit, count }, clock] = [step, clockOf(times, step)];
  const passed = (from: number, to: number) => {
    if (unit === 'months') return monthOf(to).month - monthOf(from).month;
    if (unit !== 'working days') return to - from;
    const days = Array.from({ length: Math.round((to - from) / DAY) }, (_, day) => from + (day + 1) * DAY);
    return days.filter((day) => !isWeekend(day)).length;
  };
  return Int32Array.from({ length: clock.length }, (_, at) =>
    at === 0 ? 0 : Math.max(1, Math.round(passed(clock[at - 1] as number, clock[at] as number) / count)),
  );
}

/** How many rows are exactly a step after the row before. */
function countSteps(times: RowTimes, step: TimeStep): number {
  const clock = clockOf(times, step);
  let count = 0;
  for (let at = 1; at < clock.length; at++) {
    const [from, to] = [clock[at - 1] as number, clock[at] as number];
    if (Math.abs(to - clockAfter(from, step, 1)) <= slackOf(step, from, to)) count += 1;
  }
  return count;
}

/** Whether all rows are one or more steps after the row before. */
function isWithGaps(times: RowTimes, step: TimeStep): boolean {
  const { unit, count } = step;
  const clock = clockOf(times, step);
  const isLater = (from: number, to: number) => {
    if (unit === 'working days') return !isWeekend(to) && (to - from) % DAY === 0;
    const passed = unit === 'months' ? monthOf(to).month - monthOf(from).month : to - from;
    const steps = Math.max(1, Math.round(passed / count));
    return Math.abs(to - clockAfter(from, step, steps)) <= slackOf(step, from, to);
  };
  for (let at = 1; at < clock.length; at++) {
    if (!isLater(clock[at - 1] as number, clock[at] as number)) return false;
  }
  return true;
}

/** The step of rows among steps that are expected. */
export interface StepAmong {
  /** Undefined where the time between rows is not regular. */
  readonly step?: TimeStep | undefined;
  /** Whether the rows have a step that is not expected. */
  readonly isOther: boolean;
}

/**
 * The step of rows where some are expected. A few rows are no evidence against these: rows over a weekend, or with some
 * missing between them, have the expected step too.
 *
 * @param expected the most usual one first
 */
export function stepAmong(times: RowTimes, expected: readonly TimeStep[]): StepAmong {
  const changes = times.stamps.length - 1;
  const own = stepOf(times);
  if (expected.length === 0) return { step: own, isOther: false };
  if (changes < 1) return { step: expected[0], isOther: false };
  const alike = expected.filter(({ unit }) => (unit === 'units') === (times.isNumber === true));
  const usual = alike.find((step) => 2 * countSteps(times, step) >= changes);
  if (usual !== undefined) return { step: usual, isOther: false };
  const same = own && alike.find((step) => areEqual(step, own));
  if (own !== undefined && same !== undefined) return { step: own.unit === same.unit ? own : same, isOther: false };
  if (own !== undefined && countSteps(times, own) > 1) return { step: own, isOther: true };
  const withGaps = changes < ENOUGH_ROWS ? alike.find((step) => isWithGaps(times, step)) : undefined;
  return { step: withGaps ?? own, isOther: withGaps === undefined && own !== undefined };
}

/** Whether two steps are equal; working days are days with gaps. */
export function areEqual(a: TimeStep, b: TimeStep): boolean {
  const isDaily = ({ unit, count }: TimeStep) => unit === 'working days' || (unit === 'ms' && count === DAY);
  if (a.unit !== b.unit) return isDaily(a) && isDaily(b);
  return Math.abs(a.count - b.count) <= (a.unit === 'units' ? ROUNDED_PART : Number.EPSILON) * a.count;
}

/** A step in words: `day`, `15 minutes`. */
export function stepInWords({ unit, count }: TimeStep): string {
  const [value, name] = unit === 'ms' ? inWords(count) : [count, unit];
  return value === 1 ? name.replace(/s$/, '') : `${value} ${name}`;
}

function inWords(ms: number): readonly [number, string] {
  const units = [
    [DAY, 'days'],
    [60 * MINUTE, 'hours'],
    [MINUTE, 'minutes'],
    [1000, 'seconds'],
  ] as const;
  for (const [size, name] of units) if (ms % size === 0) return [ms / size, name];
  return Number.isInteger(ms) ? [ms, 'milliseconds'] : [Number((ms * 1000).toPrecision(12)), 'microseconds'];
}
