import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json.js';
import { evaluateTask, loadTask, predictTask, trainTask } from '../../src/entries/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET } from './trained.js';

const quick = { ...QUIET, units: 4, epochs: 2, batch: 8, learningRate: 0.01, valid: 0, test: 0 } as const;

/** Steps of ten sequences: the rows of a table, and objects by the names of their columns. */
const STEPS = Array.from({ length: 60 }, (_, at) => ({
  sequence: `s${Math.floor(at / 6)}`,
  x: at % 5,
  kind: at % 3 === 0 ? 'a' : '7',
  y: (3 * at) % 7,
  target: Math.floor(at / 6) % 2 === 0 ? 'up' : 'down',
}));

type Step = (typeof STEPS)[number];
type Column = keyof Step;

function table(columns: readonly Column[], steps: readonly Step[] = STEPS, name = 'table.csv'): string {
  const file = join(temporaryDirectory(), name);
  const lines = steps.map((step) => columns.map((column) => step[column]).join(','));
  writeFileSync(file, `${[columns.join(','), ...lines].join('\n')}\n`);
  return file;
}

const COLUMNS = ['sequence', 'x', 'kind', 'y', 'target'] as const;

async function trained(task: 'classify' | 'tag', more: object = {}): Promise<{ out: string; data: string }> {
  const [out, data] = [join(temporaryDirectory(), 'run'), table(COLUMNS)];
  await trainTask(task, { ...quick, data, out, categories: 'kind', ...more } as never);
  return { out, data };
}

/** The first sequence as values: objects of columns, in another order and with more of them. */
const named = STEPS.slice(0, 6).map(({ x, kind, y }) => ({ more: true, kind: kind === '7' ? 7 : kind, y, x }));

describe.each(['classify', 'tag'] as const)('categories of %s', (task) => {
  it('are inputs beside the numbers, saved with the run', async () => {
    const { out } = await trained(task);
    const { model, saved } = await loadTask(out, { threads: 1 });
    expect(model.description.inputs).toMatchObject({ input: { units: 4 } });
    model.dispose();
    expect(saved).toMatchObject({
      encoding: { features: 4, categories: [{ column: 'kind', values: ['7', 'a'] }] },
      source: { kind: 'numbers', input: ['x', 'y'], categories: ['kind'] },
    });
    const other = await trained(task, { input: 'y' });
    expect((await loadTask(other.out)).saved).toMatchObject({ encoding: { features: 3 } });
  });

  it('go by name in later tables, whose columns may be in any order', async () => {
    const { out, data } = await trained(task);
    const [whole, moved] = [await predictions(out, { file: data }), table(['kind', 'y', 'x', 'sequence'])];
    expect(await predictions(out, { file: moved })).toEqual(whole);
    const known = table(['target', 'kind', 'y', 'x', 'sequence']);
    expect((await evaluateTask(out, { data: known, threads: 1 })).metrics).toEqual(
      (await evaluateTask(out, { threads: 1 })).metrics,
    );
    const without = predictions(out, { file: table(['sequence', 'x', 'y']) });
    await expect(without).rejects.toThrow(/line 1, header: expected a column 'kind'.*columns go by name/);
  });

  it('that the training part does not have are refused with file and line', async () => {
    const { out } = await trained(task);
    const steps = STEPS.map((step, at) => (at === 8 ? { ...step, kind: 'odd' } : step));
    const message = /line \d+, column 'kind': expected a category of the training rows \('7', 'a'\), found 'odd'/;
    await expect(predictions(out, { file: table(COLUMNS, steps) })).rejects.toThrow(message);
    await expect(evaluateTask(out, { data: table(COLUMNS, steps), threads: 1 })).rejects.toThrow(message);
    const values = [named, [{ ...(named[0] as object), kind: 'odd' }]] as JsonValue[];
    await expect(predictions(out, { values })).rejects.toThrow(/'inputs' line 2, column 'kind'.*found 'odd'/);
  });

  it('go by name in values, in JSON lines and on the command line', async () => {
    const { out, data } = await trained(task, { input: 'x,y' });
    const [expected] = await predictions(out, { file: data });
    const loaded = await loadTask(out, { task, threads: 1 });
    const inputs = [named, { input: named }, JSON.stringify(named), JSON.stringify({ input: named })];
    expect(await loaded.predict(inputs)).toEqual([expected, expected, expected, expected]);
    const [other] = await loaded.predict([named.map((step) => ({ ...step, kind: 'a' }))]);
    if (task === 'classify') expect(other).not.toEqual(expected);
    loaded.dispose();
    const lines = join(temporaryDirectory(), 'lines.jsonl');
    const target = task === 'tag' ? named.map(() => 'up') : 'up';
    writeFileSync(lines, `${JSON.stringify({ input: named, target })}\n`);
    expect(await predictions(out, { file: lines })).toEqual([expected]);
    const { metrics } = await evaluateTask(out, { data: lines, threads: 1 });
    expect(metrics).toMatchObject({ targets: task === 'tag' ? 6 : 1 });
    const texts = join(temporaryDirectory(), 'lines.txt');
    writeFileSync(texts, `\n${JSON.stringify(named)}\n`);
    expect(await predictions(out, { file: texts })).toEqual([expected]);
  });

  it.each<[string, JsonValue, RegExp]>([
    ['rows of numbers', [[1, 2]], /expected a list with each step as an object of the columns 'x', 'y', 'kind'/],
    ['a list of numbers', [1, 2], /expected a list with each step as an object of the columns/],
    ['a text', 'word', /expected a list with each step as an object of the columns/],
    ['a step alone', { x: 1, y: 2, kind: 'a' }, /object of the columns 'x', 'y', 'kind', found no field 'input'/],
    ['an empty list', [], /expected a list with each step as an object of the columns/],
    ['a step without its category', [{ x: 1, y: 2 }], /field 'kind': expected a category, as a text/],
    ['a step without a number', [{ x: 1, kind: 'a' }], /field 'y': expected a finite number/],
    ['a missing number', [{ x: 1, y: null, kind: 'a' }], /field 'y': expected a finite number, found null/],
    ['a list among steps', [{ x: 1, y: 1, kind: 'a' }, [1, 2]], /step 1: expected an object of the columns/],
  ])('are refused in values as %s', async (_name, value, message) => {
    const { out } = await trained(task);
    const found = predictions(out, { values: [named as JsonValue, value] });
    await expect(found).rejects.toMatchObject({ code: 'invalid_row', message: expect.stringMatching(message) });
    await expect(found).rejects.toThrow(/'inputs' line 2/);
  });

  it('may stand beside missing numbers', async () => {
    const { out } = await trained(task, { missing: 'mask' });
    const steps = [{ x: null, y: 1, kind: 'a' }, ...named] as JsonValue;
    expect(await predictions(out, { values: [steps, named as JsonValue] })).toHaveLength(2);
    const forward = await trained(task, { missing: 'forward' });
    const gap = [...named.slice(0, 2), { x: null, y: null, kind: 'a' }, ...named.slice(3)] as JsonValue;
    const filled = [...named.slice(0, 2), { ...named[1], kind: 'a' }, ...named.slice(3)] as JsonValue;
    const [one, other] = await predictions(forward.out, { values: [gap, filled] });
    expect(one).toEqual(other);
    await expect(predictions(forward.out, { values: [steps] })).rejects.toThrow(
      /'inputs' line 1, number 1 of step 1 of sequence 1: expected a number before it/,
    );
  });

  it.each<[string, () => string, object, RegExp]>([
    ['a column that is not there', () => table(COLUMNS), { categories: 'shape' }, /expected a column 'shape'/],
    ['the target', () => table(COLUMNS), { categories: 'target' }, /column 'target' is the target and no input/],
    ['the weight', () => table(COLUMNS), { categories: 'kind,x', weight: 'x' }, /column 'x' is the weight and no/],
    [
      'a column beside tokens',
      () => table(['sequence', 'kind', 'x', 'target']),
      { input: 'kind', categories: 'x' },
      /'categories' is "x", but '.*table.csv' is read as tokens: categories are columns of texts beside the numbers/,
    ],
    ['JSON lines', () => jsonLines(task), { categories: 'kind' }, /'categories' is "kind", but '.*' is no table/],
  ])('are refused as %s before anything is written', async (_name, data, more, message) => {
    const out = join(temporaryDirectory(), 'run');
    const training = trainTask(task, { ...quick, data: data(), out, ...more } as never);
    await expect(training).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});

function jsonLines(task: 'classify' | 'tag'): string {
  const file = join(temporaryDirectory(), 'lines.jsonl');
  writeFileSync(file, `${JSON.stringify({ input: [1, 2], target: task === 'tag' ? ['a', 'b'] : 'a' })}\n`);
  return file;
}

describe('a table of numbers alone', () => {
  it('has steps as lists of numbers, or by the names of its columns', async () => {
    const [out, data] = [join(temporaryDirectory(), 'run'), table(['sequence', 'x', 'y', 'target'])];
    await trainTask('classify', { ...quick, data, out });
    const [expected] = await predictions(out, { file: data });
    const lists = named.map(({ x, y }) => [x, y]);
    const found = [];
    for await (const each of predictTask(out, { task: 'classify', values: [lists, named] })) found.push(each);
    expect(found).toEqual([expected, expected]);
  });

  it('of texts has no categories', async () => {
    const out = join(temporaryDirectory(), 'run');
    const data = join(temporaryDirectory(), 'texts.csv');
    writeFileSync(data, 'text,kind,target\none,a,up\ntwo,b,down\n');
    const training = trainTask('classify', { ...quick, data, out, categories: 'kind' });
    await expect(training).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(/is read as texts/),
    });
  });
});
