/** Small data of tasks whose examples have weights. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { loadTask, type TaskName } from '../../src/entries/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { captionedPictures } from './captioned-pictures.js';
import { spokenTable } from './spoken.js';
import { QUIET, trainWithNotes } from './trained.js';

/** All examples are in one batch, and the step is in proportion to the gradient. */
export const quick = {
  ...QUIET,
  ...{ units: 4, epochs: 2, batch: 64, dropout: 0, optimizer: 'sgd', learningRate: 0.2, valid: 0, test: 0 },
} as const;

/** An example: its number among four, what it counts for, and whether it has another target of the same form. */
export type Choice = {
  readonly at: number;
  readonly weight?: number | string | null | undefined;
  readonly isWrong?: boolean;
};

/** A task whose examples have weights. */
export interface Kind {
  readonly task: TaskName;
  readonly options: object;
  readonly loss: object;
  /** The part of a row in messages. */
  readonly part: string;
  /** The line of the first example. */
  readonly first: number;
  write(choices: readonly Choice[]): string;
}

/** Where the files are. */
export const directory = mkdtempSync(join(tmpdir(), 'bptt-'));
let files = 0;

/** A new file of lines. @param ending of its name */
export function write(ending: string, lines: readonly string[]): string {
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

/** Tasks whose examples have weights, with four examples each. */
export const KINDS: readonly Kind[] = [
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
export const all = (weight?: number, own: Readonly<Record<number, Choice['weight']>> = {}): Choice[] =>
  [0, 1, 2, 3].map((at) => ({ at, weight: own[at] ?? weight }));

/** Makes the pictures and sounds before the tests of a file, and takes all away behind them. */
export function prepareFiles(): void {
  beforeAll(() => {
    captionedPictures(directory, 4);
    spokenTable(directory, 2);
  });
  afterAll(() => rmSync(directory, { recursive: true }));
}

/** What a training has learned, in one list. */
export async function learned({ task, options }: Kind, data: string, more: object = {}) {
  const out = join(temporaryDirectory(), 'run');
  const { notes, result } = await trainWithNotes(task, { ...quick, ...options, data, out, ...more });
  return { out, notes: notes.join('\n'), loss: result.loss, values: await valuesOf(out) };
}

/** The parameters of a run. */
export async function valuesOf(run: string): Promise<number[]> {
  const { model } = await loadTask(run, { threads: 1 });
  const values = [...model.parameters.values()].flatMap(({ data }) => [...data]);
  model.dispose();
  return values;
}

/** The largest difference of two lists. */
export function distance(values: readonly number[], others: readonly number[]): number {
  expect(values.length).toBe(others.length);
  return values.reduce((most, value, at) => Math.max(most, Math.abs(value - (others[at] as number))), 0);
}
