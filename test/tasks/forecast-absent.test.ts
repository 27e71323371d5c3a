import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scalingFor, settleWindow } from '../../src/tasks/recipes/forecast/forecast-defaults.js';
import { readSeriesTable, type SeriesOptions } from '../../src/tasks/recipes/forecast/forecast-series.js';
import { evaluateTask, predictTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const HOUR = 3_600_000;

function table(lines: readonly string[]): string {
  const file = join(temporaryDirectory(), 'table.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const rowsOf = <T>(count: number, of: (row: number) => T) => Array.from({ length: count }, (_, row) => of(row));
const hour = (row: number) => new Date(Date.UTC(2024, 0, 1) + row * HOUR).toISOString().slice(0, 16);
const day = (row: number) => hour(24 * row).slice(0, 10);
const sine = (row: number) => (100 + 50 * Math.sin((2 * Math.PI * row) / 24)).toFixed(3);
const without = (from: number, to: number) => (row: number) => row < from || row >= to;

const plain: SeriesOptions = {
  ...{ columns: ['x'], covariates: [], categories: [], time: undefined, dateFormat: undefined, item: undefined },
  ...{ format: {}, rules: {}, missing: 'refuse', absent: 'fill' },
};

const small = { ...QUIET, ...UNTRAINED, units: 2, columns: 'x', valid: 0, test: 0 } as const;

async function trained(data: string, options: object = {}) {
  const out = join(temporaryDirectory(), 'run');
  const { notes } = await trainWithNotes('forecast', { ...small, ...options, data, out });
  return { out, notes };
}

async function notesOf(out: string, file: string, options: object = {}) {
  const notes: string[] = [];
  const found = [];
  const onNote = (line: string) => notes.push(line);
  for await (const each of predictTask(out, { file, threads: 1, onNote, ...options })) found.push(each);
  return { notes, found };
}

describe('rows that are absent from a table with regular times', () => {
  const lines = (kept: (row: number) => boolean, count = 12) => [
    'at,x',
    ...rowsOf(count, (row) => row)
      .filter(kept)
      .map((row) => `${hour(row)},${row * row}`),
  ];

  it.each(['refuse', 'interpolate', 'forward', 'mask'] as const)('are missing numbers (%s)', async (missing) => {
    const rules = { keepMissing: missing !== 'refuse' };
    const { values, gaps, time, rows, notes, lineOf } = await readSeriesTable(table(lines(without(4, 7))), {
      ...plain,
      ...{ missing, rules },
    });
    const isLine = missing === 'refuse' || missing === 'interpolate';
    const between = isLine ? [9 + 10, 9 + 20, 9 + 30] : [9, 9, 9];
    expect([...values]).toEqual([0, 1, 4, 9, ...between, 49, 64, 81, 100, 121]);
    expect(rows).toBe(12);
    expect(gaps && [...gaps].slice(3, 8)).toEqual(missing === 'refuse' ? undefined : [9, NaN, NaN, NaN, 49]);
    expect([...(time?.stamps ?? [])]).toEqual(rowsOf(12, (row) => Date.UTC(2024, 0, 1, row)));
    expect(lineOf(7)).toBe(6);
    const how = missing === 'refuse' ? 'by interpolation' : `\\(--missing ${missing}\\)`;
    expect(notes.at(-1)).toMatch(new RegExp(`^1 gap in 'at' .*: 3 absent rows are filled in ${how}$`));
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['months', ['2024-01-31', '2024-02-29', '2024-03-31', '2024-06-30', '2024-07-31'], ['2024-04-30', '2024-05-31']],
    ['working days', rowsOf(14, day).filter((_, at) => ![5, 6, 8, 12, 13].includes(at)), ['2024-01-09']],
    ['weeks', ['2024-01-01', '2024-01-08', '2024-01-15', '2024-01-29'], ['2024-01-22']],
  ])('have the times of the calendar: %s', async (_, stamps, absent) => {
    const whole = _ === 'working days' ? [...stamps, ...rowsOf(5, (row) => day(14 + row))] : stamps;
    const { time, values } = await readSeriesTable(table(['at,x', ...whole.map((stamp) => `${stamp},7`)]), plain);
    const all = [...whole, ...absent].sort();
    expect(Array.from(time?.stamps ?? [], (stamp) => new Date(stamp).toISOString().slice(0, 10))).toEqual(all);
    expect([...values]).toEqual(all.map(() => 7));
  });

  it('belong to their series, have the category of the row before, and count for nothing', async () => {
    const rows = rowsOf(6, (row) => row).flatMap((row) => [
      `a,${hour(row)},${row},1,k${row}`,
      `b,${hour(row)},${10 + row},2,k${row}`,
    ]);
    const file = table(['item,at,x,w,kind', ...rows.filter((line) => !line.startsWith(`b,${hour(3)}`))]);
    const { series, values, categories, weights } = await readSeriesTable(file, {
      ...{ ...plain, item: 'item', categories: ['kind'], weight: 'w' },
    });
    expect(series).toEqual([
      { name: 'a', begin: 0, end: 6 },
      { name: 'b', begin: 6, end: 12 },
    ]);
    expect([...values]).toEqual([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);
    expect(categories.get('kind')?.slice(6)).toEqual(['k0', 'k1', 'k2', 'k2', 'k4', 'k5']);
    expect([...(weights ?? [])].slice(6)).toEqual([2, 2, 2, 0, 2, 2]);
  });

  it.each<[string, (row: number) => number, boolean]>([
    ['the season before, on its own level, where rows have one', (row) => Number(sine(row)) + row, true],
    ['a line where the rows before do not tell them', (row) => ((row * 7919) % 101) + row * row, false],
  ])('are %s', async (_, value, isSeason) => {
    const kept = rowsOf(200, (row) => row).filter(without(140, 150));
    const file = table(['at,x', ...kept.map((row) => `${hour(row)},${value(row)}`)]);
    const { values } = await readSeriesTable(file, plain);
    for (let row = 140; row < 150; row++) {
      const line = value(139) + ((value(150) - value(139)) * (row - 139)) / 11;
      expect(values[row]).toBeCloseTo(isSeason ? value(row) : line, 2);
    }
  });

  it('are not invented where a gap is longer than the history, or most rows are absent', async () => {
    const long = await readSeriesTable(table(lines(without(4, 7))), { ...plain, history: 2 });
    expect(long).toMatchObject({ rows: 9, breaks: [4] });
    expect(long.notes.at(-1)).toMatch(/: no window crosses a gap of more than 2 rows$/);
    // Eight hours of each day.
    const opened = table(lines((row) => row % 24 < 8, 24 * 6));
    const sparse = await readSeriesTable(opened, plain);
    expect(sparse).toMatchObject({ rows: 48, breaks: [] });
    expect(sparse.notes.at(-1)).toMatch(/where most rows are absent, .*, so that seasons shift$/);
  });

  it('stay absent where the time is not regular, or rows are to follow each other', async () => {
    const file = table(lines(without(4, 7)));
    expect((await readSeriesTable(file, { ...plain, absent: 'join' })).rows).toBe(9);
    expect((await readSeriesTable(file, { ...plain, time: 'none' })).rows).toBe(9);
    const odd = table(['at,x', ...[0, 1, 5, 7, 12, 13, 22, 30].map((row) => `${hour(row)},1`)]);
    expect((await readSeriesTable(odd, plain)).rows).toBe(8);
  });
});

describe('a forecast from rows around a gap', () => {
  const rows = (count: number, kept: (row: number) => boolean = () => true) => [
    'at,x',
    ...rowsOf(count, (row) => row)
      .filter(kept)
      .map((row) => `${hour(row)},${sine(row)}`),
  ];
  const window = { history: 48, horizon: 24, baseline: 'season', period: 24 };

  it('keeps the place of the season, in training, prediction and evaluation', async () => {
    const { out, notes } = await trained(table(rows(300, without(100, 103))), window);
    expect(notes.join('\n')).toMatch(/3 absent rows are filled in by interpolation/);
    const { found } = await notesOf(out, table(rows(200, without(186, 189))));
    const [forecast] = found as unknown as [{ at: string[]; x: number[] }];
    expect(forecast.at[0]).toBe(hour(200));
    for (const [at, value] of forecast.x.entries()) {
      const error = Math.abs(value - Number(sine(200 + at)));
      expect(error).toBeLessThan(at >= 10 && at < 13 ? 10 : 0.1);
    }
    const later = table(rows(200, without(160, 163)));
    const { metrics } = await evaluateTask(out, { data: later, threads: 1 });
    expect(metrics).toMatchObject({ mse: expect.any(Number) });
    expect(Number((metrics as { mse: number }).mse)).toBeLessThan(0.05);
    const joined = { ...window, gaps: 'join' };
    const before = await trained(table(rows(300, without(100, 103))), joined);
    const shifted = await evaluateTask(before.out, { data: later, threads: 1 });
    expect(Number((shifted.metrics as { mse: number }).mse)).toBeGreaterThan(0.05);
  });

  it('has no window that crosses a gap which is longer than the history', async () => {
    const { out, notes } = await trained(table(rows(400, without(150, 250))), window);
    expect(notes.join('\n')).toMatch(/no window crosses a gap of more than 48 rows/);
    const file = table(rows(400, without(300, 360)));
    await expect(predictions(out, { file })).rejects.toThrow(
      /has 40 rows after its last gap of more than 48, 48 are needed; .*"gaps": "join"/,
    );
    const { found } = await notesOf(out, file, { options: { gaps: 'join' } });
    expect(found).toHaveLength(1);
    const short = table(rows(190, without(60, 130)));
    await expect(evaluateTask(out, { data: short, threads: 1 })).rejects.toThrow(/crosses a gap; .*--gaps join/);
  });

  it('is that of a run from before the option: its rows follow each other', async () => {
    const { out } = await trained(table(rows(300)), { ...window, gaps: 'join' });
    expect(readFileSync(join(out, 'config.json'), 'utf8')).not.toMatch(/"gaps"/);
    const file = table(rows(200, without(186, 189)));
    const { found } = await notesOf(out, file);
    const filled = await notesOf(out, file, { options: { gaps: 'fill' } });
    const [before] = found as unknown as [{ x: number[] }];
    const [now] = filled.found as unknown as [{ x: number[] }];
    // The season begins at the row 24 rows before the end: three hours earlier where rows follow each other.
    expect(before.x[0]).toBeCloseTo(Number(sine(173)), 1);
    expect(now.x[0]).toBeCloseTo(Number(sine(176)), 1);
  });
});

describe('the settled horizon', () => {
  const facts = {
    values: Float64Array.from({ length: 400 }, (_, row) => row % 7),
    width: 1,
    targets: 1,
    step: undefined,
  };
  const series = [{ begin: 0, training: 240, valid: 80, test: 80 }];

  it('leaves windows between missing numbers', () => {
    expect(settleWindow({ ...facts, series }, {}).horizon).toBe(24);
    const isKnown = (row: number) => row % 10 !== 0;
    const { horizon, settings } = settleWindow({ ...facts, series, isKnown }, {});
    expect(horizon).toBe(6);
    expect(settings.horizon).toMatchObject({ reason: expect.stringMatching(/missing numbers/) });
    expect(settleWindow({ ...facts, series, isKnown }, { horizon: 20 }).horizon).toBe(20);
  });
});

describe('columns of one number, and numbers out of range', () => {
  it('a constant column is of one size, and is named', async () => {
    expect(scalingFor([[], [1, 2]])).toMatchObject({ scaling: { value: 'table' } });
    const lines = ['x,y', ...rowsOf(60, (row) => `${row % 7},5`)];
    const { notes } = await trained(table(lines), { columns: 'x,y', history: 5, horizon: 2, period: 1 });
    expect(notes.join('\n')).toMatch(/\["y"\] of '.*' is constant in the training rows/);
  });

  it('a number that no training can read is an error of its line, in all parts', async () => {
    const lines = ['x', ...rowsOf(60, (row) => String(row === 57 ? 3.3e38 : row % 7))];
    const parts = { history: 5, horizon: 2, period: 1, valid: 10, test: 10 };
    await expect(trained(table(lines), parts)).rejects.toThrow(/line 59, column 'x': .*found '?3.3e\+38/);
  });
});
