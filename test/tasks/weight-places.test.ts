import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples.js';
import { type TaskName, trainTask } from '../../src/entries/tasks.js';
import { readTranscripts } from '../../src/files/transcripts.js';
import { checkTaskOptions } from '../../src/tasks/definition/task-options.js';
import { transcribe } from '../../src/tasks/recipes/transcribe/transcribe.js';
import type { Utterance } from '../../src/tasks/recipes/transcribe/transcribe-data.js';
import { TRANSCRIBE_OPTIONS } from '../../src/tasks/recipes/transcribe/transcribe-options.js';
import { translate } from '../../src/tasks/recipes/translate/translate.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';
import { directory, distance, KINDS, type Kind, learned, prepareFiles, quick, write } from './weighed-examples.js';

prepareFiles();

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

  it('is no part of an example where the data have none: what a run is compared by stays as it was', async () => {
    const data = write(
      '.jsonl',
      Array.from({ length: 8 }, (_, at) => `{"source":"a${at}","target":"b${at}"}`),
    );
    const options = checkTaskOptions('translate', translate.options, {
      out: 'run',
      data,
      valid: 0,
      test: 0,
      minCount: 1,
    });
    const { training } = await translate.read(options);
    expect((training as readonly object[])[0]).not.toHaveProperty('weight');
  });

  it('of a joined sound is the mean of those of its clips, and clips of weight 0 are not joined', async () => {
    const table = (last: string) =>
      write('.csv', [
        'file,text,w',
        ...[1, 3].flatMap((weight, at) => [`low-${at}.wav,low,${weight}`, `high-${at}.wav,high,${weight}`]),
        `up-0.wav,${last},0`,
        'up-1.wav,up,1',
      ]);
    const given = (data: string) => ({
      data,
      join: '2',
      strings: 40,
      silence: 0,
      perturb: 0,
      valid: 0,
      test: 0,
      weight: 'w',
    });
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

  it.each<[string, TaskName, () => object]>([
    [
      'long pairs',
      'translate',
      () => ({
        data: write('.jsonl', ['{"source":"a","target":"A","w":0}', '{"source":"a a","target":"A","w":1}']),
        ...{ minCount: 1, maxLength: 1 },
      }),
    ],
    [
      'clips that are too short for their texts',
      'transcribe',
      () => ({
        data: write('.csv', ['file,text,w', 'low-0.wav,low,0', `high-0.wav,${'low '.repeat(40)},1`]),
        ...{ misfits: 'drop', perturb: 0 },
      }),
    ],
  ])('must be above 0 for some of what is left without %s', async (_name, task, make) => {
    const out = join(temporaryDirectory(), 'run');
    const training = trainTask(task, { ...quick, ...make(), out, weight: 'w' } as never);
    await expect(training).rejects.toThrow(/all weights of the training part are 0 in 'w'/);
    expect(existsSync(out)).toBe(false);
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
