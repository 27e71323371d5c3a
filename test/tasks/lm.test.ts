import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { checkTaskOptions } from '../../src/tasks/definition/task-options.js';
import { lm } from '../../src/tasks/recipes/lm/lm.js';
import { loadLanguageModel } from '../../src/tasks/recipes/lm/saved-language-model.js';
import type { TaskStart } from '../../src/tasks/runner/train-task.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';
import { predictions, trainWithNotes } from './trained.js';

const check = (given: Readonly<Record<string, unknown>>, earlier = {}) =>
  checkTaskOptions('lm', lm.options, given, earlier);

const place = { data: 'text.txt', out: 'runs/a' };
const small = {
  embedding: 8,
  units: 16,
  layers: 1,
  batch: 8,
  steps: 16,
  epochs: 2,
  threads: 1,
  progress: false,
} as const;

describe('options of a language model', () => {
  it('have the defaults that the help names', () => {
    const defaults = Object.entries(lm.options).flatMap(([name, option]) =>
      option.default === undefined ? [] : [[name, option.default]],
    );
    expect(check(place)).toMatchObject({
      ...Object.fromEntries(defaults),
      ...place,
      schedule: 'cosine:minimum=0',
      resume: false,
    });
    expect(check(place)).toMatchObject({ cell: 'lstm', units: 256 });
  });

  it('are settled by the length of the text, where nobody gave them', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, smallText(300));
    const given = { data, embedding: 4, units: 4, layers: 1, threads: 1, progress: false } as const;
    const starts: TaskStart[] = [];
    const onStart = (start: TaskStart) => starts.push(start);
    await trainTask('lm', { ...given, out: join(directory, 'a'), steps: 5, epochs: 1, onStart });
    await trainTask('lm', { ...given, out: join(directory, 'a'), resume: true, epochs: 1, onStart });
    const [begun, resumed] = starts as [TaskStart, TaskStart];
    expect(begun.settled.map(({ name }) => name)).toEqual(['dropout', 'patience', 'inputDropout', 'tied', 'batch']);
    expect(begun.options).toMatchObject({ dropout: 0.3, patience: 6, epochs: 1, inputDropout: 0, tied: false });
    expect(resumed.settled).toEqual([]);
    expect(resumed.options).toMatchObject({ ...begun.options, resume: true });
  });

  it('are taken from what is given, then from the run that is resumed, then from the defaults', () => {
    const checked = check({ ...place, units: 3, seed: undefined }, { units: 4, layers: 5, seed: 6 });
    expect(checked).toMatchObject({ units: 3, layers: 5, seed: 6, cell: 'lstm', inputDropout: 0 });
  });

  it.each<[string, unknown]>([
    ['valid', -0.1],
    ['valid', ''],
    ['level', 'bytes'],
    ['vocabulary', 2],
    ['cell', 'LSTM'],
    ['embedding', 0],
    ['units', 1.5],
    ['layers', '2'],
    ['dropout', 0.9999995],
    ['recurrent', []],
    ['recurrent', '{}'],
    ['recurrent', { units: 16 }],
    ['recurrent', { layers: 2 }],
    ['recurrent', { dropout: 0.1 }],
    ['recurrent', { initializer: 'he' }],
    ['recurrent', { output: 'sequence' }],
    ['recurrent', { direction: 'reverse' }],
    ['recurrent', { direction: 'bidirectional', merge: 'sum' }],
    ['batch', Number.NaN],
    ['epochs', 0],
    ['learningRate', Number.POSITIVE_INFINITY],
    ['weightDecay', -1],
    ['schedule', 5],
    ['init', ''],
    ['clipNorm', -1],
    ['seed', -1],
    ['threads', 0],
    ['checkpointEvery', 0],
    ['resume', 'yes'],
    ['data', 7],
    ['out', undefined],
  ])('%s of %j is an error that names it', (name, value) => {
    expect(() => check({ ...place, [name]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
  });

  it('of the recurrent layers are named when the task decides them', () => {
    const checked = (recurrent: object) => () => check({ ...place, recurrent });
    expect(checked({ zoneout: 0.1, dropout: 0.2 })).toThrow(
      "'recurrent' has 'dropout' 0.2: option 'dropout' decides it",
    );
    expect(checked({ initializer: 'he' })).toThrow(/'recurrent' has 'initializer' "he": option 'init' decides it/);
    expect(checked({ output: 'last' })).toThrow(/'output' "last": .*every step/);
    expect(checked({ direction: 'reverse' })).toThrow(/'direction' "reverse": .*forward only/);
  });

  it('that do not exist are errors', () => {
    const options = { ...place, unit: 3 };
    expect(() => check(options)).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });
});

const vocabulary = CharacterVocabulary.fromText('abcdefg').toJSON();

function nodesOf(given: Readonly<Record<string, unknown>>) {
  const nodes = lm.network(check({ ...place, ...given }), { vocabulary }).description.nodes;
  return nodes.map(({ layer }) => layer);
}

describe('the network of a language model', () => {
  it('is embedding, recurrent layers, dropout where it is asked for, and logits', () => {
    const layers = nodesOf({ cell: 'gru', embedding: 3, units: 4, layers: 2, dropout: 0.5 });
    expect(layers).toMatchObject([
      { kind: 'embedding', size: 7, units: 3 },
      { kind: 'gru', units: 4, layers: 2, dropout: 0.5 },
      { kind: 'dropout', rate: 0.5 },
      { kind: 'dense', units: 7 },
    ]);
    expect(nodesOf({ cell: 'gru', embedding: 3, dropout: 0 }).map(({ kind }) => kind)).toEqual([
      'embedding',
      'gru',
      'dense',
    ]);
  });
});

describe('a language model of words that nobody gave options', () => {
  /** Two hundred words that come again, and words that occur but once. */
  const rare = Array.from({ length: 400 }, (_, at) => `w${at % 200} w${(at * 7) % 200} once${at}\n`).join('');
  const quick = { units: 4, threads: 1, progress: false, epochs: 1, valid: 0.1, level: 'word' } as const;

  async function startOf(text: string, more: object = {}) {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, text);
    const starts: TaskStart[] = [];
    const onStart = (start: TaskStart) => starts.push(start);
    await trainTask('lm', { ...quick, data, out: join(directory, 'run'), naive: 0, onStart, ...more });
    const run = await loadLanguageModel(join(directory, 'run'), { threads: 1 });
    const bias = Array.from(run.model.parameters.get('dense_1.bias')?.data ?? []);
    run.model.dispose();
    return { start: starts[0] as TaskStart, vocabulary: run.vocabulary, bias };
  }

  it('reads words that occur once as unknown, and begins with the frequencies of all', async () => {
    const { start, vocabulary, bias } = await startOf(rare, { learningRate: 1e-9 });
    expect(start.options).toMatchObject({
      minCount: 2,
      tied: true,
      inputDropout: 0.5,
      dropout: 0.5,
      layers: 1,
      steps: 35,
    });
    expect(vocabulary.size).toBe(202);
    const sum = bias.reduce((all, logit) => all + Math.exp(logit), 0);
    expect(sum).toBeCloseTo(1, 3);
    // A quarter of the symbols are words that occur once, a quarter ends of lines.
    expect(Math.exp(bias[0] as number)).toBeCloseTo(0.25, 1);
    expect(Math.exp(bias[1] as number)).toBeCloseTo(0.25, 1);
  });

  it('takes few words for characters', async () => {
    const { start } = await startOf('a b c d\n'.repeat(200));
    expect(start.options).toMatchObject({ tied: false, inputDropout: 0, dropout: 0.3, layers: 2 });
  });

  it.each<[string, object, string, number]>([
    ['the vocabulary has a size', { vocabulary: 100 }, rare, 1],
    ['the text has marks of its own', { writtenMarks: 'marks' }, rare, 1],
    ['no word occurs twice', {}, Array.from({ length: 300 }, (_, at) => `once${at}`).join(' '), 1],
    ['given', { minCount: 3 }, rare, 3],
  ])('keeps rare words where %s', async (_why, more, text, minCount) => {
    const { start } = await startOf(text, more);
    expect(start.options).toMatchObject({ minCount });
  });
});

describe('a language model with tied embeddings', () => {
  it('uses one table twice, with a projection where sizes differ', () => {
    const kinds = (given: Readonly<Record<string, unknown>>) => nodesOf(given).map(({ kind }) => kind);
    const tied = { kind: 'dense', units: 7, tied: 'embedding' };
    expect(nodesOf({ tied: true, embedding: 4, units: 4 }).at(-1)).toMatchObject(tied);
    expect(kinds({ tied: true, embedding: 4, units: 4 })).toEqual(['embedding', 'lstm', 'dense']);
    expect(nodesOf({ tied: true, embedding: 4, units: 6 }).slice(-2)).toMatchObject([{ units: 4 }, tied]);
    expect(kinds({ tied: true, embedding: 4, units: 6, recurrent: { projection: 4 } })).toHaveLength(3);
  });
});

describe('the recurrent layers of a language model', () => {
  const settings = { cell: 'gru', embedding: 3, units: 4, layers: 2, dropout: 0 } as const;

  it('have the further options as they are given', () => {
    const recurrent = { resetAfter: false, zoneout: 0.1, biases: 'one' } as const;
    const [, layer] = nodesOf({ ...settings, recurrent });
    expect(layer).toEqual({ kind: 'gru', units: 4, layers: 2, dropout: 0, ...recurrent });
  });

  it('refuse what they do not take', () => {
    const build = (recurrent: Readonly<Record<string, unknown>>) => () => nodesOf({ ...settings, recurrent });
    expect(build({ projection: 3 })).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(build({ kind: 'lstm' })).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(build({ zoneout: 1 })).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});

describe('a language model in a program', () => {
  function text(): { data: string; out: string } {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, smallText(200));
    return { data, out: join(directory, 'run') };
  }

  it('aborted, rejects with the reason when its checkpoint is written', async () => {
    const files = text();
    const controller = new AbortController();
    const callbacks = [{ onStep: ({ step }: { step: number }) => void (step === 5 && controller.abort('enough')) }];
    const training = trainTask('lm', { ...files, ...small, signal: controller.signal, callbacks });
    await expect(training).rejects.toBe('enough');
    expect(readdirSync(join(files.out, 'checkpoints'))).toEqual(['step-000005.safetensors']);
  });

  it('diverging, names the step, the layer and the last good checkpoint', async () => {
    const files = text();
    const relu = {
      cell: 'rnn',
      recurrent: { activation: 'relu' },
      optimizer: 'sgd',
      learningRate: 1e30,
      clipNorm: 0,
    } as const;
    const wild = { ...small, ...relu, checkpointEvery: 1 } as const;
    const error = await trainTask('lm', { ...files, ...wild }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^non_finite_(loss|gradient)$/) });
    expect(error).toMatchObject({ details: { step: expect.any(Number), layer: expect.any(String) } });
    expect((error as Error).message).toMatch(/last good checkpoint: .*step-\d{6}\.safetensors$/);
  });

  it('refuses a checkpoint that is not of a language model, and a run without checkpoints', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'other.safetensors');
    await saveCheckpoint(path, { tensors: new Map(), metadata: { configuration: {}, vocabulary: null } });
    await expect(loadLanguageModel(path)).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
    writeFileSync(join(directory, 'config.json'), '{}');
    await expect(loadLanguageModel(directory)).rejects.toMatchObject({ code: 'checkpoint_missing' });
    const resumed = trainTask('lm', { data: path, out: directory, resume: true });
    await expect(resumed).rejects.toMatchObject({ code: 'configuration_mismatch' });
  });
});

describe('words that read as marks', () => {
  const text = 'a <eos> b\nc <unk> d\n'.repeat(30);
  const trained = async (more: object) => {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, text);
    return trainWithNotes('lm', { ...small, level: 'word', epochs: 1, data, out: join(directory, 'run'), ...more });
  };
  const ofLine = async (run: string, line: string) => (await predictions(run, { values: [line] }))[0]?.['symbols'];

  it('are words, which a note says; an option makes them the marks', async () => {
    const apart = await trained({});
    expect(apart.notes).toEqual([
      expect.stringMatching(/^<unk> and <eos> in the text are words.*--written-marks marks/),
      'vocabulary of 8 words; read as <unk>: 0.0 % of the training words, 0.0 % of the validation words',
    ]);
    const vocabulary = async (run: string) => {
      const model = await loadLanguageModel(run, { threads: 1 });
      const { symbols } = model.vocabulary.toJSON();
      model.model.dispose();
      return symbols.length;
    };
    expect(await vocabulary(apart.result.run)).toBe(8);
    expect(await ofLine(apart.result.run, 'a <eos> b')).toBe(3);
    const marks = await trained({ writtenMarks: 'marks' });
    expect(marks.notes).toEqual([
      expect.stringMatching(
        /^vocabulary of 6 words; read as <unk>: 12.5 % of the training words, 1[67].* % of the val.*--min-count 1/,
      ),
    ]);
    expect(await vocabulary(marks.result.run)).toBe(6);
  });

  it('are the marks in a run from before the option, which is resumed as it was', () => {
    expect(check(place, { units: 4 })).toMatchObject({ writtenMarks: 'marks' });
    expect(check(place)).toMatchObject({ writtenMarks: 'words' });
  });

  it('outside the vocabulary are counted in each part, and a small vocabulary is called that', async () => {
    const directory = temporaryDirectory();
    const file = (name: string, words: readonly string[]) => {
      const path = join(directory, name);
      writeFileSync(path, words.join(' '));
      return path;
    };
    const many = (count: number, wordOf: (at: number) => string) =>
      Array.from({ length: count }, (_, at) => wordOf(at));
    const data = file(
      'training.txt',
      many(800, (at) => (at % 4 === 0 ? `once${at}` : `word${at % 8}`)),
    );
    const valid = file(
      'valid.txt',
      many(200, (at) => (at % 2 === 0 ? `new${at}` : 'word1')),
    );
    const test = file(
      'test.txt',
      many(200, () => 'word1'),
    );
    const { notes } = await trained({ data, valid, test });
    expect(notes).toEqual([
      expect.stringMatching(
        /^vocabulary of \d+ words; .* 25.0 % of the training .* (49|50).\d % of the val.* 0.0 % of the test words\. /,
      ),
    ]);
    let start: TaskStart | undefined;
    const onStart = (each: TaskStart) => {
      start = each;
    };
    const { steps: _, ...open } = small;
    const out = join(directory, 'few');
    await trainTask('lm', { ...open, level: 'word', vocabulary: 5, epochs: 1, data, valid, test, out, onStart });
    expect(start?.settled.find(({ name }) => name === 'steps')?.reason).toBe('windows of words');
    expect(start?.notes).toEqual([expect.stringMatching(/^vocabulary of 5 words/)]);
    expect(start?.settled.map(({ reason }) => reason)).not.toContain('most words are rare');
  });

  it('a limit of words has no effect on characters, which a note says', async () => {
    const { notes } = await trained({ level: 'char', vocabulary: 5 });
    expect(notes).toEqual([expect.stringMatching(/^--vocabulary has no effect/)]);
  });
});
