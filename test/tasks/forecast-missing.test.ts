import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json.js';
import { predictTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const rowsOf = <T>(count: number, of: (row: number) => T) => Array.from({ length: count }, (_, row) => of(row));

function table(lines: readonly string[], name = 'table.csv'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const small = { ...QUIET, ...UNTRAINED, units: 4, history: 5, horizon: 2, period: 1, valid: 0, test: 0 } as const;

async function run(lines: readonly string[], options: object): Promise<string> {
  const out = join(temporaryDirectory(), 'run');
  await trainTask('forecast', { ...small, ...options, data: table(lines), out });
  return out;
}

const numbers = rowsOf(40, (row) => (row % 9 === 4 ? null : Number((Math.sin(row) + row / 10).toFixed(3))));
const written = (value: JsonValue) => (value === null ? '' : String(value));

describe('a missing number of a value', () => {
  const lines = ['x,y', ...numbers.map((value, row) => `${written(value)},${row % 4}`)];
  const newest = [1, null, 3, null, null, 2, null].map((value, row) => [value, row % 3 === 1 ? null : row]);

  it.each(['forward', 'interpolate', 'mask'] as const)('is as one of a file (%s)', async (missing) => {
    const out = await run(lines, { missing, columns: 'x', covariates: 'y' });
    const [ofFile] = await predictions(out, {
      file: table(['x,y', ...newest.map((row) => row.map(written).join(','))]),
    });
    const named = newest.map(([x = null, y = null]) => ({ x, y }));
    const values = [newest, named, JSON.stringify(newest)];
    expect(await predictions(out, { values })).toEqual([ofFile, ofFile, ofFile]);
    const empty = predictions(out, { values: [newest.map(([, y = null]) => [null, y])] });
    await expect(empty).rejects.toThrow(/'inputs' line 1, column 'x': expected (at least one|a) number/);
  });

  it.each(['forward', 'interpolate', 'mask'] as const)('is one of a stream as well (%s)', async (missing) => {
    const out = await run(lines, { missing, columns: 'x', covariates: 'y' });
    // More missing numbers than a history, so that the last known one is before it.
    const rows = [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 1],
      [5, 0],
      [2, null],
      [null, 2],
      [3, null],
      [1, 3],
      [7, null],
      [2, null],
    ];
    rows.push([3, null], [4, null], [5, null], [6, null], [6, null], [null, 3]);
    const stream = await streamTask(out, { threads: 1 });
    for (const [row, piece] of rows.entries()) {
      const [found] = await stream.push(row % 2 === 0 ? piece : { x: piece[0] as number, y: piece[1] as number });
      if (row < small.history - 1) {
        expect(found).toBeUndefined();
        continue;
      }
      const soFar = rows.slice(0, row + 1);
      const [ofValues] = await predictions(out, { values: [soFar] });
      expect(found, `row ${row}`).toEqual(ofValues);
    }
    await expect(stream.push({ x: 1 })).rejects.toThrow(/field 'y'/);
    stream.close();
  });

  it('of a stream has a number before it, and a row without one is not kept', async () => {
    const out = await run(lines, { missing: 'interpolate', columns: 'x' });
    const values = [1, 3, 2, 5, 4];
    const stream = await streamTask(out, { threads: 1 });
    await expect(stream.push(null)).rejects.toThrow(/'stream' line 1, column 'x': expected a number before the first/);
    let found: unknown;
    for (const value of values) [found] = await stream.push(value);
    expect([found]).toEqual(await predictions(out, { values: [values] }));
    stream.close();
  });

  it('becomes the last number in a stream that carries its state', async () => {
    const out = await run(lines, { missing: 'forward', columns: 'x', mode: 'autoregressive' });
    const stream = await streamTask(out, { threads: 1 });
    let found: unknown;
    for (const value of [1, 3, null, null, 4]) [found] = await stream.push(value);
    expect([found]).toEqual(await predictions(out, { values: [[1, 3, null, null, 4] as never] }));
    stream.close();
  });

  it('is refused where the training had none', async () => {
    const whole = ['x', ...rowsOf(40, (row) => String(row % 7))];
    const out = await run(whole, { columns: 'x' });
    await expect(predictions(out, { values: [[1, 2, null, 3, 4] as never] })).rejects.toThrow(
      /at step 2: .*found null/,
    );
  });
});

describe('a table with missing numbers', () => {
  const series = (name: string, values: readonly JsonValue[]) =>
    values.map(
      (value, row) => `${name},${new Date(Date.UTC(2024, 0, 1 + row)).toISOString().slice(0, 10)},${written(value)}`,
    );
  const header = 'shop,at,x';

  async function notesOf(out: string, lines: readonly string[]) {
    const notes: string[] = [];
    const found = [];
    const onNote = (line: string) => notes.push(line);
    const file = table(lines, 'later.csv');
    for await (const each of predictTask(out, { file, threads: 1, onNote })) found.push(each);
    return { notes, shops: found.map(({ shop }) => shop) };
  }

  it('says how many are filled in, in training and in prediction', async () => {
    const lines = ['x', ...numbers.map(written)];
    // An empty line of a table of one column is a missing number.
    const out = join(temporaryDirectory(), 'run');
    const { notes } = await trainWithNotes('forecast', {
      ...small,
      missing: 'mask',
      data: table(lines),
      out,
      columns: 'x',
    });
    expect(notes).toEqual([
      expect.stringMatching(/^4 of 40 numbers of .* are missing: they are filled in \(--missing mask\)$/),
    ]);
    const late = await notesOf(out, ['x', '1', '2', '3', '4', 'NA']);
    expect(late.notes).toEqual([
      expect.stringMatching(/^1 of 5 numbers of .* is missing: it is filled in/),
      expect.stringMatching(
        /^missing numbers end the last row of 'x' of '.*later.csv': forecasts go on from numbers that/,
      ),
    ]);
    await expect(notesOf(out, ['x', '1', ...rowsOf(5, () => 'NA')])).rejects.toThrow(
      /later.csv' has no number of 'x' in its last 5 rows, at least one is needed/,
    );
  });

  it.each(['interpolate', 'mask'] as const)(
    'has forecasts of the series that can be used; the others are named (%s)',
    async (missing) => {
      const good = rowsOf(30, (row) => (row === 20 ? null : row % 5));
      const a = series('a', good);
      const [half] = [Math.floor(a.length / 2)];
      const kinds = [...a, ...series('b', good)].map((line, row) => `${line},${row % 2 === 0 ? 'work' : 'free'}`);
      const lines = [`${header},kind`, ...kinds];
      const out = await run(lines, { item: 'shop', columns: 'x', categories: 'kind', missing });
      const other = (name: string, values: readonly JsonValue[], kind = 'work') =>
        series(name, values).map((line) => `${line},${kind}`);
      const bad = {
        short: other('short', [1, 2]),
        lost: other('lost', [1, ...rowsOf(5, () => null)]),
        empty: other(
          'empty',
          rowsOf(8, () => null),
        ),
        strange: other(
          'strange',
          rowsOf(8, (row) => row),
          'party',
        ),
        twice: [
          ...other(
            'twice',
            rowsOf(8, (row) => row),
          ),
          ...other('twice', [3]),
        ],
      };
      const mixed = [`${header},kind`, ...Object.values(bad).flat(), ...kinds.slice(0, half * 2)];
      const { shops, notes } = await notesOf(out, mixed);
      expect(shops).toEqual(['a']);
      const note = notes.at(-1) as string;
      expect(note).toMatch(/^5 of 6 series of '.*later.csv' have no forecast: /);
      expect(note).toMatch(/\(shop 'short'\) has 2 rows, 5 are needed/);
      expect(note).toMatch(/\(shop 'lost'\) has no number of 'x' in its last 5 rows/);
      expect(note).toMatch(/\(shop 'empty'\): .*column 'x': expected at least one number, found none/);
      expect(note).toMatch(/\(shop 'strange'\): .*expected a category of the training rows .*found 'party'/);
      expect(note).toMatch(/\(shop 'twice'\): .*'2024-01-01' again/);
      for (const [name, rows] of Object.entries(bad)) {
        const alone = notesOf(out, [`${header},kind`, ...rows]);
        await expect(alone, name).rejects.toMatchObject({ name: 'DataError' });
      }
    },
  );
});

describe('a run that is resumed', () => {
  const base = rowsOf(60, (row) => ({
    x: row % 9 === 4 ? '' : String(row % 7),
    kind: row % 2 === 0 ? 'work' : 'free',
  }));
  const write = (rows: typeof base) => ['x,kind', ...rows.map(({ x, kind }) => `${x},${kind}`)];
  const changed = (at: number, other: Partial<(typeof base)[number]>) =>
    write(base.map((row, index) => (index === at ? { ...row, ...other } : row)));

  it.each<[string, readonly string[]]>([
    ['a category', changed(20, { kind: 'free' })],
    ['all categories, shuffled', write(base.map((row, at) => ({ ...row, kind: base[59 - at]?.kind as string })))],
    // The number that was filled in, now known: a mark changes, and no value.
    ['which numbers are missing', changed(13, { x: '5' })],
    ['a number', changed(20, { x: '100' })],
  ])('is refused with other contents: %s', async (_, lines) => {
    const given = { ...small, missing: 'mask', columns: 'x', categories: 'kind', epochs: 2 } as const;
    const out = join(temporaryDirectory(), 'run');
    const data = table(write(base));
    await trainTask('forecast', { ...given, data, out });
    await trainTask('forecast', { ...QUIET, out, resume: true });
    writeFileSync(data, `${lines.join('\n')}\n`);
    await expect(trainTask('forecast', { ...QUIET, out, resume: true })).rejects.toThrow(/resume with the data/);
  });
});
