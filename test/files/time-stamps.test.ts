import { describe, expect, it } from 'vitest';
import { orderByTime } from '../../src/files/time-order.js';
import {
  areDatesAsNumbers,
  areIsoDates,
  requireDateFormat,
  timeReader,
  writeTime,
} from '../../src/files/time-stamps.js';

const read = (text: string, format?: string) => timeReader([text], format).read(text);
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
    // A zone stands behind a time, or has a colon; a day has the sign of the month.
    '2024/01-05',
    '2024-01-05-03',
    '2024-01-31T13:05+99:99',
    '2024-01-31T13:05+16:00',
    '2024-01-31T13:05+01:60',
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
    expect(reader.read('2024-01-31T13:05Z')).toBe(iso('2024-01-31T13:05'));
    expect(reader.read('2024-01-31T14:05')).toBeUndefined();
  });

  it.each(['2024-01-31', '2024-01-31T13:05', '2024-01-31T13:05:09', '2024-01-31T13:05Z', '2024-01-31T13:05+01:30'])(
    'are written as they were read: %s',
    (text) => {
      const reader = timeReader([text]);
      const stamp = reader.read(text) as number;
      expect(writeTime(stamp, reader.style())).toBe(text);
    },
  );

  it('may be numbers', () => {
    const reader = timeReader(['0', '0.5']);
    expect(writeTime(reader.read('1.5') as number, reader.style())).toBe(1.5);
    expect(reader.read('2024-01-01')).toBeUndefined();
  });
});

describe('stamps of the training table', () => {
  it('are of its kind in later tables: numbers are no dates, and dates are no numbers', () => {
    expect(timeReader(['1', '5'], undefined, {}).read('1')).toBeUndefined();
    expect(timeReader(['2024-01-31'], undefined, { isNumber: true }).read('2024-01-31')).toBeUndefined();
    expect(timeReader(['1', '5'], undefined, { isNumber: true }).read('1')).toBe(1);
    expect(timeReader(['2024-01-31'], undefined, {}).read('2024-01-31')).toBe(iso('2024-01-31T00:00'));
  });
});

describe('small parts of stamps', () => {
  it('are read and written to the microsecond, and what is not read is said', () => {
    const text = '2024-01-31T13:05:09.250007';
    const reader = timeReader([text]);
    expect(writeTime(reader.read(text) as number, reader.style())).toBe(text);
    expect(reader.limit()).toBeUndefined();
    expect(reader.read('2024-01-31T13:05:09.250007001')).toBe(reader.read(text));
    expect(reader.limit()).toMatch(/to the microsecond/);
    const numbers = timeReader(['1700000000000000']);
    numbers.read('0.000000000000000012');
    expect(numbers.limit()).toBeUndefined();
    numbers.read('1700000000000000001');
    expect(numbers.limit()).toMatch(/to 15 digits/);
  });

  it('are dates without signs only where all numbers are', () => {
    expect(areDatesAsNumbers(['20240131', '20240201'])).toBe(true);
    for (const texts of [['20240131', '20240132'], ['31012024'], ['1'], []])
      expect(areDatesAsNumbers(texts)).toBe(false);
  });
});

describe('the order of rows', () => {
  const names = {
    file: 'f.csv',
    column: 'date',
    lines: [2, 3, 4, 5, 6],
    write: (stamp: number) => stamp,
    help: 'a hint',
  };
  const order = (stamps: readonly number[], canSort = false) =>
    orderByTime(Float64Array.from(stamps), Int32Array.from(stamps.keys()), canSort, names);

  it('stays, is turned round, or is made when that is wanted', () => {
    expect(order([1, 2, 5])).toEqual({ rows: Int32Array.of(0, 1, 2), change: 'none' });
    expect(order([5, 2, 1])).toEqual({ rows: Int32Array.of(2, 1, 0), change: 'turned' });
    expect(order([2, 5, 1], true)).toEqual({ rows: Int32Array.of(2, 0, 1), change: 'sorted' });
  });

  it('is refused with line and value', () => {
    expect(() => order([1, 3, 2, 4])).toThrow(/'f.csv' line 4, column 'date'.*'2' after '3'; --time date sorts/);
    expect(() => order([1, 3, 3])).toThrow(/line 4, column 'date'.*'3' again, as in line 3; a hint/);
    expect(() => order([3, 1, 3], true)).toThrow(/line 4.*'3' again, as in line 2/);
  });
});
