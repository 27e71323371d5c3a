import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSeriesTable, type SeriesOptions } from '../../src/tasks/recipes/forecast/forecast-series.js';
import { evaluateTask, predictTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const DAY = 86_400_000;
const MINUTE = 60_000;

function table(lines: readonly string[]): string {
  const file = join(temporaryDirectory(), 'table.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** A table of stamps and values. */
const timed = (stamps: readonly (string | number)[], name = 'at') =>
  table([`${name},x`, ...stamps.map((stamp, row) => `${stamp},${(Math.sin(row) + row / 100).toFixed(3)}`)]);

const rowsOf = <T>(count: number, of: (row: number) => T) => Array.from({ length: count }, (_, row) => of(row));
const isoDay = (stamp: number) => new Date(stamp).toISOString().slice(0, 10);
const hourly = (start: string, count: number, zone = '') =>
  rowsOf(count, (row) => `${new Date(Date.parse(`${start}Z`) + row * 60 * MINUTE).toISOString().slice(0, 16)}${zone}`);

const small = { ...QUIET, ...UNTRAINED, units: 2, history: 3, horizon: 3, period: 1, valid: 0, test: 0, columns: 'x' };

async function trained(data: string, options: object = {}) {
  const out = join(temporaryDirectory(), 'run');
  const { notes } = await trainWithNotes('forecast', { ...small, ...options, data, out });
  const datesIn = async (file: string, name = 'at') => (await predictions(out, { file })).map((each) => each[name]);
  return { out, notes, datesIn };
}

describe('the dates of a forecast', () => {
  it('have the sign between date and time of the rows before', async () => {
    const spaced = hourly('2024-01-01T00:00', 30).map((stamp) => stamp.replace('T', ' '));
    const { datesIn } = await trained(timed(spaced));
    expect(await datesIn(timed(spaced))).toEqual([['2024-01-02 06:00', '2024-01-02 07:00', '2024-01-02 08:00']]);
    const [dates] = await datesIn(timed(hourly('2024-01-01T00:00', 30)));
    expect(dates).toEqual(['2024-01-02T06:00', '2024-01-02T07:00', '2024-01-02T08:00']);
  });

  const ZONES = ['', 'Z', '+02:00', '-05:30'];
  it.each(ZONES.flatMap((from) => ZONES.map((to) => [from, to] as const)))(
    "follow the last row as it is written: trained on '%s', predicted for '%s'",
    async (from, to) => {
      const { datesIn } = await trained(timed(hourly('2024-01-01T00:00', 30, from)));
      const later = timed(hourly('2024-04-01T00:00', 10, to));
      expect(await datesIn(later)).toEqual([hourly('2024-04-01T10:00', 3, to)]);
    },
  );

  it('have the zone of the last row of each series', async () => {
    const stamps = [...hourly('2024-03-31T00:00', 2, '+01:00'), ...hourly('2024-03-31T03:00', 3, '+02:00')];
    const { datesIn, notes } = await trained(timed([...hourly('2024-03-29T00:00', 48, '+01:00'), ...stamps]));
    expect(notes.join()).not.toMatch(/gap/);
    expect(await datesIn(timed(stamps))).toEqual([hourly('2024-03-31T06:00', 3, '+02:00')]);
  });

  it.each(['+01:00', '-08:00', '+12:45'])('leave out weekends of the own zone (%s)', async (zone) => {
    const working = rowsOf(60, (row) => Date.UTC(2024, 0, 1 + row)).filter(
      (day) => new Date(day).getUTCDay() % 6 !== 0,
    );
    const stamps = working.map((day) => `${isoDay(day)}T${zone.startsWith('-') ? '20' : '00'}:00${zone}`);
    const friday = stamps.findLastIndex((_, row) => new Date(working[row] as number).getUTCDay() === 5);
    const { notes, datesIn } = await trained(timed(stamps.slice(0, friday + 1)));
    expect(notes).toEqual(["rows are in the order of 'at', one every working day"]);
    const [dates] = (await datesIn(timed(stamps.slice(friday - 4, friday + 1)))) as string[][];
    const monday = (working[friday] as number) + 3 * DAY;
    expect(dates?.map((date) => date.slice(0, 10))).toEqual(rowsOf(3, (day) => isoDay(monday + day * DAY)));
  });

  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      'a weekend of working days',
      rowsOf(40, (row) => Date.UTC(2024, 0, 1 + row))
        .filter((day) => new Date(day).getUTCDay() % 6 !== 0)
        .map(isoDay),
      ['2024-03-08', '2024-03-11', '2024-03-12'],
      ['2024-03-13', '2024-03-14', '2024-03-15'],
    ],
    [
      'a gap of days',
      rowsOf(40, (row) => isoDay(Date.UTC(2024, 0, 1 + row))),
      ['2024-03-01', '2024-03-04', '2024-03-05'],
      ['2024-03-06', '2024-03-07', '2024-03-08'],
    ],
    [
      'the end of February',
      rowsOf(40, (month) => isoDay(Math.min(Date.UTC(2020, month, 30), Date.UTC(2020, month + 1, 0)))),
      ['2024-01-30', '2024-02-29', '2024-03-30'],
      ['2024-04-30', '2024-05-30', '2024-06-30'],
    ],
  ])('go on after a short table over %s', async (_, training, stamps, expected) => {
    const { notes, datesIn } = await trained(timed(training));
    expect(notes.join()).not.toMatch(/gap/);
    expect(await datesIn(timed(stamps))).toEqual([expected]);
  });

  it('are numbers where these have fractions, without digits of rounding', async () => {
    const tenths = (first: number) => rowsOf(40, (row) => (first + row / 10).toFixed(1));
    const { notes, datesIn } = await trained(timed(tenths(0)), { time: 'at' });
    expect(notes).toEqual(["rows are in the order of 'at', one every 0.1 units"]);
    expect(await datesIn(timed(tenths(10)))).toEqual([[14, 14.1, 14.2]]);
    expect(await datesIn(timed(tenths(1_700_000_000)))).toEqual([[1_700_000_004, 1_700_000_004.1, 1_700_000_004.2]]);
    await expect(datesIn(timed(rowsOf(40, (row) => row)))).rejects.toThrow(
      /a row every unit, expected one every 0.1 units/,
    );
  });

  it('are refused for numbers, and numbers for dates', async () => {
    const days = timed(rowsOf(30, (row) => isoDay(Date.UTC(2024, 0, 1 + row))));
    const ofDays = await trained(days);
    for (const numbers of [
      [1, 5, 7, 20],
      [1, 2, 3, 4],
    ]) {
      await expect(ofDays.datesIn(timed(numbers))).rejects.toThrow(/line 2, column 'at': expected a date .*found '1'/);
    }
    const ofNumbers = await trained(timed(rowsOf(30, (row) => row)), { time: 'at' });
    await expect(ofNumbers.datesIn(days)).rejects.toThrow(/line 2, column 'at': expected a number.*found '2024-01-01'/);
    await expect(predictions(ofNumbers.out, { file: days }, { dateFormat: 'iso' })).rejects.toThrow(
      /has dates in 'at', expected numbers as in the training/,
    );
  });

  it('have a name where their column has none', async () => {
    const index = timed(
      rowsOf(30, (row) => isoDay(Date.UTC(2024, 0, 1 + row))),
      '',
    );
    const { notes, datesIn } = await trained(index, { columns: undefined });
    expect(notes).toEqual([
      '["x"] will be forecast, the only column of numbers; --columns names others',
      'rows are in the order of the column without a name, one every day',
    ]);
    expect(await datesIn(index, 'time')).toEqual([['2024-01-31', '2024-02-01', '2024-02-02']]);
  });

  it('of another form are asked for with the line of the first one', async () => {
    const days = rowsOf(30, (row) => isoDay(Date.UTC(2024, 0, 1 + row)));
    const german = timed(days.map((day) => day.split('-').reverse().join('.')));
    await expect(trained(german, { time: 'at' })).rejects.toThrow(
      /line 2, column 'at'.*'01.01.2024'; --date-format dd/,
    );
    const { out } = await trained(german, { dateFormat: 'dd.mm.yyyy' });
    await expect(predictions(out, { file: timed(days) })).rejects.toThrow(/line 2.*'{"dateFormat": "iso"}'/);
    expect(await predictions(out, { file: timed(days) }, { dateFormat: 'iso' })).toMatchObject([
      { at: ['2024-01-31', '2024-02-01', '2024-02-02'] },
    ]);
    const digits = await trained(timed(days.map((day) => day.replaceAll('-', ''))), { time: 'at' });
    expect(digits.notes[0]).toMatch(/numbers of 'at' are steps of 1, not dates: --date-format yyyymmdd/);
  });
});

describe('the series of a table', () => {
  const days = rowsOf(60, (row) => `a,${isoDay(Date.UTC(2024, 0, 1 + row))},${Math.sin(row).toFixed(3)}`);
  const months = rowsOf(36, (row) => `b,${isoDay(Date.UTC(2021, row, 1))},${Math.cos(row).toFixed(3)}`);
  const odd = rowsOf(20, (row) => `c,${isoDay(Date.UTC(2020, 0, 1 + row ** 3))},${row % 5}`);
  const header = 'item,at,x';

  it('have each its own time between rows, or no dates', async () => {
    const all = table([header, ...days, ...months, ...odd]);
    const { out, notes, datesIn } = await trained(all, { item: 'item' });
    expect(notes).toEqual([
      "rows are in the order of 'at', one every day",
      "1 of 3 series have another time between rows, the first is item 'b': one every month",
      expect.stringMatching(/not regular in 1 of 3 series, the first is item 'c': their forecasts have no dates/),
    ]);
    const expected = [
      ['2024-03-01', '2024-03-02', '2024-03-03'],
      ['2024-01-01', '2024-02-01', '2024-03-01'],
      undefined,
    ];
    expect(await datesIn(all)).toEqual(expected);
    for (const [at, rows] of [days, months, odd].entries()) {
      expect(await datesIn(table([header, ...rows]))).toEqual([expected[at]]);
      expect(await datesIn(table([header, ...rows.slice(-3)]))).toEqual([expected[at] ?? expect.anything()]);
    }
    const { metrics } = await evaluateTask(out, { data: all, threads: 1 });
    expect(metrics).toMatchObject({ mse: expect.any(Number) });
  });

  it('are refused, or left out beside others, with a time between rows that no training series had', async () => {
    const { datesIn, out } = await trained(table([header, ...days, ...months]), { item: 'item' });
    const expected = ['2024-03-01T00:00', '2024-03-02T00:00', '2024-03-03T00:00'];
    const hours = hourly('2024-01-01T00:00', 20).map((stamp) => `d,${stamp},1`);
    await expect(datesIn(table([header, ...hours]))).rejects.toThrow(
      /\(item 'd'\) has a row every hour, expected one every day or one every month/,
    );
    const notes: string[] = [];
    const both = table([header, ...hours, ...days]);
    const found = [];
    const onNote = (line: string) => notes.push(line);
    for await (const each of predictTask(out, { file: both, threads: 1, onNote })) found.push(each);
    expect(found).toMatchObject([{ item: 'a', at: expected }]);
    expect(notes.at(-1)).toMatch(/^1 of 2 series .* have no forecast: .*item 'd'\) has a row every hour/);
    await expect(evaluateTask(out, { data: both, threads: 1 })).rejects.toThrow(/item 'd'/);
  });
});

describe('rows of several series', () => {
  const plain: SeriesOptions = {
    ...{ columns: ['x'], covariates: [], categories: [], time: undefined, dateFormat: undefined, item: undefined },
    ...{ format: {}, rules: {}, missing: 'refuse' },
  };
  const shops = (write: (year: string, month: string, day: string) => string, isMixed = true) => {
    const days = rowsOf(60, (row) => isoDay(Date.UTC(2024, 0, 1 + row)).split('-') as [string, string, string]);
    const lines = ['a', 'b'].map((shop) => days.map((day, row) => `${shop},${write(...day)},${row}`));
    const [a = [], b = []] = lines;
    return table(['shop,date,x', ...(isMixed ? a.flatMap((line, row) => [line, b[row] as string]) : [...a, ...b])]);
  };

  it.each<[string, (year: string, month: string, day: string) => string]>([
    ['2024-01-31', (year, month, day) => `${year}-${month}-${day}`],
    ['31.01.2024', (year, month, day) => `${day}.${month}.${year}`],
    ['1/31/2024', (year, month, day) => `${Number(month)}/${Number(day)}/${year}`],
    ['31-01-2024 12:00', (year, month, day) => `${day}-${month}-${year} 12:00`],
  ])('are refused without the column that tells them apart, with dates such as %s', async (_, write) => {
    const help = /time stamps that occur once, found '.+' again, as in line \d+; --item COLUMN .*--time none/;
    for (const isMixed of [true, false]) {
      const file = shops(write, isMixed);
      await expect(readSeriesTable(file, plain)).rejects.toThrow(help);
      expect((await readSeriesTable(file, { ...plain, item: 'shop' })).series).toHaveLength(2);
      expect((await readSeriesTable(file, { ...plain, time: 'none' })).rows).toBe(120);
    }
  });

  it('are not refused where the time of day is in another column, or what looks like a date is none', async () => {
    const clock = table([
      'date,time,x',
      ...rowsOf(48, (row) => `0${1 + Math.floor(row / 24)}.01.2024,${row % 24}:00,1`),
    ]);
    expect((await readSeriesTable(clock, plain)).notes[0]).toMatch(/not checked by 'date'/);
    const versions = table(['version,x', ...rowsOf(20, () => '10.20.30,1')]);
    expect((await readSeriesTable(versions, plain)).rows).toBe(20);
    const late = table([
      'date,x',
      ...rowsOf(
        60,
        (row) =>
          `${isoDay(Date.UTC(2024, 0, 1 + row))
            .split('-')
            .reverse()
            .join('.')},1`,
      ),
      'none,2',
      'none,3',
    ]);
    expect((await readSeriesTable(late, plain)).rows).toBe(62);
  });

  it('are errors of their row where a day of the others is none', async () => {
    const days = rowsOf(40, (row) => `${isoDay(Date.UTC(2024, 0, 1 + row))},1`);
    for (const at of [0, 17, 39]) {
      const file = table(['date,x', ...days.map((line, row) => (row === at ? '2024-02-30,1' : line))]);
      await expect(readSeriesTable(file, plain)).rejects.toThrow(
        new RegExp(`line ${at + 2}, column 'date': .*found '2024-02-30'.*--time none`),
      );
    }
    const codes = table(['code,x', ...rowsOf(20, () => '9999-99-99,1')]);
    expect((await readSeriesTable(codes, plain)).time).toBeUndefined();
  });
});
