import { describe, expect, it } from 'vitest';
import { writeTime } from '../../src/files/time-stamps.js';
import {
  areEqual,
  gapsIn,
  type RowTimes,
  seasonOf,
  stampAfter,
  stepAmong,
  stepInWords,
  stepOf,
  type TimeStep,
} from '../../src/files/time-step.js';

const iso = (text: string) => Date.parse(`${text}Z`);
const days = (...texts: readonly string[]): RowTimes => ({ stamps: texts.map((text) => Date.parse(text)) });
const dayOf = (stamp: number) => new Date(stamp).toISOString().slice(0, 10);

describe('the step between rows', () => {
  const every = (ms: number, rows = 30, from = iso('2024-01-01T00:00')) =>
    Float64Array.from({ length: rows }, (_, at) => from + at * ms);
  const hour = 3_600_000;

  it.each<[string, Float64Array, number | undefined]>([
    ['hours', every(hour), 24],
    ['quarters of an hour', every(hour / 4), 96],
    ['half hours', every(hour / 2), 48],
    ['days', every(24 * hour), 7],
    ['weeks', every(7 * 24 * hour), 52],
    ['months', Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2020, at, 1)), 12],
    ['ends of months', Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2020, at + 1, 0)), 12],
    ['each 28th of a month', Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2021, at, 28)), 12],
    ['quarters', Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2020, 3 * at, 1)), 4],
    ['years', Float64Array.from({ length: 30 }, (_, at) => Date.UTC(1990 + at, 0, 1)), undefined],
    ['working days', every(24 * hour, 60).filter((stamp) => new Date(stamp).getUTCDay() % 6 !== 0), 5],
  ])('has a season: %s', (_, stamps, period) => {
    const step = stepOf({ stamps });
    expect(step && seasonOf(step)?.period).toBe(period);
    expect(step && stampAfter(stamps[3] as number, step, 5)).toBe(stamps[8]);
    expect(step && gapsIn({ stamps }, step)).toEqual([]);
  });

  it('is the usual one where rows are missing', () => {
    const stamps = every(hour).filter((_, at) => at !== 7 && at !== 8);
    expect(stepOf({ stamps })).toEqual({ unit: 'ms', count: hour });
    expect(gapsIn({ stamps }, { unit: 'ms', count: hour })).toEqual([7]);
  });

  it('is a month where the first months are missing', () => {
    const stamps = Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2020, at === 0 ? -3 : at, 1));
    expect(stepOf({ stamps })).toEqual({ unit: 'months', count: 1 });
    expect(gapsIn({ stamps }, { unit: 'months', count: 1 })).toEqual([1]);
  });

  it('goes on at the same day of the month, or at its end, after the last of February', () => {
    const dayAfter = (stamps: readonly number[]) => {
      const step = stepOf({ stamps });
      return step && new Date(stampAfter(stamps.at(-1) as number, step, 1)).toISOString().slice(0, 10);
    };
    const months = [-3, -2, -1, 0, 1]; // October to February
    expect(dayAfter(months.map((month) => Date.UTC(2023, month, 28)))).toBe('2023-03-28');
    expect(dayAfter(months.map((month) => Date.UTC(2023, month + 1, 0)))).toBe('2023-03-31');
    expect(dayAfter(months.map((month) => Date.UTC(2023, month, 5)))).toBe('2023-03-05');
    // Months in which no row shows the difference are told apart by those that do.
    expect(dayAfter([...months, 13].map((month) => Date.UTC(2023, month, 28)))).toBe('2024-03-28');
  });

  it('is unknown for one row, and where most rows have another one', () => {
    expect(stepOf({ stamps: [5] })).toBeUndefined();
    expect(stepOf({ stamps: [1, 2, 4, 8, 16, 32, 64], isNumber: true })).toBeUndefined();
    // Wednesdays, Thursdays and Tuesdays: without weekends, and still no working days.
    expect(stepOf({ stamps: Array.from({ length: 20 }, (_, at) => Date.UTC(2020, 0, 1 + at ** 3)) })).toBeUndefined();
  });
});

describe('the step of numbers', () => {
  const numbers = (first: number, step: number, rows = 40): RowTimes => ({
    // As a table has them: written, and read.
    stamps: Array.from({ length: rows }, (_, at) => Number((first + at * step).toFixed(4))),
    isNumber: true,
  });

  it.each<[string, RowTimes, number, number]>([
    ['tenths', numbers(0, 0.1), 0.1, 4],
    ['tenths of a high level', numbers(1_700_000_000, 0.1), 0.1, 1_700_000_004],
    ['hundredths below zero', numbers(-0.39, 0.01), 0.01, 0.01],
    ['thirds, rounded', numbers(0, 1 / 3), 0.3333, 13.3332],
    ['sevens', numbers(3, 7), 7, 283],
  ])('is the same at every level: %s', (_, times, count, next) => {
    const step = stepOf(times) as TimeStep;
    expect(step.unit).toBe('units');
    expect(step.count).toBeCloseTo(count, 9);
    expect(gapsIn(times, step)).toEqual([]);
    expect(stampAfter(times.stamps[39] as number, step, 1)).toBeCloseTo(next, 3);
  });

  it('has no digits that come from rounding', () => {
    const times = numbers(1_700_000_000, 0.1);
    expect(stepInWords(stepOf(times) as TimeStep)).toBe('0.1 units');
    expect(stampAfter(1_700_000_100, { unit: 'units', count: 0.1 }, 4)).toBe(1_700_000_100.4);
    const later = numbers(10, 0.1);
    expect(stepAmong(later, [stepOf(numbers(0, 0.1)) as TimeStep])).toMatchObject({ isOther: false });
    expect(stepAmong(numbers(10, 0.2), [stepOf(numbers(0, 0.1)) as TimeStep])).toMatchObject({ isOther: true });
    expect(gapsIn({ stamps: [0, 0.1, 0.3, 0.4], isNumber: true }, { unit: 'units', count: 0.1 })).toEqual([2]);
  });

  it('is that of microseconds too', () => {
    const start = iso('2024-01-01T00:00');
    const times = { stamps: Array.from({ length: 40 }, (_, at) => start + at * 0.1) };
    const step = stepOf(times) as TimeStep;
    expect([stepInWords(step), gapsIn(times, step)]).toEqual(['100 microseconds', []]);
    const next = stampAfter(times.stamps[39] as number, step, 1);
    expect(writeTime(next, { hasTime: true, hasSeconds: true })).toBe('2024-01-01T00:00:00.004');
    expect(writeTime(start + 0.1, { hasTime: true })).toBe('2024-01-01T00:00:00.000100');
  });
});

describe('days and months of a zone', () => {
  const HOUR = 3_600_000;
  /** Midnights in a zone that has summer time from April to September. */
  const midnights = (winter: number, dates: readonly string[]): RowTimes & { readonly zones: number[] } => {
    const zones = dates.map((date) => (/^2024-0[4-9]-/.test(date) ? winter + 60 : winter));
    return { stamps: dates.map((date, at) => Date.parse(date) - (zones[at] as number) * 60_000), zones };
  };
  const workingDays = Array.from({ length: 60 }, (_, at) => dayOf(iso('2024-03-04T00:00') + at * 24 * HOUR)).filter(
    (date) => new Date(date).getUTCDay() % 6 !== 0,
  );

  it.each([60, 330, 720, -300, -720])('are those of its clock: working days, %s minutes east', (winter) => {
    const times = midnights(winter, workingDays);
    const step = stepOf(times) as TimeStep;
    expect([step, gapsIn(times, step)]).toEqual([{ unit: 'working days', count: 1 }, []]);
    const friday = workingDays.findIndex((date) => new Date(date).getUTCDay() === 5);
    const zone = times.zones[friday] as number;
    const next = stampAfter(times.stamps[friday] as number, step, 1, zone);
    expect(next - (times.stamps[friday] as number)).toBe(72 * HOUR);
  });

  it.each<[string, (at: number) => number, TimeStep['unit']]>([
    ['days', (at) => Date.UTC(2024, 0, 1 + at), 'ms'],
    ['weeks', (at) => Date.UTC(2024, 0, 1 + 7 * at), 'ms'],
    ['first days of months', (at) => Date.UTC(2024, at, 1), 'months'],
    ['ends of months', (at) => Date.UTC(2024, at + 1, 0), 'months'],
  ])('have no gaps where summer time begins: %s', (_, stampOf, unit) => {
    const dates = Array.from({ length: 140 }, (__, at) => dayOf(stampOf(at)));
    const times = midnights(60, dates);
    const step = stepOf(times) as TimeStep;
    expect([step.unit, gapsIn(times, step)]).toEqual([unit, []]);
    const at = dates.findIndex((date) => date >= '2024-05');
    const zone = times.zones[at] as number;
    expect(stampAfter(times.stamps[at] as number, step, 2, zone)).toBe(times.stamps[at + 2]);
  });

  it('leave hours as they are: the day of 23 hours has no gap', () => {
    const stamps = Array.from({ length: 60 }, (_, at) => iso('2024-03-31T00:00') + at * HOUR);
    const times = { stamps, zones: stamps.map((stamp) => (stamp < iso('2024-03-31T01:00') ? 60 : 120)) };
    const step = stepOf(times) as TimeStep;
    expect([step, gapsIn(times, step)]).toEqual([{ unit: 'ms', count: HOUR }, []]);
  });
});

describe('months by their day', () => {
  it.each([28, 29, 30, 31])('go on at day %s, or at the end of shorter months', (day) => {
    const dayIn = (month: number) => Math.min(Date.UTC(2022, month, day), Date.UTC(2022, month + 1, 0));
    const all = Array.from({ length: 40 }, (_, month) => dayIn(month));
    for (let rows = 3; rows <= all.length; rows++) {
      const times = { stamps: all.slice(0, rows) };
      const step = stepOf(times) as TimeStep;
      expect([step.unit, step.count, gapsIn(times, step)]).toEqual(['months', 1, []]);
      for (const steps of [1, 2, 3]) {
        expect(dayOf(stampAfter(all[rows - 1] as number, step, steps))).toBe(dayOf(dayIn(rows - 1 + steps)));
      }
    }
  });

  it('are recognised with rows missing, and where a row is on another day', () => {
    const stamps = Array.from({ length: 30 }, (_, month) => Date.UTC(2022, month, month === 5 ? 17 : 1));
    expect(stepOf({ stamps })).toEqual({ unit: 'months', count: 1 });
    expect(stepOf({ stamps: stamps.filter((_, at) => at % 7 !== 5) })).toEqual({ unit: 'months', count: 1 });
  });

  it('are those of a saved step that says that rows at the end are there by their day', () => {
    const dayAfter = (step: TimeStep) => dayOf(stampAfter(iso('2023-02-28T00:00'), step, 1));
    expect(dayAfter({ unit: 'months', count: 1, atEnd: false })).toBe('2023-03-28');
    expect(dayAfter({ unit: 'months', count: 1 })).toBe('2023-03-31');
  });
});

describe('the step of a later table', () => {
  const daily: TimeStep = { unit: 'ms', count: 86_400_000 };
  const working: TimeStep = { unit: 'working days', count: 1 };
  const monthly: TimeStep = { unit: 'months', count: 1 };

  it.each<[string, RowTimes, TimeStep[], TimeStep | undefined, boolean]>([
    ['over a weekend', days('2024-03-08', '2024-03-11', '2024-03-12'), [working], working, false],
    ['of one weekend alone', days('2024-03-08', '2024-03-11'), [working], working, false],
    ['with a gap', days('2024-03-01', '2024-03-04', '2024-03-05'), [daily], daily, false],
    ['with gaps alone', days('2024-03-01', '2024-03-04', '2024-03-09'), [daily], daily, false],
    ['of one row', days('2024-03-01'), [daily], daily, false],
    ['of working days, when all were days', days('2024-03-07', '2024-03-08', '2024-03-11'), [daily], daily, false],
    ['of another series', days('2024-01-31', '2024-02-29', '2024-03-31'), [daily, monthly], monthly, false],
    ['of weeks', days('2024-03-01', '2024-03-08', '2024-03-15'), [daily], { unit: 'ms', count: 604_800_000 }, true],
    ['of hours', days('2024-03-01T00:00Z', '2024-03-01T01:00Z'), [daily], { unit: 'ms', count: 3_600_000 }, true],
    ['of days, not months', days('2024-03-01', '2024-03-02', '2024-03-03'), [monthly], daily, true],
    [
      'that is not regular',
      days('2024-03-01T00:00Z', '2024-03-01T05:17Z', '2024-03-02T11:01Z', '2024-03-05T23:59Z'),
      [daily],
      undefined,
      false,
    ],
  ])('%s', (_, times, expected, step, isOther) => {
    expect(stepAmong(times, expected)).toEqual({ step, isOther });
  });

  it('on the 30th is that of the training with its day, or the own day', () => {
    const step: TimeStep = { unit: 'months', count: 1, day: 30 };
    const short = stepAmong(days('2023-01-30', '2023-02-28'), [step]).step as TimeStep;
    expect(dayOf(stampAfter(iso('2023-02-28T00:00'), short, 1))).toBe('2023-03-30');
    const other = stepAmong(days('2023-01-15', '2023-02-15'), [step]);
    expect([other.isOther, dayOf(stampAfter(iso('2023-02-15T00:00'), other.step as TimeStep, 1))]).toEqual([
      false,
      '2023-03-15',
    ]);
    expect(areEqual(step, { unit: 'months', count: 1 })).toBe(true);
    expect(areEqual(step, { unit: 'months', count: 3 })).toBe(false);
  });
});
