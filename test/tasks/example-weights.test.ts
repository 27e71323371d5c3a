import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, loadTask, type TaskName, trainTask } from '../../src/entries/tasks.js';
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
type Choice = { readonly at: number; readonly weight?: number | string | null; readonly isWrong?: boolean };

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

const directory = temporaryDirectory();
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

captionedPictures(directory, 4);
const CAPTIONS = ['a red thing', 'a blue one', 'a red one there', 'one blue thing'];
spokenTable(directory, 2);
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
        group: `${at}`,
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
    expect(ones.values).toEqual(plain.values);
    expect([plain.loss, ones.loss]).toEqual([expect.not.objectContaining({ weights: 'sequence' }), kind.loss]);
    expect(plain.notes).not.toMatch(/weights/);
    expect(ones.notes).toMatch(/the loss counts by the weights in 'w', from 1 to 1; metrics do not/);
  });

  it('of 0 teach nothing, and those of 2 as much as two examples', async () => {
    const plain = await learned(kind, kind.write(all()));
    const zero = (isWrong: boolean) => learned(kind, kind.write([...all(1), { at: 0, weight: 0, isWrong }]), weighed);
    const [right, wrong] = [await zero(false), await zero(true)];
    // The piece has another key, the clip other labels: no number of the network depends on them but by the loss.
    expect(wrong.values).toEqual(right.values);
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
    expect(await valuesOf(out)).toEqual(whole.values);
    const later = kind.write(all());
    const own = await evaluateTask(out, { threads: 1 });
    expect(own.part).toBe('training');
    const { metrics } = await evaluateTask(out, { data: later, threads: 1 });
    expect(Object.keys(metrics).length).toBeGreaterThan(2);
    expect(metrics).toEqual(own.metrics);
    expect(await predictions(out, { file: later })).toHaveLength(4);
    writeFileSync(data, '');
    const changed = kind.write(all(1, { 1: 1, 2: 3.5 }));
    writeFileSync(data, (await import('node:fs')).readFileSync(changed));
    await expect(evaluateTask(out, { threads: 1 })).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
  });

  it('are those of the validation part, too', async () => {
    const data = kind.write(all(1));
    const valid = async (own: Readonly<Record<number, number>>, training = data) => {
      const out = join(temporaryDirectory(), 'run');
      const file = kind.write(all(1, own).map((choice) => ({ ...choice, at: choice.at })));
      const given = { ...quick, ...kind.options, ...weighed, data: training, valid: file, out };
      return (await trainTask(task, given as never)).metrics;
    };
    if (task === 'caption') {
      // The groups of the parts must differ.
      await expect(valid({})).rejects.toMatchObject({ code: 'mixed_examples' });
      return;
    }
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
