import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, loadTask, trainTask } from '../../src/entries/tasks.js';
import { type WindowExample, windowsOf } from '../../src/tasks/recipes/forecast/forecast-windows.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes } from './trained.js';

const quick = { ...QUIET, units: 4, epochs: 2, batch: 4, learningRate: 0.01, valid: 0, test: 0 } as const;

function write(name: string, lines: readonly string[]): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** What a training has learned, its loss and its notes. */
async function learned(task: 'classify' | 'tag', options: { data: string; weight?: string }) {
  const out = join(temporaryDirectory(), 'run');
  const { result, notes } = await trainWithNotes(task, { ...quick, ...options, out });
  const { model } = await loadTask(out, { threads: 1 });
  const values = [...model.parameters].map(([name, { data }]) => [name, [...data]] as const);
  model.dispose();
  return { values, loss: model.loss, notes: notes.join('\n'), trainingLoss: result.trainingLoss, out };
}

/** A table of texts: those of weight 0 have the class that is asked for. */
const texts = (wrong: string, name = 'texts.csv', hasWeight = true) =>
  write(name, [
    hasWeight ? 'text,target,w' : 'text,target',
    ...Array.from({ length: 12 }, (_, at) => {
      const isLeft = at % 4 === 3;
      const fields = [`word${at}`, isLeft ? wrong : 'ab'[at % 2], isLeft ? 0 : 1];
      return fields.slice(0, hasWeight ? 3 : 2).join(',');
    }),
  ]);

/** A table of steps with a weight for each row. */
const steps = (weightOf: (row: number) => number | string, wrong = 'up') =>
  write('steps.csv', [
    'sequence,x,w,target',
    ...Array.from({ length: 24 }, (_, row) => {
      const target = row % 3 === 2 ? wrong : row % 2 === 0 ? 'up' : 'down';
      return `s${Math.floor(row / 4)},${Math.sin(row).toFixed(3)},${weightOf(row)},${target}`;
    }),
  ]);

describe('the weights of examples', () => {
  it('of 1 teach the same as none, and those of 0 nothing', async () => {
    const plain = await learned('classify', { data: texts('a', 'plain.csv', false) });
    const ones = write(
      'ones.csv',
      ['text,target,w'].concat(
        Array.from({ length: 12 }, (_, at) => `word${at},${at % 4 === 3 ? 'a' : 'ab'[at % 2]},1`),
      ),
    );
    const same = await learned('classify', { data: ones, weight: 'w' });
    expect(same.values).toEqual(plain.values);
    expect(same.loss).toEqual({ kind: 'softmaxCrossEntropy', weights: 'sequence' });
    const [left, right] = [await learned('classify', { data: texts('a'), weight: 'w' }), texts('b')];
    expect((await learned('classify', { data: right, weight: 'w' })).values).toEqual(left.values);
    expect(left.values).not.toEqual(plain.values);
    expect(left.notes).toMatch(/the loss counts by the weights in 'w', from 0 to 1; metrics do not/);
  });

  it('are those of the steps where steps are tagged', async () => {
    const weightOf = (row: number) => (row % 3 === 2 ? 0 : 1 + (row % 4));
    const up = await learned('tag', { data: steps(weightOf, 'up'), weight: 'w' });
    const down = await learned('tag', { data: steps(weightOf, 'down'), weight: 'w' });
    expect(up.values).toEqual(down.values);
    expect(up.loss).toEqual({ kind: 'softmaxCrossEntropy', weights: 'step' });
    const others = await learned('tag', { data: steps(() => 1, 'up'), weight: 'w' });
    expect(others.values).not.toEqual(up.values);
    // The column is no input: the network reads x alone.
    expect(await predictions(up.out, { values: [[0.5, 0.1]] })).toHaveLength(1);
  });

  it('are fields of JSON lines: a number, or one for each target', async () => {
    const line = (weight: unknown, last: string) =>
      JSON.stringify({ input: '0110', target: ['even', 'odd', 'even', last], importance: weight });
    const lines = (last: string) => [...Array.from({ length: 6 }, () => line([1, 2, 1, 0], last)), line(0, last)];
    const one = await learned('tag', { data: write('a.jsonl', lines('even')), weight: 'importance' });
    const other = await learned('tag', { data: write('b.jsonl', lines('odd')), weight: 'importance' });
    expect(one.values).toEqual(other.values);
    const texts = (label: string) => [
      ...Array.from({ length: 6 }, (_, at) => JSON.stringify({ text: `w${at}`, label: 'ab'[at % 2], w: 2 })),
      JSON.stringify({ text: 'w9', label, w: 0 }),
    ];
    const a = await learned('classify', { data: write('c.jsonl', texts('a')), weight: 'w' });
    const b = await learned('classify', { data: write('d.jsonl', texts('b')), weight: 'w' });
    expect(a.values).toEqual(b.values);
  });

  it('are not asked of later files', async () => {
    const { out } = await learned('classify', { data: texts('a'), weight: 'w' });
    const later = write('later.csv', ['text,target', 'word1,a', 'word2,b']);
    expect((await evaluateTask(out, { data: later, threads: 1 })).metrics).toMatchObject({ targets: 2 });
    expect((await evaluateTask(out, { threads: 1 })).part).toBe('training');
  });

  describe('of the rows of a forecast', () => {
    const table = (weightOf?: (row: number) => number) =>
      write('series.csv', [
        weightOf === undefined ? 'x' : 'x,w',
        ...Array.from({ length: 60 }, (_, row) =>
          [Math.sin(row / 3).toFixed(4), ...(weightOf === undefined ? [] : [weightOf(row)])].join(','),
        ),
      ]);
    const small = { ...quick, columns: 'x', history: 8, period: 8, horizon: 3, dropout: 0 } as const;

    async function forecast(data: string, options: object = {}) {
      const out = join(temporaryDirectory(), 'run');
      const training = await trainTask('forecast', { ...small, data, out, ...options });
      const { model } = await loadTask(out, { threads: 1 });
      const values = [...model.parameters].map(([name, { data }]) => [name, [...data]] as const);
      model.dispose();
      return { values, loss: training.loss, out };
    }

    it.each([
      [{ mode: 'direct' }, { kind: 'meanSquaredError', weights: 'sequence' }],
      [{ mode: 'autoregressive' }, { kind: 'meanSquaredError', weights: 'step' }],
      [{ quantiles: '0.1,0.5' }, { kind: 'quantile', levels: [0.1, 0.5], weights: 'sequence' }],
    ])('of 1 teach the same as none, others do not (%o)', async (options, loss) => {
      const plain = await forecast(table(), options);
      const same = await forecast(
        table(() => 1),
        { ...options, weight: 'w' },
      );
      expect(same.values).toEqual(plain.values);
      expect(same.loss).toEqual(loss);
      const data = table((row) => row % 7);
      const other = await forecast(data, { ...options, weight: 'w' });
      expect(other.values).not.toEqual(plain.values);
      expect((await evaluateTask(other.out, { threads: 1 })).part).toBe('training');
      expect(await predictions(other.out, { file: table() })).toHaveLength(1);
    });

    it('are the mean of the rows that a direct window forecasts, and those of the next rows step by step', () => {
      const form = { history: 3, horizon: 2, width: 1, targets: 1, season: 0, isScaled: false, levels: [] } as const;
      const rows = Float64Array.from({ length: 7 }, (_, row) => row);
      const weights = Float64Array.of(9, 9, 9, 1, 3, 0, 2);
      const ranges = [{ start: 0, begin: 0, end: 7 }];
      const of = (mode: 'direct' | 'autoregressive') =>
        (
          windowsOf(rows, { ...form, mode }, ranges, undefined, weights).read(Int32Array.of(0, 1, 2)) as WindowExample[]
        ).map((example) => example.weights);
      expect(of('direct')).toEqual([2, 1.5, 1]);
      expect(of('autoregressive')).toEqual(
        [
          [9, 9, 1, 3],
          [9, 1, 3, 0],
          [1, 3, 0, 2],
        ].map((each) => Float32Array.from(each)),
      );
    });

    it('are refused where no row that is forecast counts', async () => {
      const data = table((row) => (row < 8 ? 1 : 0));
      await expect(forecast(data, { weight: 'w' })).rejects.toMatchObject({ code: 'invalid_weights' });
    });
  });

  it.each<[string, () => [task: 'classify' | 'tag', data: string, weight?: string], string, RegExp]>([
    ['no such column', () => ['classify', texts('a'), 'v'], 'invalid_row', /line 1, header: expected a column 'v'/],
    [
      'a negative one',
      () => ['tag', steps((row) => 1 - row)],
      'invalid_row',
      /line 4, column 'w': expected 0, or numbers from .* found -1/,
    ],
    ['no number', () => ['tag', steps((row) => (row === 1 ? 'x' : 1))], 'invalid_row', /line 3, column 'w'.*'x'/],
    [
      'a missing one',
      () => ['tag', steps((row) => (row === 1 ? '' : 1))],
      'invalid_row',
      /line 3, column 'w'.*nothing/,
    ],
    [
      'nothing but 0',
      () => ['tag', steps(() => 0)],
      'invalid_weights',
      /all weights of the training part are 0 in 'w'/,
    ],
    [
      'several of a sequence that has one class',
      () => [
        'classify',
        write('one.csv', ['sequence,x,w,target', 'a,1,2,up', 'a,2,2,up', 'a,3,1,up', 'b,1,1,down', 'b,1,1,down']),
      ],
      'invalid_row',
      /line 4, column 'w': expected the weight of the sequence, 2 as in line 2, found 1/,
    ],
    [
      'a list of another length',
      () => ['tag', write('x.jsonl', ['{"input":"01","target":["a","b"],"w":[1]}'])],
      'invalid_row',
      /line 1, field 'w': expected a number, or a list of 2, one for each target/,
    ],
    [
      'a line without it',
      () => ['classify', write('y.jsonl', ['{"input":"01","target":"a"}'])],
      'invalid_row',
      /field 'w': expected a number, found no such field among .*; --weight FIELD names it/,
    ],
  ])('refuse %s before anything is written', async (_name, make, code, message) => {
    const [task, data, weight = 'w'] = make();
    const out = join(temporaryDirectory(), 'run');
    const training = trainTask(task, { ...quick, data, weight, out });
    await expect(training).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(existsSync(out)).toBe(false);
  });
});
