import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSeriesTable, type SeriesOptions } from '../../src/tasks/recipes/forecast/forecast-series.js';
import { evaluateTask, loadTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes } from './trained.js';

function table(lines: readonly string[], name = 'table.csv'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const plain: SeriesOptions = {
  ...{ columns: ['x'], covariates: [], categories: [], time: undefined, dateFormat: undefined, item: undefined },
  ...{ format: {}, rules: {}, missing: 'refuse' },
};

const hour = (at: number) => new Date(Date.UTC(2024, 0, 1, at)).toISOString().slice(0, 16);
const day = (at: number) => new Date(Date.UTC(2024, 0, 1 + at)).toISOString().slice(0, 10);

describe('the columns of a table', () => {
  it('are forecast when none is named and they have numbers and no other use; the others are said', async () => {
    const lines = [
      'row,,date,weather,x,y,x2',
      ...Array.from({ length: 5 }, (_, at) => `${at},${at},${day(at)},wet,${at * at},NA,1`),
    ];
    const file = table(lines);
    const options = { ...plain, columns: undefined, covariates: ['x2'], rules: { keepMissing: true } };
    const { columns, values, notes } = await readSeriesTable(file, { ...options, missing: 'mask' });
    expect([columns, values.length]).toEqual([['x'], 10]);
    expect(notes[0]).toBe(
      '["x"] will be forecast, the only column of numbers; --columns names others. Left out as they have: ["row"] numbers of the rows ' +
        '(--time COLUMN takes them as times), ["weather"] no numbers (--categories reads texts), ["y"] no values, column 2 no name',
    );
  });

  it('are decided over the whole table where the first rows have no value', async () => {
    const late = (row: number, value: string) => (row < 60 ? '' : value);
    const lines = Array.from({ length: 80 }, (_, at) => [
      late(at, `${at % 3}`),
      at % 5,
      late(at, 'wet'),
      '',
      at % 7,
      1,
    ]);
    const file = table(['a,b,c,d,e,w', ...lines.map((line) => line.join())]);
    const options = { ...plain, columns: undefined, covariates: ['e'], weight: 'w' };
    const found = await readSeriesTable(file, { ...options, rules: { keepMissing: true }, missing: 'mask' });
    expect(found.columns).toEqual(['a', 'b']);
    expect([...found.values.slice(60 * 3, 62 * 3)]).toEqual([0, 0, 4, 1, 1, 5]);
    expect(found.weights).toEqual(new Float64Array(80).fill(1));
    expect(found.notes.slice(0, 1)).toEqual([
      '["a","b"] will be forecast, all columns of numbers; --columns names others. Left out as they have: ["c"] no numbers (--categories ' +
        'reads texts), ["d"] no values',
    ]);
    expect(found.notes.at(-1)).toMatch(/^60 of 240 numbers of .* are missing/);
    await expect(readSeriesTable(file, options)).rejects.toThrow(
      /line 2, column 'a'.*found nothing; --missing interpolate/,
    );
    const empty = table(['c,d', ...lines.map((line) => `${line[2]},`)]);
    await expect(readSeriesTable(empty, { ...plain, columns: undefined })).rejects.toThrow(/a column of numbers/);
  });

  it('may be very many', async () => {
    const places = Array.from({ length: 200_000 }, (_, at) => at);
    // The last column has no value in the first rows: it is decided by all of them.
    const rows = [1, ...Array.from({ length: 4 }, (_, at) => at % 3)];
    const lines = [[...places.map((at) => `c${at}`), 'empty'], ...rows.map((row) => [...places.map(() => row), ''])];
    const { columns } = await readSeriesTable(table(lines.map((line) => line.join())), {
      ...plain,
      columns: undefined,
    });
    expect(columns.length).toBe(places.length);
  }, 60_000);

  it('have the texts of the option for missing numbers', async () => {
    const file = table(['x,y', '1,none', 'none,7', '3,5']);
    const options = { ...plain, columns: undefined, missing: 'forward' as const };
    const rules = { keepMissing: true, missing: ['none'] };
    const chosen = await readSeriesTable(table(['x,y', '1,2', 'none,7', '3,5']), { ...options, rules });
    expect([chosen.columns, [...chosen.values]]).toEqual([
      ['x', 'y'],
      [1, 2, 1, 7, 3, 5],
    ]);
    await expect(readSeriesTable(file, options)).rejects.toThrow(/expected a column of numbers/);
  });

  it.each([
    [
      ['date,weather', '2024-01-01,wet'],
      /line 1, header: expected a column of numbers, .*below it \["2024-01-01","wet"\]/,
    ],
    [['date,x', '2024-01-01,"1,000.5"'], /line 1, header: expected a column of numbers, .*separators of thousands/],
    [['# of a shop', 'date,x', '2024-01-01,1'], /expected names of columns, .*--comment '#' leaves out/],
    [['1.5,2', '1.5,3'], /found numbers alone: \["1.5","2"\]; --header none reads them as a row/],
    [['date,x'], /has no rows/],
  ])('are refused where none has numbers, with what helps (%j)', async (lines, message) => {
    await expect(readSeriesTable(table(lines), { ...plain, columns: undefined })).rejects.toThrow(message);
  });
});

describe('the rows of a table', () => {
  it('are in the order of its only column of dates, which is recognised and said', async () => {
    const newest = table(['x,date', '3,2024-01-03', '2,2024-01-02', '1,2024-01-01']);
    const { values, notes, time, lineOf } = await readSeriesTable(newest, plain);
    expect([[...values], time?.column, lineOf(0)]).toEqual([[1, 2, 3], 'date', 4]);
    expect(notes).toEqual([
      expect.stringMatching(/newest first by 'date': the order of its rows is reversed/),
      "rows are in the order of 'date', one every day",
    ]);
    expect([...(await readSeriesTable(newest, { ...plain, time: 'none' })).values]).toEqual([3, 2, 1]);
  });

  it('are sorted by a column that is named, and otherwise refused', async () => {
    const mixed = table(['x,date', '1,2024-01-01', '3,2024-01-03', '2,2024-01-02']);
    await expect(readSeriesTable(mixed, plain)).rejects.toThrow(
      /line 4, column 'date': .*'2024-01-02' after '2024-01-03'; --time date sorts/,
    );
    expect([...(await readSeriesTable(mixed, { ...plain, time: 'date' })).values]).toEqual([1, 2, 3]);
    const twice = table(['x,date', '1,2024-01-01', '2,2024-01-01']);
    await expect(readSeriesTable(twice, plain)).rejects.toThrow(
      /line 3, column 'date': .*'2024-01-01' again, as in line 2/,
    );
    const wrong = table([
      'x,date',
      '1,2024-01-01',
      ...Array.from({ length: 60 }, (_, at) => `1,${day(at + 1)}`),
      '2,soon',
    ]);
    await expect(readSeriesTable(wrong, plain)).rejects.toThrow(/line 63, column 'date'.*found 'soon'/);
  });

  it('have dates of another form only when it is named', async () => {
    const american = table(['x,when', '2,1/14/2024', '1,1/13/2024']);
    const { values, notes } = await readSeriesTable(american, plain);
    expect([...values]).toEqual([2, 1]);
    expect(notes).toEqual([
      expect.stringMatching(/order of the rows .* is not checked by 'when': --time 'when' --date-format/),
    ]);
    const read = await readSeriesTable(american, { ...plain, dateFormat: 'mm/dd/yyyy' });
    expect([...read.values]).toEqual([1, 2]);
    await expect(readSeriesTable(american, { ...plain, time: 'when' })).rejects.toThrow(/column 'when'.*--date-format/);
    const two = table(['x,a,b', '1,2024-01-01,2024-01-01']);
    expect((await readSeriesTable(two, plain)).notes).toEqual([expect.stringMatching(/'a' and 'b': --time 'a'/)]);
  });

  it('have stamps as fine as they are read, and an error for finer ones', async () => {
    const fine = (digits: string) =>
      table(['x,date', ...['0', '1', '2'].map((end) => `1,2024-01-01T00:00:00.${digits}${end}`)]);
    expect((await readSeriesTable(fine('00000'), plain)).notes).toEqual([
      "rows are in the order of 'date', one every microsecond",
    ]);
    await expect(readSeriesTable(fine('00000000'), plain)).rejects.toThrow(
      /occur once.*; times are read to the microsecond/,
    );
  });

  it('may have gaps, which are said with line and value', async () => {
    const gaps = table(['x,date', '1,2024-01-01', '2,2024-01-02', '3,2024-01-03', '4,2024-01-06']);
    const { notes } = await readSeriesTable(gaps, plain);
    expect(notes.at(-1)).toMatch(/^1 gap in 'date' .*before line 5: '2024-01-06' follows '2024-01-03'$/);
  });

  it('are those of several series, each in its own order', async () => {
    const two = table(['shop,date,x', 'b,2024-01-01,10', 'a,2024-01-02,2', 'b,2024-01-02,20', 'a,2024-01-01,1']);
    const { values, series } = await readSeriesTable(two, { ...plain, item: 'shop' });
    expect([...values]).toEqual([10, 20, 1, 2]);
    expect(series).toEqual([
      { name: 'b', begin: 0, end: 2 },
      { name: 'a', begin: 2, end: 4 },
    ]);
  });

  it('have missing numbers on the line by time, where the rows have time stamps', async () => {
    const uneven = table(['date,x', '2024-01-01,0', '2024-01-02,NA', '2024-01-09,8', '2024-01-10,NA']);
    const rules = { keepMissing: true };
    expect([...(await readSeriesTable(uneven, { ...plain, rules, missing: 'interpolate' })).values]).toEqual([
      0, 1, 8, 8,
    ]);
    const byRow = { ...plain, rules, missing: 'interpolate', time: 'none' } as const;
    expect([...(await readSeriesTable(uneven, byRow)).values]).toEqual([0, 4, 8, 8]);
  });

  it.each([
    ['forward', [1, 1, 1, 4, 4]],
    ['interpolate', [1, 2, 3, 4, 4]],
    ['mask', [1, 1, 1, 4, 4]],
  ] as const)('have their missing numbers filled in (%s)', async (missing, expected) => {
    const file = table(['x', '1', 'NA', '?', '4', 'n/a']);
    const rules = { keepMissing: true, missing: ['NA', '?', 'n/a'] };
    const { values, gaps } = await readSeriesTable(file, { ...plain, rules, missing });
    expect([...values]).toEqual(expected);
    expect(gaps && [...gaps]).toEqual([1, Number.NaN, Number.NaN, 4, Number.NaN]);
    const late = table(['x', 'NA', '2']);
    const first = readSeriesTable(late, { ...plain, rules, missing });
    if (missing === 'forward') await expect(first).rejects.toThrow(/line 2, column 'x'.*--missing interpolate/);
    else expect([...(await first).values]).toEqual([2, 2]);
    await expect(readSeriesTable(table(['x', '?', '?']), { ...plain, rules, missing })).rejects.toThrow(
      /line 2, column 'x'/,
    );
  });
});

const small = {
  ...QUIET,
  units: 6,
  history: 24,
  horizon: 3,
  epochs: 1,
  valid: 0,
  test: 0,
  learningRate: 1e-9,
} as const;

describe('a forecast', () => {
  const rows = Array.from({ length: 80 }, (_, at) => `${hour(at)},${(432_100_000 + 3 * at + Math.sin(at)).toFixed(3)}`);

  it('has dates, doubles and the period of the time column, and takes tables of any order', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = table(['at,wh', ...rows]);
    const { notes, settled } = await trainWithNotes('forecast', { ...small, data, out, columns: 'wh' });
    expect(settled['period']).toEqual([24, 'a day']);
    expect(notes).toEqual(["rows are in the order of 'at', one every hour"]);
    const { model, saved } = await loadTask(out, { threads: 1 });
    model.dispose();
    expect(saved).toMatchObject({ period: 24, time: { column: 'at', step: { unit: 'ms', count: 3_600_000 } } });
    const [forecast] = await predictions(out, { file: data });
    expect(forecast?.['at']).toEqual([hour(80), hour(81), hour(82)]);
    // Untrained, the forecast is near the last known value: to its last digits, which single precision does not have.
    const last = 432_100_000 + 3 * 79 + Math.sin(79);
    const readings = forecast?.['wh'] as number[];
    for (const value of readings) expect(Math.abs(value - last)).toBeLessThan(100);
    expect(readings.some((value) => value !== Math.fround(value))).toBe(true);
    const turned = table([
      'wh;other;at',
      ...rows.toReversed().map((row) => `${row.split(',')[1]};x;${row.split(',')[0]}`),
    ]);
    expect(await predictions(out, { file: turned })).toEqual([forecast]);
    const numbers = rows.slice(-24).map((row) => Number(row.split(',')[1]));
    expect(await predictions(out, { values: [numbers] })).toEqual([{ wh: forecast?.['wh'] }]);
    const daily = table(['at,wh', ...rows.slice(0, 40).map((row, at) => `${day(at)},${row.split(',')[1]}`)]);
    await expect(predictions(out, { file: daily })).rejects.toMatchObject({ code: 'mixed_examples' });
    const bare = table(['wh', ...rows.map((row) => row.split(',')[1] as string)]);
    await expect(predictions(out, { file: bare })).rejects.toThrow(/line 1, header: .*column 'at'.*"time": "none"/);
    expect(await predictions(out, { file: bare }, { time: 'none' })).toEqual([{ wh: forecast?.['wh'] }]);
  });

  const dates = (stampOf: (row: number) => number, clock = 10) =>
    Array.from({ length: 140 }, (_, row) => new Date(stampOf(row)).toISOString().slice(0, clock).replace('T', ' '));
  const MINUTE = 60_000;
  const start = Date.UTC(2021, 0, 1);

  it.each<[string, number, string, string[], readonly string[]]>([
    ['days', 7, 'a week', dates((row) => start + row * 1440 * MINUTE), ['2021-05-21', '2021-05-22', '2021-05-23']],
    [
      'weeks',
      52,
      'a year of weeks',
      dates((row) => start + row * 7 * 1440 * MINUTE),
      ['2023-09-08', '2023-09-15', '2023-09-22'],
    ],
    [
      'months',
      12,
      'a year of months',
      dates((row) => Date.UTC(2021, row, 1)),
      ['2032-09-01', '2032-10-01', '2032-11-01'],
    ],
    [
      'ends of months',
      12,
      'a year of months',
      dates((row) => Date.UTC(2020, row + 1, 0)),
      ['2031-09-30', '2031-10-31', '2031-11-30'],
    ],
    [
      'quarters',
      4,
      'a year of months',
      dates((row) => Date.UTC(2021, 3 * row, 1)),
      ['2056-01-01', '2056-04-01', '2056-07-01'],
    ],
    [
      'quarters of an hour',
      96,
      'a day',
      dates((row) => start + 15 * row * MINUTE, 16),
      ['2021-01-02 11:00', '2021-01-02 11:15', '2021-01-02 11:30'],
    ],
  ])('of %s has a period and dates of its own', async (_name, period, season, times, expected) => {
    const out = join(temporaryDirectory(), 'run');
    const data = table(['at,x', ...times.map((time, row) => `${time},${row % period}`)]);
    const given = { ...small, history: 96, horizon: 3, valid: 3, data, out, columns: 'x' };
    const { result, settled } = await trainWithNotes('forecast', { ...given, test: 0 });
    expect(settled['period']).toEqual([period, season]);
    // The series repeats with this period: so the seasonal forecast, which uses it, has no error.
    const errorOf = (name: string) => result.naive?.results.find(({ rule }) => rule === name)?.metrics?.['mse'];
    expect(errorOf('last season')).toBe(0);
    expect(errorOf('last value')).toBeGreaterThan(0);
    const [{ at = [] } = {}] = await predictions(out, { file: data });
    expect((at as string[]).map((time) => time.replace('T', ' '))).toEqual(expected);
  });

  it('says what its period is where no time column says it, and that there are no dates', async () => {
    const trainOn = async (lines: readonly string[], options: object = {}) => {
      const out = join(temporaryDirectory(), 'run');
      const given = { ...small, data: table(lines), out, columns: 'x', ...options };
      const { notes, settled } = await trainWithNotes('forecast', given);
      const [forecast] = await predictions(out, { file: table(lines) });
      return { notes, period: settled['period'], keys: Object.keys(forecast ?? {}) };
    };
    const values = Array.from({ length: 60 }, (_, row) => Math.sin(row).toFixed(3));
    const bare = ['x', ...values];
    expect((await trainOn(bare)).period).toEqual([6, 'autocorrelation of the training rows']);
    expect((await trainOn(bare, { history: 5 })).period).toEqual([1, 'no season in the training rows']);
    expect((await trainOn(bare, { period: 5 })).period).toBeUndefined();
    const irregular = [
      'at,x',
      ...values.map(
        (value, row) => `${new Date(start + row * row * 1440 * MINUTE).toISOString().slice(0, 10)},${value}`,
      ),
    ];
    const { notes, keys } = await trainOn(irregular);
    expect(notes[0]).toMatch(/the time between the rows .* by 'at' is not regular: forecasts have no dates/);
    expect(keys).toEqual(['x']);
  });

  it('is made for every series of a table, by its name', async () => {
    const out = join(temporaryDirectory(), 'run');
    const both = rows.flatMap((row, at) => [`a,${row}`, `b,${hour(at)},${at}`]);
    const data = table(['meter,at,wh', ...both, `c,${hour(0)},1`]);
    const notes: string[] = [];
    const onStart = (start: { readonly notes: readonly string[] }) => notes.push(...start.notes);
    const { examples } = await trainTask('forecast', { ...small, data, out, columns: 'wh', item: 'meter', onStart });
    expect(examples.training).toBe(2 * (80 - 24 - 3 + 1));
    expect(notes.at(-1)).toMatch(/1 of 3 series .* too short/);
    const found = await predictions(out, { file: table(['meter,at,wh', ...both]) });
    expect(found.map(({ meter, at }) => [meter, (at as string[])[0]])).toEqual([
      ['a', hour(80)],
      ['b', hour(80)],
    ]);
    const few = table(['meter,at,wh', `c,${hour(0)},1`]);
    await expect(predictions(out, { file: few })).rejects.toThrow(/ \(meter 'c'\) has 1 rows, 24 are needed/);
  });

  it('reads categories by their names, as ones and zeros', async () => {
    const out = join(temporaryDirectory(), 'run');
    const lines = rows.map((row, at) => `${row},${at % 7 < 5 ? 'work' : 'free'}`);
    const data = table(['at,wh,kind', ...lines]);
    const given = { ...small, data, out, columns: 'wh', categories: 'kind' };
    await trainTask('forecast', given);
    const { model, saved } = await loadTask(out, { threads: 1 });
    expect(model.description.inputs).toMatchObject({ input: { units: 3 } });
    model.dispose();
    expect(saved).toMatchObject({ categories: [{ column: 'kind', values: ['free', 'work'] }] });
    expect(await predictions(out, { file: data })).toHaveLength(1);
    const other = table(['at,wh,kind', ...lines.slice(0, -1), `${rows[79]},party`]);
    await expect(predictions(out, { file: other })).rejects.toThrow(
      /line 81, column 'kind': expected a category of the training rows \('free', 'work'\), found 'party'/,
    );
    await expect(predictions(out, { values: [[1]] })).rejects.toThrow(
      /expected each row as an object of the columns 'wh', 'kind', found \[1\]/,
    );
    const steps = lines.map((line) => ({ wh: Number(line.split(',')[1]), kind: line.split(',')[2] as string }));
    const ofFile = await predictions(out, { file: data });
    const forecast = (await predictions(out, { values: [steps, JSON.stringify(steps)] })).map(({ wh }) => wh);
    expect(forecast).toEqual([ofFile[0]?.['wh'], ofFile[0]?.['wh']]);
    const stream = await streamTask(out, { threads: 1 });
    for (const wrong of [[1, 2], { wh: 3 }, { wh: 'x', kind: 'work' }, { wh: 3, kind: 'party' }]) {
      await expect(stream.push(wrong)).rejects.toMatchObject({ code: 'invalid_row' });
    }
    const found = [];
    for (const step of steps) found.push(...(await stream.push(step)));
    expect(found).toHaveLength(steps.length - small.history + 1);
    expect(found.at(-1)?.['wh']).toEqual(ofFile[0]?.['wh']);
    stream.close();
  });

  it('marks missing numbers, and leaves out windows that forecast one', async () => {
    const out = join(temporaryDirectory(), 'run');
    const lines = rows.map((row, at) => (at === 40 ? `${hour(at)},NA` : row));
    const data = table(['at,wh', ...lines]);
    const given = { ...small, data, out, columns: 'wh' };
    await expect(trainTask('forecast', given)).rejects.toThrow(/line 42, column 'wh'.*'NA'; --missing interpolate/);
    const { examples } = await trainTask('forecast', { ...given, missing: 'mask' });
    // Without the window of row 40: 24 to 39, and 41 to 79.
    expect(examples.training).toBe(40 - 24 - 3 + 1 + (80 - 41 - 3 + 1));
    const { metrics } = await evaluateTask(out, { data, threads: 1 });
    expect(metrics).toMatchObject({ mse: expect.any(Number) });
    expect(await predictions(out, { file: data })).toHaveLength(1);
    for (const missing of ['forward', 'interpolate'] as const) {
      const { examples: all } = await trainTask('forecast', { ...given, out: `${out}-${missing}`, missing });
      expect(all.training).toBe(80 - 24 - 3 + 1);
    }
    await expect(
      trainTask('forecast', { ...given, out: `${out}-auto`, missing: 'mask', mode: 'autoregressive' }),
    ).rejects.toThrow(/'missing' must be forward or interpolate/);
  });

  it('keeps small changes of a large range: windows are cut in double precision', async () => {
    const out = join(temporaryDirectory(), 'run');
    const values = Array.from({ length: 80 }, (_, at) => (at < 10 ? at * 1e10 : 1e11 + at));
    const data = table(['x', ...values.map(String)]);
    await trainTask('forecast', { ...small, data, out, columns: 'x', scaling: 'window' });
    const { naive } = await evaluateTask(out, { data: table(['x', ...values.slice(20).map(String)]), threads: 1 });
    const ofLast = naive?.results.find(({ rule }) => rule === 'last value')?.metrics;
    const deviation = (JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as never)['task']['saved'][
      'standardDeviations'
    ][0] as number;
    expect(Number(ofLast?.['mae']) * deviation).toBeCloseTo(2, 3);
  });
});
