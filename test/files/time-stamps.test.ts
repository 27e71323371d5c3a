import { describe, expect, it } from 'vitest';
import { gapsIn, orderByTime, seasonOf, stampAfter, stepOf } from '../../src/files/time-order.js';
import { areIsoDates, requireDateFormat, timeReader, writeTime } from '../../src/files/time-stamps.js';

const read = (text: string, format?: string) => timeReader([text], format)?.read(text);
const iso = (text: string) => Date.parse(`${text}Z`);

describe('time stamps', () => {
  it.each<[string, string]>([
    ['2024-02-29', '2024-02-29T00:00:00'],
    ['2024/02/29', '2024-02-29T00:00:00'],
    ['2024-02', '2024-02-01T00:00:00'],
    ['2024-01-31 13:05', '2024-01-31T13:05:00'],
    ['2024-01-31T13:05:09.250', '2024-01-31T13:05:09.250'],
    ['2024-01-31T13:05Z', '2024-01-31T13:05:00'],
    ['2024-01-31T13:05+01:30', '2024-01-31T11:35:00'],
    ['2024-01-31 24:00', '2024-02-01T00:00:00'],
  ])('are dates of ISO 8601: %s', (text, expected) => {
    expect(read(text)).toBe(iso(expected));
  });

  it.each([
    '2023-02-29',
    '2024-13-01',
    '2024-01-32',
    '2024-01-31 25:00',
    '2024-01-31 12:60',
    '31.01.2024',
    '1,5',
    'x',
    '',
  ])('are none: %s', (text) => {
    expect(areIsoDates([text])).toBe(false);
    expect(read(text)).toBeUndefined();
  });

  it('are of other forms only when the form is named', () => {
    expect(read('31.01.2024 13:05', 'dd.mm.yyyy')).toBe(iso('2024-01-31T13:05'));
    expect(read('1/5/2024 1:30 PM', 'mm/dd/yyyy')).toBe(iso('2024-01-05T13:30'));
    expect(read('1/5/2024 12:30 am', 'dd/mm/yyyy')).toBe(iso('2024-05-01T00:30'));
    expect(read('20240131', 'yyyymmdd')).toBe(iso('2024-01-31T00:00'));
    expect(read('31/01/2024', 'mm/dd/yyyy')).toBeUndefined();
    expect(requireDateFormat('dateFormat', 'DD.MM.YYYY')).toBe('dd.mm.yyyy');
    for (const wrong of ['dd.dd.yyyy', 'dd.mm', 'dd.mm-yyyy', 1]) {
      expect(() => requireDateFormat('dateFormat', wrong)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    }
  });

  it('are refused with a zone among others without', () => {
    const reader = timeReader(['2024-01-31T13:05Z']);
    expect(reader?.read('2024-01-31T13:05Z')).toBe(iso('2024-01-31T13:05'));
    expect(reader?.read('2024-01-31T14:05')).toBeUndefined();
  });

  it.each(['2024-01-31', '2024-01-31T13:05', '2024-01-31T13:05:09', '2024-01-31T13:05Z', '2024-01-31T13:05+01:30'])(
    'are written as they were read: %s',
    (text) => {
      const reader = timeReader([text]);
      const stamp = reader?.read(text) as number;
      expect(writeTime(stamp, reader?.style() ?? {})).toBe(text);
    },
  );

  it('may be numbers', () => {
    const reader = timeReader(['0', '0.5']);
    expect(writeTime(reader?.read('1.5') as number, reader?.style() ?? {})).toBe(1.5);
    expect(reader?.read('2024-01-01')).toBeUndefined();
  });
});

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
    const step = stepOf(stamps);
    expect(step && seasonOf(step)?.period).toBe(period);
    expect(step && stampAfter(stamps[3] as number, step, 5)).toBe(stamps[8]);
    expect(step && gapsIn(stamps, step)).toEqual([]);
  });

  it('is the usual one where rows are missing', () => {
    const stamps = every(hour).filter((_, at) => at !== 7 && at !== 8);
    expect(stepOf(stamps)).toEqual({ unit: 'ms', count: hour });
    expect(gapsIn(stamps, { unit: 'ms', count: hour })).toEqual([7]);
  });

  it('is a month where the first months are missing', () => {
    const stamps = Float64Array.from({ length: 30 }, (_, at) => Date.UTC(2020, at === 0 ? -3 : at, 1));
    expect(stepOf(stamps)).toEqual({ unit: 'months', count: 1 });
    expect(gapsIn(stamps, { unit: 'months', count: 1 })).toEqual([1]);
  });

  it('goes on at the same day of the month, or at its end, after the last of February', () => {
    const dayAfter = (stamps: readonly number[]) => {
      const step = stepOf(stamps);
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
    expect(stepOf([5])).toBeUndefined();
    expect(stepOf([1, 2, 4, 8, 16, 32, 64], true)).toBeUndefined();
  });
});

describe('the order of rows', () => {
  const names = { file: 'f.csv', column: 'date', lines: [2, 3, 4, 5, 6], write: (stamp: number) => stamp };
  const order = (stamps: readonly number[], canSort = false) =>
    orderByTime(Float64Array.from(stamps), Int32Array.from(stamps.keys()), canSort, names);

  it('stays, is turned round, or is made when that is wanted', () => {
    expect(order([1, 2, 5])).toEqual({ rows: Int32Array.of(0, 1, 2), change: 'none' });
    expect(order([5, 2, 1])).toEqual({ rows: Int32Array.of(2, 1, 0), change: 'turned' });
    expect(order([2, 5, 1], true)).toEqual({ rows: Int32Array.of(2, 0, 1), change: 'sorted' });
  });

  it('is refused with line and value', () => {
    expect(() => order([1, 3, 2, 4])).toThrow(/'f.csv' line 4, column 'date'.*'2' after '3'; --time date sorts/);
    expect(() => order([1, 3, 3])).toThrow(/line 4, column 'date'.*'3' again, as in line 3/);
    expect(() => order([3, 1, 3], true)).toThrow(/line 4.*'3' again, as in line 2/);
  });
});
