import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classSettings, validationPart } from '../../src/tasks/recipes/classify/class-defaults.js';
import { POOLINGS } from '../../src/tasks/recipes/classify/class-network.js';
import { choosingScore } from '../../src/tasks/recipes/classify/class-scores.js';
import type { TaskStart } from '../../src/tasks/runner/train-task.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED, wordFolder } from './trained.js';

const tiny = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, naive: 0 } as const;

/** Waves of two classes. */
function series(directory: string, count: number, steps: number): string {
  const file = join(directory, `series-${count}-${steps}.jsonl`);
  const line = (at: number) =>
    JSON.stringify({
      input: Array.from({ length: steps }, (_, step) => Math.sin(step * (1 + (at % 2)) + at)),
      target: at % 2,
    });
  writeFileSync(file, Array.from({ length: count }, (_, at) => line(at)).join('\n'));
  return file;
}

/** The options of a run, and those that the data have decided. */
async function start(task: 'classify' | 'tag', options: object): Promise<TaskStart & { readonly config: object }> {
  const out = join(temporaryDirectory(), 'run');
  let start: TaskStart | undefined;
  const onStart = (each: TaskStart) => {
    start = each;
  };
  await trainTask(task, { ...tiny, ...options, out, onStart } as never);
  return { ...(start as TaskStart), config: JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task };
}

describe('the part that chooses the best model', () => {
  it('is none of few examples, unless validations are waited for or there is no test part', () => {
    const usual = { patience: undefined, test: 0.1 };
    expect([36, 99, 100, 499, 500, 10_000].map((examples) => validationPart(examples, usual))).toEqual([
      ...[0, 0, 0.2, 0.2, 0.1, 0.1],
    ]);
    for (const needed of [
      { ...usual, patience: 3 },
      { ...usual, test: 0 },
    ]) {
      expect([36, 100, 500].map((examples) => validationPart(examples, needed))).toEqual([0.2, 0.2, 0.1]);
    }
    expect(validationPart(36, { patience: 0, test: 'test.ts' })).toBe(0);
  });

  it('is what the run says, also beside a test part of the same file', async () => {
    const directory = temporaryDirectory();
    const { examples, config } = await start('classify', { data: series(directory, 40, 5) });
    expect(examples).toEqual({ training: 36, validation: 0, test: 4 });
    expect(config).toMatchObject({ valid: 0 });
    const more = await start('classify', { data: series(directory, 110, 5) });
    expect(more.examples).toEqual({ training: 78, validation: 20, test: 12 });
    expect(more.options).toMatchObject({ valid: 0.2, patience: 0 });
    const own = await start('classify', { data: series(directory, 40, 5), valid: 0.5, test: 0 });
    expect(own.examples).toEqual({ training: 20, validation: 20, test: 0 });
  });
});

describe('the layers before the recurrent ones', () => {
  it('are convolutions of long series, not of short ones and not of tags', async () => {
    const directory = temporaryDirectory();
    const long = await start('classify', { data: series(directory, 40, 20) });
    expect(long.options).toMatchObject({ front: 'convolution', inputDropout: undefined });
    expect(long.settled.find(({ name }) => name === 'front')?.reason).toBe('sequences of about 20 rows');
    const short = await start('classify', { data: series(directory, 40, 19) });
    expect(short.options).toMatchObject({ front: undefined });
    expect(short.config).not.toHaveProperty('front');
    const none = await start('classify', { data: series(directory, 40, 20), front: 'none' });
    expect(none.parameters).toBe(short.parameters);
    expect(long.parameters).toBeGreaterThan(short.parameters + 64 * (7 + 5 * 64));
  });

  it('give the same predictions when the run is loaded, of sequences shorter than they read, too', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const { metrics } = await trainTask('classify', { ...tiny, data: series(directory, 40, 64), out });
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    expect((await loaded.evaluate()).metrics).toEqual(metrics.test);
    const [one, none] = await loaded.predict([[0.5], Array.from({ length: 9 }, () => 0)]);
    expect([one?.probability, none?.probability]).toEqual([expect.any(Number), expect.any(Number)]);
    loaded.dispose();
  });
});

describe('the layers of the output', () => {
  it('read ends, mean and maximum of symbols and of few rows, and the maximum of words and of more rows', async () => {
    const directory = temporaryDirectory();
    const symbols = join(directory, 'symbols.jsonl');
    const line = (at: number) => JSON.stringify({ input: 'ab'.repeat(1 + (at % 4)), target: at % 2 });
    writeFileSync(symbols, Array.from({ length: 40 }, (_, at) => line(at)).join('\n'));
    const read = await start('classify', { data: symbols });
    expect(read.options).toMatchObject({ pooling: 'last+mean+max', hidden: 64, dropout: 0.1 });
    const words = await start('classify', { data: wordFolder(directory, 200), level: 'word' });
    const rows = await start('classify', { data: series(directory, 40, 64) });
    for (const { options } of [words, rows]) expect(options).toMatchObject({ pooling: 'max', hidden: undefined });
    const few = await start('classify', { data: series(directory, 40, 5) });
    expect(few.options).toMatchObject({ pooling: 'last+mean+max', hidden: undefined });
    // 2 classes; without a hidden layer each part has two directions of two units for each of them.
    const given = await start('classify', { data: symbols, pooling: 'last+mean+max', hidden: 0 });
    const one = await start('classify', { data: symbols, pooling: 'max', hidden: 0 });
    expect(given.parameters - one.parameters).toBe(2 * 2 * 2 * 2);
  });

  it.each(POOLINGS)('give the same predictions when the run is loaded, with %s', async (pooling) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = series(directory, 40, 7);
    const { metrics } = await trainTask('classify', { ...tiny, data, out, pooling, hidden: 3, layers: 2 });
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    expect((await loaded.evaluate()).metrics).toEqual(metrics.test);
    // A sequence has the same row alone and beside longer ones.
    const [short] = await loaded.predict([[0.5, 1]]);
    const [, beside] = await loaded.predict([
      [1, 2, 3, 4],
      [0.5, 1],
    ]);
    expect(beside).toEqual(short);
    loaded.dispose();
  });
});

describe('the length of a training', () => {
  it('has fewer epochs where sequences of symbols are long', () => {
    const epochs = (length: number) => {
      const sequence = { input: new Int32Array(length), target: 0 };
      const encoding = { kind: 'characters', vocabulary: { symbols: ['a', 'b'] } };
      const data = { training: Array.from({ length: 320 }, () => sequence), saved: { encoding } };
      const given = { patience: undefined, test: 0.1 };
      return classSettings(given, data as never, false).epochs?.value;
    };
    expect([10, 1000, 10_000].map(epochs)).toEqual([125, 31, 10]);
  });
});

describe('words', () => {
  it('have noise in training, and taggers read unknown ones by their form', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'words.jsonl');
    const line = (at: number) => JSON.stringify({ input: ['a', `w${at}`], target: ['x', 'y'] });
    writeFileSync(data, Array.from({ length: 300 }, (_, at) => line(at)).join('\n'));
    const tag = await start('tag', { data });
    expect(tag.options).toMatchObject({ inputDropout: 0.5, dropout: 0.5, unknownWords: 'form', unknownRate: 0.25 });
    const words = wordFolder(directory, 200);
    const classify = await start('classify', { data: words, level: 'word' });
    expect(classify.options).toMatchObject({ inputDropout: 0.5, unknownWords: 'one', unknownRate: 1 });
    const few = join(directory, 'few.jsonl');
    const states = (at: number) => JSON.stringify({ input: ['on', `s${at % 9}`], target: ['x', 'y'] });
    writeFileSync(few, Array.from({ length: 300 }, (_, at) => states(at)).join('\n'));
    const machine = await start('tag', { data: few });
    expect(machine.options).toMatchObject({ inputDropout: undefined, dropout: 0.1, unknownWords: 'form' });
    const letters = join(directory, 'letters.jsonl');
    const text = (at: number) => JSON.stringify({ input: String.fromCharCode(65 + (at % 40)), target: at % 2 });
    writeFileSync(letters, Array.from({ length: 300 }, (_, at) => text(at)).join('\n'));
    const characters = await start('classify', { data: letters });
    expect(characters.options).toMatchObject({ inputDropout: undefined, dropout: 0.3, unknownRate: undefined });
  });

  it('are the same in a run that stops and goes on', async () => {
    const directory = temporaryDirectory();
    const data = wordFolder(directory);
    const options = {
      ...QUIET,
      units: 4,
      embedding: 4,
      naive: 0,
      data,
      level: 'word' as const,
      batch: 16,
      schedule: 'constant',
    };
    const whole = await trainTask('classify', { ...options, epochs: 4, out: join(directory, 'whole') });
    await trainTask('classify', { ...options, epochs: 2, out: join(directory, 'parts') });
    const parts = await trainTask('classify', { ...QUIET, epochs: 4, resume: true, out: join(directory, 'parts') });
    expect([parts.metrics, parts.best?.loss]).toEqual([whole.metrics, whole.best?.loss]);
  });
});

describe('what chooses the best model', () => {
  it('is the mean probability of the right classes, or the accuracy', async () => {
    const data = wordFolder(temporaryDirectory(), 60);
    for (const [choose, measure] of [
      ['probability', 'meanProbability'],
      ['accuracy', 'accuracy'],
    ] as const) {
      const out = join(temporaryDirectory(), 'run');
      const { best, metrics, naive } = await trainTask('classify', {
        ...QUIET,
        units: 4,
        epochs: 2,
        data,
        out,
        choose,
        calibrate: 'no',
      });
      expect(best?.score).toBe(1 - Number(metrics.validation?.[measure]));
      expect(Object.hasOwn(metrics.test ?? {}, 'meanProbability')).toBe(choose === 'probability');
      // The rules know no probabilities: they are compared by what is right.
      const rule = naive?.results.find((each) => each.rule === naive.best)?.metrics;
      expect(naive?.isAhead).toBe(Number(metrics.test?.['accuracy']) > Number(rule?.['accuracy']));
    }
  });

  it('is the mean of what predictions say, without targets that are left out', async () => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'words.jsonl'), join(directory, 'run')];
    const rows = Array.from({ length: 40 }, (_, at) => ({ input: `${at}ab`, target: at % 3 === 0 ? 'x' : 'y' }));
    writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
    await trainTask('classify', { ...tiny, data, out });
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    const found = await loaded.predict(rows.map(({ input }) => input));
    const likely = found.map((each, at) => each.probabilities[rows[at]?.target ?? ''] as number);
    const mean = likely.reduce((sum, each) => sum + each, 0) / rows.length;
    expect((await loaded.evaluate(data)).metrics['meanProbability']).toBeCloseTo(mean, 6);
    loaded.dispose();
    const tags = join(directory, 'tags.jsonl');
    writeFileSync(
      tags,
      Array.from({ length: 20 }, () => JSON.stringify({ input: 'ab', target: ['x', -1] })).join('\n'),
    );
    const { metrics } = await trainTask('tag', { ...tiny, data: tags, out: join(directory, 'tags') });
    expect(metrics.test).toMatchObject({ targets: 2, meanProbability: 1 });
  });
});

describe('what chooses the best model of tags', () => {
  const tagged = (directory: string, inside: string) => {
    const file = join(directory, `${inside}.jsonl`);
    const row = (at: number) => {
      const input = Array.from({ length: 6 }, (_, step) => `w${(at * 7 + step * 3) % 11}`);
      return JSON.stringify({
        input,
        target: input.map((word) => (word === 'w3' ? `B${inside}` : word === 'w4' ? `I${inside}` : 'O')),
      });
    };
    writeFileSync(file, Array.from({ length: 60 }, (_, at) => row(at)).join('\n'));
    return file;
  };
  const given = {
    ...QUIET,
    units: 4,
    embedding: 4,
    epochs: 3,
    calibrate: 'no',
    learningRate: 0.02,
    valid: 0.2,
  } as const;

  it('is the F1 of spans where the tags mark spans, and the probability of other tags', async () => {
    const directory = temporaryDirectory();
    const spans = await start('tag', { ...given, data: tagged(directory, '-PER') });
    expect(spans.options).toMatchObject({ choose: 'spans' });
    const { best, metrics } = await trainTask('tag', {
      ...given,
      data: tagged(directory, '-PER'),
      out: join(directory, 'run'),
    });
    const { f1 } = (metrics.validation?.['spans'] ?? {}) as { readonly f1?: number };
    expect(best?.score).toBe(1 - Number(f1));
    expect(metrics.validation).not.toHaveProperty('meanProbability');
    const others = await start('tag', { ...given, data: tagged(directory, 'x') });
    expect(others.options).toMatchObject({ choose: 'probability' });
  });

  it('is refused where no tag marks a span, before anything is written', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const training = trainTask('tag', { ...given, data: tagged(directory, 'x'), out, choose: 'spans' });
    await expect(training).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(
        /'choose' is 'spans', which needs tags of spans .*found 'Bx', 'Ix', 'O'; leave it away/,
      ),
    });
    expect(existsSync(out)).toBe(false);
    const words = trainTask('classify', { ...given, data: wordFolder(directory, 20), out, choose: 'spans' as never });
    await expect(words).rejects.toMatchObject({ code: 'invalid_option' });
  });

  it('takes a part without spans for right where none is found, and for wrong otherwise', () => {
    const of = (f1: number | null) => choosingScore({ accuracy: 0.5, spans: { f1 } }, { choose: 'spans' });
    expect([of(null), of(0), of(0.75)]).toEqual([0, 1, 0.25]);
    expect(choosingScore({ accuracy: 0.5, spans: { f1: 1 } }, { choose: 'accuracy' })).toBe(0.5);
  });
});

describe('a run from before these options', () => {
  it('lacks them in its configuration, and goes on without them', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const before = {
      inputDropout: 0,
      unknownWords: 'one',
      unknownRate: 0,
      front: 'none',
      valid: 0.1,
      dropout: 0.3,
      choose: 'accuracy',
    } as const;
    const options = {
      ...tiny,
      data: wordFolder(directory),
      level: 'word',
      ...before,
      init: 'default',
      batch: 32,
      patience: 0,
    } as const;
    const first = await trainTask('classify', { ...options, out });
    const { task } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    for (const name of ['inputDropout', 'unknownWords', 'unknownRate', 'front', 'choose'])
      expect(task).not.toHaveProperty(name);
    expect(task.saved.encoding).not.toHaveProperty('forms');
    const more = await trainTask('classify', { ...QUIET, out, resume: true, epochs: 2 });
    expect([more.epochs, more.parameters, more.examples]).toEqual([2, first.parameters, first.examples]);
  });
});

describe('the reasons of defaults', () => {
  const reasonsOf = async (data: string, options: object = {}) => {
    const { settled } = await start('classify', { data, ...options });
    return Object.fromEntries(settled.map(({ name, value, reason }) => [name, [value, reason]]));
  };
  const lines = (name: string, inputOf: (at: number) => unknown) => {
    const file = join(temporaryDirectory(), name);
    const rows = Array.from({ length: 30 }, (_, at) => JSON.stringify({ input: inputOf(at), target: at % 2 }));
    writeFileSync(file, rows.join('\n'));
    return file;
  };
  const words = (at: number) => Array.from({ length: 4 }, (_, each) => `word${(at + each) % 30}`);

  it('are those of what is read', async () => {
    const texts = lines('texts.jsonl', (at) => `${words(at).join(' ')} abcdefghijklmnopqrstuvwxyz`);
    const reason = async (data: string, options?: object) => (await reasonsOf(data, options))['dropout']?.[1];
    expect(await reason(texts, { level: 'word' })).toBe('words of a small vocabulary, of which none is rare');
    expect(await reason(texts, { level: 'character' })).toBe('characters of texts');
    expect(await reason(texts, { level: 'byte' })).toBe('bytes of texts');
    expect(await reason(lines('tokens.jsonl', words))).toBe('tokens of a small vocabulary, of which none is rare');
  });

  it('say of rows of numbers that they have no embedding', async () => {
    const { init } = await reasonsOf(series(temporaryDirectory(), 30, 5));
    expect(init).toEqual(['default', 'rows of numbers have no embedding']);
    expect((await reasonsOf(lines('tokens.jsonl', words)))['init']?.[0]).toBe('default,embedding=0.1');
  });
});
