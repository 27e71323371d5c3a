import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json.js';
import { Random } from '../../src/core/random.js';
import { readParallelText } from '../../src/files/parallel-text.js';
import { corpusBleu } from '../../src/metrics/bleu.js';
import { evaluateTask, loadTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';
import { QUIET } from './trained.js';

interface Found {
  readonly score: number;
  readonly nBest: readonly { readonly text: string; readonly score: number }[];
  readonly attention: { readonly source: string[]; readonly target: string[]; readonly weights: number[][] };
}

/** Sentences of a language without grammar, and the words of another one in reverse: `a b c` is `C B A`. */
function reversedLanguage(directory: string, name: string, count: number, seed: number): string {
  const random = new Random(seed, 'language');
  const sentences = Array.from({ length: count }, () =>
    Array.from({ length: 2 + random.integer(4) }, () => 'abcdefgh'[random.integer(8)] as string),
  );
  const write = (end: string, lines: readonly string[]) =>
    writeFileSync(join(directory, `${name}.${end}`), `${lines.join('\n')}\n`);
  write(
    'low',
    sentences.map((words) => words.join(' ')),
  );
  write(
    'up',
    sentences.map((words) => [...words].reverse().join(' ').toUpperCase()),
  );
  return join(directory, name);
}

function small(directory: string, more: object = {}, pairs = 900) {
  const data = reversedLanguage(directory, 'train', pairs, 1);
  const valid = reversedLanguage(directory, 'dev', 40, 2);
  const test = reversedLanguage(directory, 'test', 40, 3);
  const out = join(directory, 'run');
  const size = {
    units: 32,
    embedding: 16,
    dropout: 0,
    epochs: 7,
    batch: 16,
    learningRate: 1e-2,
    cell: 'gru',
    beams: 3,
  } as const;
  return { ...QUIET, data, valid, test, languages: 'low-up', out, ...size, ...more };
}

async function translations(run: string, values: readonly JsonValue[]) {
  const found: Record<string, unknown>[] = [];
  for await (const prediction of predictTask(run, { values, threads: 1 })) found.push(prediction);
  return found;
}

describe('translate', () => {
  it('learns words and their order with attention, and shows where it looked', async () => {
    const directory = temporaryDirectory();
    const options = small(directory);
    const { metrics, examples, best } = await trainTask('translate', options);
    expect(examples).toEqual({ training: 900, validation: 40, test: 40 });
    const pairs = await readParallelText(`${options.test}.low`, `${options.test}.up`);
    const wordByWord = pairs.map(({ source }) => source.map((word) => word.toUpperCase()));
    const control = corpusBleu(
      wordByWord,
      pairs.map(({ target }) => [target]),
    );
    expect(metrics.test?.['bleu']).toBeGreaterThan(control + 0.6);
    expect(metrics.test?.['perplexity']).toBeLessThan(1.5); // 11 symbols
    expect(best?.score).toBeLessThan(0.2);
    expect(await evaluateTask(options.out, { threads: 1 })).toMatchObject({ part: 'test', metrics: metrics.test });
    const other = await evaluateTask(options.out, { data: options.valid, threads: 1 });
    expect(other).toMatchObject({ examples: 40, metrics: metrics.validation });

    const [found, unknown] = await translations(options.out, ['a b c d', ['a', 'z']]);
    expect(found).toMatchObject({ text: 'D C B A', score: expect.any(Number) });
    const { nBest, score, attention } = found as unknown as Found;
    expect(nBest).toHaveLength(3);
    expect(nBest[0]).toMatchObject({ text: 'D C B A', score });
    expect(nBest.map((each) => each.score)).toEqual(nBest.map((each) => each.score).sort((a, b) => b - a));
    expect([attention.source, attention.target]).toEqual([
      ['a', 'b', 'c', 'd'],
      ['D', 'C', 'B', 'A', '</s>'],
    ]);
    const looked = attention.weights.slice(0, 4).map((row) => row.indexOf(Math.max(...row)));
    expect(looked.filter((place, step) => place === 3 - step).length).toBeGreaterThanOrEqual(3);
    const greedy = await evaluateTask(options.out, { options: { beams: 1 }, threads: 1 });
    expect(greedy.metrics['loss']).toBe(metrics.test?.['loss']);
    const few = predictTask(options.out, { values: ['a b'], options: { beams: 2 }, threads: 1 });
    for await (const { nBest: both } of few) expect(both).toHaveLength(2);
    const learnt = evaluateTask(options.out, { options: { units: 8 } });
    await expect(learnt).rejects.toThrow(/use of the task 'translate'.*'units'/);
    const wrong = evaluateTask(options.out, { options: { beams: 0 } });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_option' });

    expect(unknown).toMatchObject({ attention: { source: ['a', 'z'] } });
    const { text } = unknown as { text: string };
    expect(text).not.toContain('<unk>');
  });

  it('copies words that it does not know from where it looks', async () => {
    const directory = temporaryDirectory();
    const rare = { vocabulary: 9, unknown: 'copy' } as const; // three marks and six of eight words
    const options = small(directory, { ...rare, epochs: 7, test: 0 }, 600);
    await trainTask('translate', options);
    const [found] = await translations(options.out, ['x y']);
    expect((found as { text: string }).text).toBe('y x');
  });

  it.each(['dot', 'additive', 'none'] as const)('trains with attention %s', async (attention) => {
    const directory = temporaryDirectory();
    const direction = attention === 'none' ? 'reverse' : 'bidirectional';
    const recurrent = { projection: 12, residual: true };
    const layers = { layers: 2, cell: 'lstm', output: 'own', dropout: 0.1, direction, recurrent } as const;
    const variant = { attention, ...layers, test: 0 };
    const options = small(directory, { ...variant, epochs: 1, units: 16, level: 'character' }, 300);
    const { metrics, trainingLoss } = await trainTask('translate', options);
    expect(trainingLoss).toBeLessThan(Math.log(12)); // a guess among the symbols
    expect(metrics.validation?.['bleu']).toBeGreaterThanOrEqual(0);
    const [found] = await translations(options.out, ['a b']);
    expect(found?.['attention'] === undefined).toBe(attention === 'none');
  });

  it('ends with the same model when it is stopped and resumed, with scheduled sampling', async () => {
    const directory = temporaryDirectory();
    const noisy = { sampling: 0.5, dropout: 0.2, epochs: 3, batch: 20, checkpointEvery: 4, valid: 0, test: 0 };
    const options = small(directory, noisy, 180);
    await trainTask('translate', { ...options, out: join(directory, 'whole') });
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 14 && controller.abort(new Error('stop')) };
    const stopped = trainTask('translate', { ...options, signal: controller.signal, callbacks: [stop as never] });
    await expect(stopped).rejects.toThrow('stop');
    await trainTask('translate', { ...QUIET, out: options.out, resume: true });
    const [whole, resumed] = [await loadTask(join(directory, 'whole')), await loadTask(options.out)];
    for (const [name, { data }] of whole.model.parameters) {
      expect(resumed.model.parameters.get(name)?.data).toEqual(data);
    }
    whole.model.dispose();
    resumed.model.dispose();
  });

  it('leaves out long pairs of the training part only', async () => {
    const directory = temporaryDirectory();
    const options = small(directory, { maxLength: 3, epochs: 1, units: 4 }, 100);
    const { examples } = await trainTask('translate', options);
    expect(examples.training).toBeLessThan(70);
    expect([examples.validation, examples.test]).toEqual([40, 40]);
  });

  it.each<[string, object, string, RegExp]>([
    ['data that is not given', { data: undefined }, 'invalid_option', /'data' is missing/],
    ['languages that are none', { languages: 'english' }, 'invalid_option', /two languages.*got "english"/],
    ['a language without a file', { languages: 'low-de' }, 'file_unreadable', /train\.de/],
    ['a limit that leaves nothing', { maxLength: 1 }, 'too_long', /'maxLength' is 1/],
    ['copies of characters', { unknown: 'copy', level: 'character' }, 'invalid_option', /needs words and attention/],
    ['copies without attention', { unknown: 'copy', attention: 'none' }, 'invalid_option', /attention 'none'/],
    ['a cell with a misspelt option', { recurrent: { zonout: 0.1 } }, 'unknown_option', /zonout/],
    ['a vocabulary without words', { minCount: 10_000 }, 'invalid_vocabulary', /10000 times/],
  ])('refuses %s before anything is written', async (_name, wrong, expected, message) => {
    const directory = temporaryDirectory();
    const options = { ...small(directory), ...wrong };
    const training = trainTask('translate', options as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code: expected });
    expect(existsSync(options.out)).toBe(false);
  });

  it('refuses to translate what is no sentence', async () => {
    const directory = temporaryDirectory();
    const options = small(directory, { epochs: 1, units: 4, valid: 0, test: 0 });
    await trainTask('translate', options);
    for (const wrong of ['  ', [], [1], 7]) {
      await expect(translations(options.out, ['a', wrong as JsonValue])).rejects.toMatchObject({
        code: 'invalid_option',
      });
    }
  });
});

const sentences = realData('enja');

describe('translate on real data', () => {
  it.skipIf(sentences.isMissing)('learns something of Japanese from a few hundred sentences', async () => {
    const directory = temporaryDirectory();
    for (const [part, count] of [
      ['train', 600],
      ['dev', 40],
    ] as const) {
      for (const language of ['en', 'ja']) {
        const lines = readFileSync(join(sentences.path, `${part}.${language}`), 'utf8').split('\n');
        writeFileSync(join(directory, `${part}.${language}`), lines.slice(0, count).join('\n'));
      }
    }
    const [data, valid] = [join(directory, 'train'), join(directory, 'dev')];
    const size = { units: 24, embedding: 24, epochs: 2, batch: 16, learningRate: 1e-2, vocabulary: 300 };
    const options = { ...QUIET, data, valid, test: 0, languages: 'en-ja', out: join(directory, 'run'), ...size };
    const { metrics } = await trainTask('translate', options);
    expect(metrics.validation?.['perplexity']).toBeLessThan(100); // 300 symbols
  });
});
