import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples.js';
import { evaluateTask, loadTask, type TaskName, trainTask } from '../../src/entries/tasks.js';
import { readTranscripts } from '../../src/files/transcripts.js';
import { checkTaskOptions } from '../../src/tasks/definition/task-options.js';
import { transcribe } from '../../src/tasks/recipes/transcribe/transcribe.js';
import type { Utterance } from '../../src/tasks/recipes/transcribe/transcribe-data.js';
import { TRANSCRIBE_OPTIONS } from '../../src/tasks/recipes/transcribe/transcribe-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { captionedPictures } from './captioned-pictures.js';
import { spokenTable } from './spoken.js';
import { predictions, QUIET, trainWithNotes } from './trained.js';

/** All examples are in one batch, and the step is in proportion to the gradient. */
const quick = {
  ...QUIET,
  ...{ units: 4, epochs: 2, batch: 64, dropout: 0, optimizer: 'sgd', learningRate: 0.2, valid: 0, test: 0 },
} as const;

/** An example: its number among four, what it counts for, and whether it has another target of the same form. */
type Choice = { readonly at: number; readonly weight?: number | string | null | undefined; readonly isWrong?: boolean };

interface Kind {
  readonly task: TaskName;
  readonly options: object;
  readonly loss: object;
  /** The part of a row in messages. */
  readonly part: string;
  /** The line of the first example. */
  readonly first: number;
  write(choices: readonly Choice[]): string;
}

const directory = mkdtempSync(join(tmpdir(), 'bptt-'));
let files = 0;

function write(ending: string, lines: readonly string[]): string {
  files += 1;
  const file = join(directory, `${files}${ending}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const jsonLines = (choices: readonly Choice[], fieldsOf: (choice: Choice) => object) =>
  write(
    '.jsonl',
    choices.map((choice) =>
      JSON.stringify({ ...fieldsOf(choice), ...(choice.weight !== undefined && { w: choice.weight }) }),
    ),
  );

/** The first pair has the most frequent words, so that the vocabulary does not change when it occurs more often. */
const PAIRS = [
  ['a b', 'A B'],
  ['a b c', 'C A B'],
  ['b a a', 'A B B A'],
  ['a c b', 'B C A'],
] as const;

const PIECES = [
  [[60], [62], []],
  [[60, 64], [60], [64], [62]],
  [[], [62]],
  [[64], [], [64], [60], [62]],
];

/** Words of the first caption are the most frequent, as those of the pairs. */
const CAPTIONS = ['a red', 'a red thing', 'one a red', 'thing red a one'];
const CLIPS = ['low-0', 'high-0', 'up-0', 'low-1'];

const KINDS: readonly Kind[] = [
  {
    ...{ task: 'translate', part: "field 'w'", first: 1 },
    options: { minCount: 1, embedding: 4, cell: 'gru', beams: 1 },
    loss: { kind: 'softmaxCrossEntropy', weights: 'sequence' },
    write: (choices) =>
      jsonLines(choices, ({ at, isWrong = false }) => {
        const [source, target] = PAIRS[at] as (typeof PAIRS)[number];
        return { source, target: isWrong ? [...target.split(' ')].reverse() : target };
      }),
  },
  {
    ...{ task: 'caption', part: "field 'w'", first: 1 },
    options: { minCount: 1, embedding: 4, rows: 2, columns: 4, cells: 1, beams: 1 },
    loss: { kind: 'softmaxCrossEntropy', weights: 'sequence' },
    write: (choices) =>
      jsonLines(choices, ({ at, isWrong = false }) => ({
        image: `pictures/1-${at}.png`,
        text: isWrong ? (CAPTIONS[at] as string).split(' ').reverse().join(' ') : CAPTIONS[at],
        group: `${files}/${at}`,
      })),
  },
  {
    ...{ task: 'music', part: "field 'w'", first: 1 },
    options: {},
    loss: { kind: 'sigmoidCrossEntropy', weights: 'sequence' },
    write: (choices) =>
      jsonLines(choices, ({ at, isWrong = false }) => {
        const notes = PIECES[at] as number[][];
        return { notes: isWrong ? notes.map((frame) => [...frame, 70]) : notes };
      }),
  },
  {
    ...{ task: 'transcribe', part: "column 'w'", first: 2 },
    options: { melBands: 4, normalize: 'utterance', strings: 0, perturb: 0, beams: 2 },
    loss: { kind: 'ctc', weights: 'sequence' },
    write: (choices) =>
      write('.csv', [
        'file,text,w',
        ...choices.map(({ at, weight, isWrong = false }) => {
          const clip = CLIPS[at] as string;
          return `${clip}.wav,${isWrong ? 'up' : clip.split('-')[0]},${weight ?? ''}`;
        }),
      ]),
  },
];

/** The four examples, with the weights of some. */
const all = (weight?: number, own: Readonly<Record<number, Choice['weight']>> = {}): Choice[] =>
  [0, 1, 2, 3].map((at) => ({ at, weight: own[at] ?? weight }));

beforeAll(() => {
  captionedPictures(directory, 4);
  spokenTable(directory, 2);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a training has learned, in one list. */
async function learned({ task, options }: Kind, data: string, more: object = {}) {
  const out = join(temporaryDirectory(), 'run');
  const { notes, result } = await trainWithNotes(task, { ...quick, ...options, data, out, ...more });
  return { out, notes: notes.join('\n'), loss: result.loss, values: await valuesOf(out) };
}

async function valuesOf(run: string): Promise<number[]> {
  const { model } = await loadTask(run, { threads: 1 });
  const values = [...model.parameters.values()].flatMap(({ data }) => [...data]);
  model.dispose();
  return values;
}

function distance(values: readonly number[], others: readonly number[]): number {
  expect(values.length).toBe(others.length);
  return values.reduce((most, value, at) => Math.max(most, Math.abs(value - (others[at] as number))), 0);
}

const SAME = 2e-6;
const OTHER = 1e-4;

describe.each(KINDS.map((kind) => [kind.task, kind] as const))('the weights of examples of %s', (task, kind) => {
  const weighed = { weight: 'w' };

  it('of 1 teach the same as none, bit for bit', async () => {
    const plain = await learned(kind, kind.write(all()));
    const ones = await learned(kind, kind.write(all(1)), weighed);
    expect(distance(ones.values, plain.values)).toBe(0);
    expect([plain.loss, ones.loss]).toEqual([expect.not.objectContaining({ weights: 'sequence' }), kind.loss]);
    expect(plain.notes).not.toMatch(/weights/);
    expect(ones.notes).toMatch(/the loss counts by the weights in 'w', from 1 to 1; metrics do not/);
  });

  it('of 0 teach nothing, and those of 2 as much as two examples', async () => {
    const plain = await learned(kind, kind.write(all()));
    const zero = (isWrong: boolean) => learned(kind, kind.write([...all(1), { at: 0, weight: 0, isWrong }]), weighed);
    const [right, wrong] = [await zero(false), await zero(true)];
    expect(distance(wrong.values, right.values)).toBe(0);
    expect(distance(right.values, plain.values)).toBeLessThan(SAME);
    const twice = await learned(kind, kind.write([...all(), { at: 0 }]));
    const double = await learned(kind, kind.write(all(1, { 0: 2 })), weighed);
    expect(distance(double.values, twice.values)).toBeLessThan(SAME);
    expect(distance(double.values, plain.values)).toBeGreaterThan(OTHER);
  });

  it('change neither metrics nor later files, and are the same when a training is resumed', async () => {
    const data = kind.write(all(1, { 1: 0, 2: 3.5 }));
    const whole = await learned(kind, data, { ...weighed, epochs: 3 });
    const out = join(temporaryDirectory(), 'run');
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 2 && controller.abort(new Error('stop')) };
    const options = { ...quick, ...kind.options, ...weighed, data, out, epochs: 3, checkpointEvery: 1 };
    const stopped = trainTask(task, { ...options, signal: controller.signal, callbacks: [stop] } as never);
    await expect(stopped).rejects.toThrow('stop');
    await trainTask(task, { ...QUIET, out, resume: true } as never);
    expect(distance(await valuesOf(out), whole.values)).toBe(0);
    const later = kind.write(all());
    const own = await evaluateTask(out, { threads: 1 });
    expect(own.part).toBe('training');
    const { metrics } = await evaluateTask(out, { data: later, threads: 1 });
    expect(Object.keys(metrics).length).toBeGreaterThan(2);
    expect(metrics).toEqual(own.metrics);
    expect(await predictions(out, { file: later })).toHaveLength(4);
    copyFileSync(kind.write(all(1, { 1: 1, 2: 3.5 })), data);
    await expect(evaluateTask(out, { threads: 1 })).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
  });

  it('are those of the validation part, too', async () => {
    const data = kind.write(all(1));
    const valid = async (own: Readonly<Record<number, number>>) => {
      const out = join(temporaryDirectory(), 'run');
      const file = kind.write(all(1, own));
      const given = { ...quick, ...kind.options, ...weighed, data, valid: file, out };
      return (await trainTask(task, given as never)).metrics;
    };
    expect(await valid({ 0: 5 })).toBeDefined();
    await expect(valid({ 0: 0, 1: 0, 2: 0, 3: 0 })).rejects.toThrow(/all weights of the validation part are 0/);
    await expect(valid({ 1: -1 })).rejects.toThrow(new RegExp(`line ${kind.first + 1}, ${kind.part}`));
  });

  it.each<[string, Choice['weight'], RegExp]>([
    ['a negative one', -1, /expected 0, or numbers from .* found -1/],
    ['a huge one', 1e31, /expected 0, or numbers from .* found 1e\+31/],
    ['a text', 'heavy', /expected a number, found 'heavy'/],
    ['NaN', 'NaN', /expected a number, found 'NaN'/],
    ['a missing one', null, /expected a number, found (null|nothing)/],
  ])('refuse %s before anything is written', async (_name, weight, message) => {
    const out = join(temporaryDirectory(), 'run');
    const choices = all(1).map((choice) => (choice.at === 2 ? { ...choice, weight } : choice));
    const data = kind.write(choices as Choice[]);
    const training = trainTask(task, { ...quick, ...kind.options, ...weighed, data, out } as never);
    await expect(training).rejects.toMatchObject({ code: 'invalid_row', message: expect.stringMatching(message) });
    await expect(training).rejects.toThrow(`${data}' line ${kind.first + 2}, ${kind.part}`);
    expect(existsSync(out)).toBe(false);
  });

  it('refuse a name that is not there, and nothing but 0', async () => {
    const out = join(temporaryDirectory(), 'run');
    const train = (data: string, weight: string) =>
      trainTask(task, { ...quick, ...kind.options, data, out, weight } as never);
    await expect(train(kind.write(all(1)), 'v')).rejects.toMatchObject({
      code: 'invalid_row',
      message: expect.stringMatching(/line 1, (field 'v'.*; --weight FIELD names it|header: expected a column 'v')/),
    });
    await expect(train(kind.write(all(0)), 'w')).rejects.toMatchObject({
      code: 'invalid_weights',
      message: expect.stringMatching(/all weights of the training part are 0 in 'w'/),
    });
    expect(existsSync(out)).toBe(false);
  });
});

describe('a weight', () => {
  it.each<[TaskName]>([['lm'], ['remember']])('has no place in the data of %s: its option is unknown', async (task) => {
    const out = join(temporaryDirectory(), 'run');
    const data = task === 'lm' ? { data: write('.txt', ['a text']) } : {};
    const training = trainTask(task, { ...QUIET, ...data, out, weight: 'w' } as never);
    await expect(training).rejects.toMatchObject({
      code: 'unknown_option',
      message: expect.stringMatching(/'weight'/),
    });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, TaskName, () => object, RegExp]>([
    [
      'sentences with a tab between',
      'translate',
      () => ({ data: write('.txt', ['a\tA', 'b\tB']) }),
      /"w", but the training data have no columns or fields: JSON lines \{"source": \.\.\., "target": \.\.\.\} do/,
    ],
    [
      'two parallel files',
      'translate',
      () => {
        const [source, target] = [write('.en', ['a', 'b']), write('.ja', ['A', 'B'])];
        const data = join(directory, 'parallel');
        copyFileSync(source, `${data}.en`);
        copyFileSync(target, `${data}.ja`);
        return { data, languages: 'en-ja' };
      },
      /training data have no columns or fields: JSON lines/,
    ],
    [
      'a validation file of another form',
      'translate',
      () => ({
        data: write('.jsonl', ['{"source":"a","target":"A","w":1}']),
        valid: write('.txt', ['a\tA']),
      }),
      /validation data have no columns or fields: JSON lines/,
    ],
    [
      'pieces by part',
      'music',
      () => ({ data: write('.json', ['{"train": [[[60], [62]]]}']) }),
      /training data have no columns or fields: JSON lines do/,
    ],
  ])('has no place in %s, which is said', async (_name, task, make, message) => {
    const out = join(temporaryDirectory(), 'run');
    const own = task === 'translate' ? { minCount: 1 } : {};
    const training = trainTask(task, { ...quick, ...own, ...make(), out, weight: 'w' } as never);
    await expect(training).rejects.toMatchObject({ code: 'invalid_option', message: expect.stringMatching(message) });
    expect(existsSync(out)).toBe(false);
  });

  it('of a joined sound is the mean of those of its clips, and clips of weight 0 are not joined', async () => {
    const table = (last: string) =>
      write('.csv', [
        'file,text,w',
        ...[1, 3].flatMap((weight, at) => [`low-${at}.wav,low,${weight}`, `high-${at}.wav,high,${weight}`]),
        `up-0.wav,${last},0`,
        'up-1.wav,up,1',
      ]);
    const given = (data: string) => ({ data, join: '2', silence: 0, perturb: 0, valid: 0, test: 0, weight: 'w' });
    const options = (data: string) =>
      checkTaskOptions('transcribe', TRANSCRIBE_OPTIONS, { out: 'run', ...given(data) });
    const { training } = await transcribe.read(options(table('up')));
    const part = training as Examples<Utterance>;
    const examples = await part.read(Int32Array.from({ length: 40 }, (_, at) => at));
    const weights = new Set(examples.map(({ weight }) => weight?.[0]));
    expect(weights).toEqual(new Set([1, 2, 3]));
    const kind = KINDS.find((each) => each.task === 'transcribe') as Kind;
    const more = { weight: 'w', join: '2', strings: 20 };
    const [right, wrong] = [await learned(kind, table('up'), more), await learned(kind, table('low'), more)];
    expect(distance(wrong.values, right.values)).toBe(0);
  });

  it('may have a decimal comma in a table', async () => {
    const table = write('.csv', ['file;text;w', 'low-0.wav;low;0,5', 'high-0.wav;high;2']);
    expect((await readTranscripts(table, {}, 'w')).map(({ weight }) => weight)).toEqual([0.5, 2]);
    await expect(readTranscripts(table, { decimal: 'point' }, 'w')).rejects.toThrow(
      /line 2, column 'w': expected a number, found '0,5'/,
    );
    expect((await readTranscripts(table)).every((row) => !('weight' in row))).toBe(true);
  });
});
