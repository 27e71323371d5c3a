import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { TranscriptSymbols } from '../../src/data/transcript-symbols.js';
import { SoundFeatures } from '../../src/features/sound-features.js';
import { readTranscripts } from '../../src/files/transcripts.js';
import { checkTaskOptions } from '../../src/tasks/definition/task-options.js';
import { loadLanguageModel } from '../../src/tasks/recipes/lm/saved-language-model.js';
import { transcribe } from '../../src/tasks/recipes/transcribe/transcribe.js';
import { labelCounts } from '../../src/tasks/recipes/transcribe/transcribe-bias.js';
import { openLanguageModel } from '../../src/tasks/recipes/transcribe/transcribe-language-model.js';
import {
  parseRange,
  TRANSCRIBE_OPTIONS,
  type TranscribeOptions,
} from '../../src/tasks/recipes/transcribe/transcribe-options.js';
import { splitTranscripts } from '../../src/tasks/recipes/transcribe/transcribe-parts.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { writeWav } from '../files/sound-file.js';
import { spokenTable } from './spoken.js';
import { QUIET } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const checked = (given: object): TranscribeOptions =>
  checkTaskOptions('transcribe', TRANSCRIBE_OPTIONS, { out: 'run', ...given });

describe('the parts of a table of transcripts', () => {
  const split = async (table: string, given: object = {}) =>
    splitTranscripts(await readTranscripts(table), checked({ data: table, ...given }));
  const speakersOf = (rows: readonly { speaker: string | undefined }[]) => [
    ...new Set(rows.map(({ speaker }) => speaker)),
  ];

  it('are those of the table; what it does not name is held back from the training part', async () => {
    const { training, valid, test } = await split(spokenTable(temporaryDirectory()), { valid: 0.25 });
    expect([training.length, valid.length, test.length]).toEqual([18, 6, 12]);
    expect(valid.map(({ text }) => text).sort()).toEqual(['high', 'high', 'low', 'low', 'up', 'up']);
    expect(new Set([...training, ...valid, ...test].map(({ file }) => file)).size).toBe(36);
    expect(test.every(({ part }) => part === 'test')).toBe(true);
  });

  it('have no speaker in common when speakers are held back', async () => {
    const table = spokenTable(temporaryDirectory(), 12, 'file,text,speaker');
    const { training, valid, test } = await split(table, { by: 'speaker', valid: 0, test: 0.5 });
    expect(valid).toEqual([]);
    expect([speakersOf(training), speakersOf(test)].flat().sort()).toEqual(['ann', 'bob']);
    const shared = split(spokenTable(temporaryDirectory()), { by: 'speaker', valid: 0 });
    await expect(shared).rejects.toThrow(/the group '\w+' is in the training part and in the test part/);
    const nameless = split(spokenTable(temporaryDirectory(), 12, 'file,text'), { by: 'speaker' });
    await expect(nameless).rejects.toThrow(/line 2, column 'speaker'/);
  });

  it('may lie in files of their own, but not twice', async () => {
    const table = spokenTable(temporaryDirectory(), 6, 'file,text');
    const other = spokenTable(temporaryDirectory(), 3, 'file,text');
    const { training, valid, test } = await split(table, { valid: other, test: 0 });
    expect([training.length, valid.length, test.length]).toEqual([18, 9, 0]);
    const twice = split(spokenTable(temporaryDirectory()), { test: other });
    await expect(twice).rejects.toThrow(/'test' must not be a file because the table has a part 'test' itself/);
  });

  it('may leave nothing to train on, which is refused', async () => {
    const directory = temporaryDirectory();
    const table = join(directory, 'table.csv');
    writeFileSync(table, 'file,text,part\na.wav,b,test\n');
    await expect(split(table, { valid: 0 })).rejects.toThrow(code('empty_data'));
  });
});

describe('the examples of a table of transcripts', () => {
  /** A table with a row more, of a clip of 100 ms that says much. */
  function crowded(): string {
    const directory = temporaryDirectory();
    const table = spokenTable(directory, 6, 'file,text');
    writeWav(join(directory, 'long.wav'), new Float32Array(800).fill(0.1));
    writeFileSync(
      join(directory, 'crowded.csv'),
      'file,text\nlow-0.wav,low\nlow-1.wav,up\nlong.wav,up low up low up\n',
    );
    return join(table, '../crowded.csv');
  }

  it('refuse a text with more symbols than steps by its row, or leave it out', async () => {
    const given = { data: crowded(), valid: 0, test: 0, strings: 0 };
    await expect(transcribe.read(checked(given))).rejects.toThrow(
      /crowded\.csv' line 4, column 'text': expected a text that fits into 2 steps of sound, found one that needs 5/,
    );
    const { training, saved } = await transcribe.read(checked({ ...given, misfits: 'drop' }));
    expect(training).toMatchObject({ count: 2 });
    expect(saved.symbols).toEqual(['low', 'up']);
    const { training: single } = await transcribe.read(checked({ ...given, stack: 1 }));
    expect(single).toMatchObject({ count: 3 });
  });

  it('name a clip that is shorter than a frame', async () => {
    const directory = temporaryDirectory();
    spokenTable(directory, 3);
    writeWav(join(directory, 'low-1.wav'), new Float32Array(50));
    const read = transcribe.read(checked({ data: join(directory, 'table.csv'), valid: 0 }));
    await expect(read).rejects.toThrow(/table\.csv' line 3: 50 samples are too few/);
  });

  it.each<[string, object, string, RegExp]>([
    ['a range that is none', { join: '3-1' }, 'invalid_option', /'join' must be a number such as 3 or a range.*'3-1'/],
    ['coefficients of log-mel', { coefficients: 5 }, 'invalid_option', /'coefficients' belongs to mfcc/],
    ['a table that is not there', { data: 'nowhere.csv' }, 'file_unreadable', /nowhere/],
    ['a language model that is not there', { languageModel: 'nowhere' }, 'invalid_configuration', /nowhere/],
    ['data that is not given', { data: undefined }, 'invalid_option', /'data' is missing/],
  ])('refuse %s before anything is written', async (_name, wrong, expected, message) => {
    const out = join(temporaryDirectory(), 'run');
    const data = spokenTable(temporaryDirectory(), 3);
    const training = trainTask('transcribe', { ...QUIET, data, out, ...wrong } as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code: expected });
    expect(existsSync(out)).toBe(false);
  });

  it('may have symbols that no training text has, in held-out parts: a note counts them', async () => {
    const directory = temporaryDirectory();
    spokenTable(directory, 6);
    const data = join(directory, 'held.csv');
    const rows = ['low-0.wav,low,training', 'up-0.wav,up,training', 'low-1.wav,low down,valid', 'up-1.wav,high,test'];
    writeFileSync(data, `file,text,part\n${rows.join('\n')}\n`);
    const options = checked({ data, valid: 0, test: 0, perturb: 0 });
    const { validation, test, saved, notes } = await transcribe.read(options);
    expect(saved.symbols).toEqual(['low', 'up']);
    expect(notes).toEqual([
      'validation: 1 of 1 texts have words that no training text has, which count as errors: "down"',
      'test: 1 of 1 texts have words that no training text has, which count as errors: "high"',
    ]);
    const [example] = (await validation?.read(Int32Array.of(0))) ?? [];
    expect([example?.text, [...(example?.labels ?? [])]]).toEqual(['low down', [1, -1]]);
    expect(test?.texts).toEqual(['high']);
    const known: string[] = [];
    await transcribe.readExamples(data, options, saved, (note) => known.push(note));
    expect(known).toEqual([expect.stringMatching(/held\.csv: 2 of 4 texts .*: "down", "high"$/)]);
    const letters = await transcribe.read(
      checked({ data, valid: 0, test: 0, perturb: 0, symbols: 'characters', stack: 1 }),
    );
    expect(letters.notes).toEqual([
      'validation: 1 of 1 texts have characters that no training text has, which count as errors: " ", "d", "n"',
      'test: 1 of 1 texts have characters that no training text has, which count as errors: "h", "i", "g"',
    ]);
  });

  it('are trained on and judged all the same when a held-out text has unknown symbols', async () => {
    const directory = temporaryDirectory();
    spokenTable(directory, 6);
    const data = join(directory, 'held.csv');
    const rows = [0, 1, 2, 3].flatMap((at) => [`low-${at}.wav,low,training`, `up-${at}.wav,up,training`]);
    writeFileSync(data, `file,text,part\n${[...rows, 'high-1.wav,high,valid', 'high-0.wav,high,test'].join('\n')}\n`);
    const out = join(directory, 'run');
    const { metrics, naive } = await trainTask('transcribe', { ...QUIET, data, out, units: 4, epochs: 1, naive: 5 });
    expect(metrics.test).toMatchObject({ beam: { wordErrorRate: expect.any(Number) } });
    expect(naive?.results).toEqual([
      {
        rule: 'one text for all',
        metrics: { beam: { wordErrorRate: 1, characterErrorRate: 1 } },
        text: expect.any(String),
      },
      { rule: 'no text', metrics: { beam: { wordErrorRate: 1, characterErrorRate: 1 } }, text: expect.any(String) },
    ]);
  });

  it('have features that are computed once, within the memory that they may have, with the same bits as anew', async () => {
    const data = spokenTable(temporaryDirectory(), 6);
    const all = Int32Array.from({ length: 12 }, (_, at) => at);
    const inputsOf = async (given: object) => {
      const { training } = await transcribe.read(checked({ data, valid: 0, perturb: 0, ...given }));
      const extract = vi.spyOn(SoundFeatures.prototype, 'extract');
      const epochs = [];
      for (const epoch of [0, 1]) epochs.push(await training.inEpoch?.({ seed: 1, epoch }).read(all));
      const computed = extract.mock.calls.length;
      extract.mockRestore();
      return { computed, inputs: epochs.flat().map((example) => [example?.text, [...(example?.input ?? [])]]) };
    };
    const kept = await inputsOf({});
    expect(kept.computed).toBe(0);
    const anew = await inputsOf({ featureMemory: 0 });
    expect(anew.computed).toBe(24);
    expect(kept.inputs).toEqual(anew.inputs);
    const some = await inputsOf({ featureMemory: 0.01 });
    expect(some.computed).toBeGreaterThan(0);
    expect(some.computed).toBeLessThan(24);
    expect(some.inputs).toEqual(anew.inputs);
    expect((await inputsOf({ perturb: 0.5 })).computed).toBe(24);
  });

  const ALL = Int32Array.from({ length: 12 }, (_, at) => at);

  it('are changed at random where there are few, unless somebody says so', async () => {
    const data = spokenTable(temporaryDirectory(), 6);
    const of = async (given: object) => {
      const { training, notes } = await transcribe.read(checked({ data, valid: 0, ...given }));
      const inputs = await Promise.all(
        [0, 12].map(async (epoch) => (await training.inEpoch?.({ seed: 1, epoch }).read(ALL)) ?? []),
      );
      const [first, second] = inputs.map((examples) => examples.map(({ input }) => input.join()).sort());
      return { notes, isSame: first?.join(';') === second?.join(';') };
    };
    const few = [expect.stringMatching(/^12 sounds are few: each is changed at random/)];
    expect(await of({})).toEqual({ notes: few, isSame: false });
    expect(await of({ perturb: 0 })).toEqual({ notes: [], isSame: true });
    expect(await of({ perturb: 0.5 })).toEqual({ notes: [], isSame: false });
  });

  it('begin with the frequencies of labels and blanks', async () => {
    const data = spokenTable(temporaryDirectory(), 6);
    const { training, saved } = await transcribe.read(checked({ data, valid: 0, perturb: 0 }));
    const counts = labelCounts(training, new TranscriptSymbols('words', saved.symbols));
    const steps = training.texts.reduce((sum, _, at) => sum + training.lengthOf(at), 0);
    expect([...counts]).toEqual([steps - 12, 4, 4, 4]);
  });

  it('are as many as the clips, unless somebody says so or clips are joined', async () => {
    const data = spokenTable(temporaryDirectory(), 6);
    const countOf = async (given: object) =>
      (await transcribe.read(checked({ data, valid: 0, ...given }))).training.count;
    expect(await countOf({})).toBe(12);
    expect(await countOf({ join: '1-3' })).toBe(6);
    expect(await countOf({ join: '1-3', strings: 0 })).toBe(12);
    expect(await countOf({ strings: 5 })).toBe(5);
  });

  it('are scaled by themselves when they are long enough and the network may read them to their end', async () => {
    const data = spokenTable(temporaryDirectory(), 6); // of 120 ms
    const of = async (given: object) => (await transcribe.read(checked({ data, valid: 0, ...given }))).saved.sound;
    expect((await of({})).normalize).toBe('training');
    expect((await of({ join: '10' })).normalize).toBe('utterance');
    expect((await of({ join: '10', direction: 'forward' })).normalize).toBe('training');
    expect(await of({ join: '10', normalize: 'training' })).not.toHaveProperty('normalize');
  });

  it('know ranges in their shortest form', () => {
    expect([checked({ join: '4-4' }).join, checked({ join: '2-5' }).join]).toEqual(['4', '2-5']);
    expect(parseRange('join', '2-5')).toEqual({ fewest: 2, most: 5 });
  });
});

describe('a language model for the beam search', () => {
  it('spells what labels stand for, one behind the other', async () => {
    const directory = temporaryDirectory();
    const text = join(directory, 'text.txt');
    writeFileSync(text, 'high low\nlow low high\nhigh high\n'.repeat(12));
    const place = { ...QUIET, data: text, valid: 0, epochs: 2, batch: 4, steps: 16, units: 12 };
    const characters = join(directory, 'characters');
    await trainTask('lm', { ...place, out: characters });
    const { model, vocabulary } = await loadLanguageModel(characters, { threads: 1 });
    /** Logarithm of the probability of the last characters of a text, read from its begin on. */
    const logProbability = (whole: string, last: number) => {
      const ids = [...vocabulary.encode(`\n${whole}`)];
      const stream = model.stream();
      const steps = ids.slice(0, -1).map((id, at) => {
        const logits = stream.step(id);
        return (logits[ids[at + 1] as number] as number) - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
      });
      return steps.slice(-last).reduce((sum, step) => sum + step, 0);
    };
    const words = new TranscriptSymbols('words', ['high', 'low']);
    const opened = await openLanguageModel(checked({ languageModel: characters }), words);
    const labelModel = opened?.labelModel();
    expect(labelModel?.([], 2)).toBeCloseTo(logProbability('low', 3), 4);
    expect(labelModel?.([2, 1], 1)).toBeCloseTo(logProbability('low high high', 5), 4);
    expect(labelModel?.([], 2)).toBe(opened?.labelModel()([], 2));
    opened?.close();
    model.dispose();
    const letters = new TranscriptSymbols('characters', [' ', 'h', 'z']);
    await expect(openLanguageModel(checked({ languageModel: characters }), letters)).rejects.toThrow(
      code('unknown_symbol'),
    );
    const ofWords = join(directory, 'words');
    await trainTask('lm', { ...place, out: ofWords, level: 'word', epochs: 1 });
    await expect(openLanguageModel(checked({ languageModel: ofWords }), letters)).rejects.toThrow(/a model of words/);
    expect(await openLanguageModel(checked({}), words)).toBeUndefined();
  });

  it('changes what the beam search finds, by its weight', async () => {
    const directory = temporaryDirectory();
    const text = join(directory, 'text.txt');
    writeFileSync(text, 'high low up\n'.repeat(12));
    const languageModel = join(directory, 'characters');
    const small = { ...QUIET, valid: 0, epochs: 1, batch: 4, units: 4 };
    await trainTask('lm', { ...small, data: text, steps: 16, out: languageModel });
    const out = join(directory, 'run');
    const data = spokenTable(directory, 3);
    await trainTask('transcribe', { ...small, data, out, test: 0, strings: 8, languageModel });
    const { model, saved, ...loaded } = await loadTask(out, { threads: 1 });
    const options = { ...loaded.options, insertionBonus: 5 }; // or a network that knows nothing says nothing
    const sound = { file: join(directory, 'up-1.wav') };
    const inputs = await transcribe.readInputs(sound, options as never, saved as never, () => {});
    const bestWith = async (lmWeight: number) => {
      const context = { options: { ...options, lmWeight }, saved } as never;
      for await (const prediction of transcribe.predict(model, inputs, context)) return prediction;
      return undefined;
    };
    const alone = await bestWith(0);
    expect(alone?.['text']).not.toBe('');
    expect(await bestWith(100)).toMatchObject({ text: '' }); // and every word costs
    const context = { options: { ...options, languageModel: undefined }, saved } as never;
    for await (const { text, score } of transcribe.predict(model, inputs, context)) {
      expect([text, score]).toEqual([alone?.['text'], alone?.['score']]);
    }
    model.dispose();
  });
});
