/** Notes of the classes and the parts of labelled data. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SequenceExample } from '../../src/batch/sequence-packing.js';
import { classNotes } from '../../src/tasks/recipes/classify/class-notes.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, trainWithNotes, UNTRAINED } from './trained.js';

/** Examples of their own inputs, by their classes. */
const part = (targets: readonly number[], from = 0): SequenceExample[] =>
  targets.map((target, at) => ({ input: Int32Array.of(from + at, 7), target }));
const parts = (training: readonly number[], test: readonly number[] = []) => ({
  training: part(training),
  validation: undefined,
  test: part(test, 1000),
});
const names = (count: number, nameOf: (at: number) => string) => Array.from({ length: count }, (_, at) => nameOf(at));
const each = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('notes of classes', () => {
  it('ask whether measured numbers and names that occur once are classes', () => {
    const decimals = names(30, (at) => String(at / 7));
    const twice = [...each(30), ...each(30)];
    expect(classNotes(decimals, parts(twice, twice))).toEqual([
      expect.stringMatching(/^30 classes of 120 targets, 0 of which occur once: are these numbers to estimate\?/),
    ]);
    const whole = names(12, String);
    expect(classNotes(whole, parts(each(12), each(3)))).toEqual([
      expect.stringMatching(/^12 classes of 15 targets, 9 of which occur once: are these numbers/),
    ]);
    expect(
      classNotes(
        names(12, (at) => `name ${at}`),
        parts(each(12)),
      ),
    ).toEqual([expect.stringContaining('--target names another column')]);
  });

  it('say nothing of ratings, digits and usual classes', () => {
    const ratings = names(10, (at) => String((at + 1) / 2));
    const thrice = [...each(10), ...each(10), ...each(10)];
    for (const classes of [ratings, names(10, String), names(10, (at) => `c${at}`)])
      expect(classNotes(classes, parts(thrice, each(10)))).toEqual([]);
  });

  it('name classes of one or two examples in one part', () => {
    const classes = ['usual', 'rare', 'both', 'late', 'three'];
    const training = [0, 0, 0, 0, 1, 2, 4, 4, 4];
    expect(classNotes(classes, parts(training, [0, 2, 3, 3]))).toEqual([
      expect.stringMatching(/training part alone: 'rare'; nothing measures/),
      expect.stringMatching(/test part alone: 'late'; they are not learnt/),
    ]);
    expect(classNotes(classes, { ...parts(training), test: undefined })).toEqual([]);
    expect(classNotes(classes, { ...parts(training), validation: part([1, 3], 500), test: undefined })).toEqual([
      expect.stringContaining("training part alone: 'both'"),
      expect.stringContaining("validation part alone: 'late'"),
    ]);
  });

  it('count steps of tags, and leave out those without a class', () => {
    const tags = (target: number[], at: number) => ({
      input: Int32Array.of(at, 1, 2, 3),
      target: Int32Array.from(target),
    });
    const training = [tags([0, 0, 0, 1], 1), tags([-1, 0, 0, -1], 2)];
    expect(classNotes(['a', 'b'], { training, validation: undefined, test: [tags([0, 0, 0, 0], 3)] })).toEqual([
      expect.stringContaining("training part alone: 'b'"),
    ]);
  });

  it('count test inputs that were trained on', () => {
    const training = part([0, 1, 0, 1, 0, 1]);
    const known = { training, validation: undefined, test: [...part([0, 1]), ...part([0, 1, 0, 1], 1000)] };
    expect(classNotes(['a', 'b'], known)).toEqual([
      expect.stringMatching(/^2 of \d+ inputs of the test part are also in the training part: /),
    ]);
    const many = {
      ...known,
      test: [
        ...part([0]),
        ...part(
          each(200).map((at) => at % 2),
          1000,
        ),
      ],
    };
    expect(classNotes(['a', 'b'], many)).toEqual([]);
  });

  it('are shown before the training', async () => {
    const folder = temporaryDirectory();
    const data = join(folder, 'rating.csv');
    const rows = Array.from({ length: 60 }, (_, at) => `word${at % 9} other,${((at % 25) / 7).toFixed(3)}`);
    writeFileSync(data, ['text,target', ...rows].join('\n'));
    const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, naive: 0 } as const;
    const { notes } = await trainWithNotes('classify', { ...small, data, out: join(folder, 'run') });
    expect(notes).toContainEqual(expect.stringContaining('are these numbers to estimate?'));
    expect(notes).toContainEqual(expect.stringMatching(/^\d+ of \d+ inputs of the test part are also in the training/));
  });
});
