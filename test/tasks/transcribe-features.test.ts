import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { checkTaskOptions } from '../../src/tasks/definition/task-options.js';
import { transcribe } from '../../src/tasks/recipes/transcribe/transcribe.js';
import { TRANSCRIBE_OPTIONS, type TranscribeOptions } from '../../src/tasks/recipes/transcribe/transcribe-options.js';
import { decodedErrorRate } from '../../src/tasks/recipes/transcribe/transcribe-scores.js';
import { evaluateTask, loadTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { writeWav } from '../files/sound-file.js';
import { QUIET } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const checked = (given: object): TranscribeOptions =>
  checkTaskOptions('transcribe', TRANSCRIBE_OPTIONS, { out: 'run', ...given });

function writeNpy(path: string, values: Float32Array, columns: number): void {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / columns}, ${columns}), }\n`;
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  writeFileSync(path, Buffer.concat([magic, Buffer.from(header), Buffer.from(values.buffer)]));
}

describe('the model that is kept', () => {
  it('has the fewest wrong words, then characters, then the least doubt', () => {
    const scoreOf = (wordErrorRate: number | null, characterErrorRate: number | null, doubt?: number) =>
      decodedErrorRate({ greedy: { wordErrorRate, characterErrorRate }, ...(doubt !== undefined && { doubt }) });
    const inOrder = [
      scoreOf(0, 0),
      scoreOf(0, 0, 0.1),
      scoreOf(0, 0, 3),
      scoreOf(0, 0.1),
      scoreOf(0.1, 0),
      scoreOf(null, null),
    ];
    expect(inOrder).toEqual([...new Set(inOrder)].sort((a, b) => a - b));
    const beam = { wordErrorRate: 0.5, characterErrorRate: 0 };
    expect(decodedErrorRate({ beam, greedy: { wordErrorRate: 0, characterErrorRate: 0 } })).toBe(0.5);
  });
});

describe('features in place of sounds', () => {
  const COLUMNS = 4;
  /** A table of NPY files of random rows of 4 numbers, in which the numbers of a speaker have their own level. */
  function featureTable(): string {
    const directory = temporaryDirectory();
    const random = new Random(1, 'features');
    const lines = ['file,text,speaker,part'];
    for (let at = 0; at < 12; at++) {
      const level = at % 2 === 0 ? 5 : -3;
      const values = Float32Array.from({ length: COLUMNS * 15 }, () => level + random.normal());
      writeNpy(join(directory, `${at}.npy`), values, COLUMNS);
      lines.push(
        `${at}.npy,${at % 3 === 0 ? 'yes' : 'no'},${at % 2 === 0 ? 'ann' : 'bob'},${at < 8 ? 'training' : 'test'}`,
      );
    }
    writeFileSync(join(directory, 'table.csv'), lines.join('\n'));
    return join(directory, 'table.csv');
  }

  it('train, evaluate and predict', async () => {
    const data = featureTable();
    const out = join(temporaryDirectory(), 'run');
    const { examples } = await trainTask('transcribe', { ...QUIET, data, out, units: 4, epochs: 1, valid: 0 });
    expect(examples).toEqual({ training: 8, validation: 0, test: 4 });
    expect(await evaluateTask(out, { data, threads: 1 })).toMatchObject({ examples: 12 });
    const file = join(data, '../3.npy');
    const texts: unknown[] = [];
    for await (const { file: name, text } of predictTask(out, { file, threads: 1 })) texts.push([name, typeof text]);
    for await (const { text } of predictTask(out, { file: data, threads: 1 })) texts.push(text);
    expect(texts[0]).toEqual([file, 'string']);
    expect(texts.length).toBe(13);
    writeWav(join(data, '../a.wav'), new Float32Array(4000));
    const wrong = predictTask(out, { values: [join(data, '../a.wav')], threads: 1 });
    await expect(wrong[Symbol.asyncIterator]().next()).rejects.toThrow(/a\.wav' is a sound, expected features of 4/);
    const { model, ...loaded } = await loadTask(out, { threads: 1 });
    expect(() => transcribe.stream?.(model, loaded as never)).toThrow(code('not_streamable'));
    model.dispose();
  });

  it('are scaled by training, utterance or speaker', async () => {
    const data = featureTable();
    const meansOf = async (normalize: string) => {
      const { training } = await transcribe.read(checked({ data, valid: 0, normalize, stack: 1 }));
      const examples = await training.read(Int32Array.from({ length: 8 }, (_, at) => at));
      return examples.map(({ input }) => Math.abs(input.reduce((sum, value) => sum + value, 0) / input.length));
    };
    expect(Math.min(...(await meansOf('training')))).toBeGreaterThan(0.5);
    expect(Math.max(...(await meansOf('utterance')))).toBeLessThan(1e-6);
    const bySpeaker = await meansOf('speaker');
    expect(Math.max(...bySpeaker)).toBeLessThan(0.5);
    expect(Math.max(...bySpeaker)).toBeGreaterThan(1e-3);
  });

  it('are scaled by speaker only where every row has one', async () => {
    const data = join(featureTable(), '../nameless.csv');
    writeFileSync(data, 'file,text\n0.npy,yes\n1.npy,no\n');
    const read = transcribe.read(checked({ data, valid: 0, test: 0, normalize: 'speaker' }));
    await expect(read).rejects.toThrow(/line 2, column 'speaker': expected a speaker, for option 'normalize'/);
  });

  it.each([{ join: '1-2' }, { perturb: 0.5 }])('cannot be joined or changed: %j', async (wrong) => {
    const read = transcribe.read(checked({ data: featureTable(), valid: 0, ...wrong }));
    await expect(read).rejects.toThrow(/needs sounds, but the table has features/);
  });
});
