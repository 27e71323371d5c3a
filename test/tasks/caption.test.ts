import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/checkpoint/safetensors.js';
import type { JsonObject } from '../../src/core/json.js';
import { evaluateTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';
import { captionedPictures } from './captioned-pictures.js';
import { QUIET } from './trained.js';

const small = {
  ...{ ...QUIET, units: 16, embedding: 8, epochs: 16, batch: 8, learningRate: 2e-2, dropout: 0, beams: 2 },
  ...{ rows: 2, columns: 4, cells: 1 },
} as const;

async function predictions(run: string, source: { values: readonly string[] } | { file: string }, options = {}) {
  const found: JsonObject[] = [];
  for await (const each of predictTask(run, { ...source, threads: 1, options })) found.push(each);
  return found;
}

describe('caption', () => {
  it('says what is in pictures that it has not seen, and far less of it where pictures are shuffled', async () => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 90);
    const train = (out: string, shuffleImages: boolean) =>
      trainTask('caption', { ...small, data, out: join(directory, out), shuffleImages });
    const { metrics, examples } = await train('run', false);
    expect(examples).toEqual({ training: 60, validation: 12, test: 18 });
    const { metrics: control } = await train('control', true);
    expect(metrics.test?.['perplexity']).toBeLessThan(1.12);
    expect(metrics.test?.['bleu']).toBeGreaterThan(0.9);
    // Two words of seven in which only the picture could help: 4 ^ (1 / 7) = 1.22.
    expect(control.test).toMatchObject({ shuffledImages: true });
    expect(control.test?.['perplexity']).toBeGreaterThan(1.15);

    const run = join(directory, 'run');
    expect((await evaluateTask(run, { threads: 1 })).metrics).toEqual(metrics.test);
    const other = captionedPictures(directory, 12, 2, 'other.jsonl');
    expect((await evaluateTask(run, { data: other, threads: 1 })).metrics['perplexity']).toBeLessThan(1.2);
    const lines = readFileSync(other, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = await predictions(run, { file: other }, { nBest: 2 });
    const right = found.filter(({ text }, at) => text === lines[at].text);
    expect(right.length).toBeGreaterThanOrEqual(10);
    const [first] = await predictions(run, { values: [join(directory, lines[0].image)] });
    expect(first).toMatchObject({ text: found[0]?.['text'], score: found[0]?.['score'] });
    expect(first?.['nBest']).toHaveLength(3);
    expect(found[0]?.['nBest']).toHaveLength(2);
    const attention = first?.['attention'] as { word: string; weights: number[][] }[];
    expect(attention.map(({ word }) => word).join(' ')).toBe(first?.['text']);
    for (const { weights } of attention) {
      expect(weights.map((row) => row.length)).toEqual([4, 4]);
      expect(weights.flat().reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 2);
    }
  });

  it.each([
    ['lstm', 2, 'dot', 'max'],
    ['gru', 1, 'none', 'all'],
    ['rnn', 1, 'general', 'mean'],
  ] as const)(
    'reads features of any model: %s, %i layers, attention %s, start %s',
    async (cell, layers, attention, start) => {
      const directory = temporaryDirectory();
      const tensors = new Map(
        Array.from({ length: 40 }, (_, at) => {
          const data = Float32Array.of(at % 2, 1, 0, at % 3, at % 2, 0);
          return [`p${at}`, { dtype: 'F32' as const, shape: [3, 2], data }];
        }),
      );
      await writeSafetensors(join(directory, 'all.safetensors'), tensors);
      const line = (_: unknown, at: number) =>
        JSON.stringify({ features: 'all.safetensors', tensor: `p${at}`, text: at % 2 ? 'odd it is' : 'even' });
      const data = join(directory, 'features.jsonl');
      writeFileSync(data, Array.from({ length: 40 }, line).join('\n'));
      const out = join(directory, 'run');
      const options = { ...small, data, out, cell, layers, attention, start, epochs: 25 };
      const { metrics } = await trainTask('caption', options);
      expect(metrics.test?.['perplexity']).toBeLessThan(1.25);
      const values = [JSON.stringify({ features: join(directory, 'all.safetensors'), tensor: 'p3' })];
      const [found] = await predictions(out, { values });
      expect(found).toMatchObject({ text: 'odd it is' });
      expect('attention' in (found as object)).toBe(attention !== 'none');
      const unknown = predictions(out, { values: [values[0]?.replace('p3', 'p99') as string] });
      await expect(unknown).rejects.toThrow(/no tensor 'p99'/);
      await expect(predictions(out, { values: ['{"image": "a.png"}'] })).rejects.toMatchObject({
        code: 'mixed_examples',
      });
    },
  );

  it.each<[string, object, string, RegExp]>([
    ['pictures with fewer pixels than cells', { cells: 5 }, 'too_short', /8 x 24 pixels, but 10 x 20 cells/],
    ['a decoder that reads ahead', { direction: 'bidirectional' }, 'invalid_option', /'direction' must be forward/],
    [
      'a test file with a group of the training',
      { test: 'captions.jsonl' },
      'mixed_examples',
      /the group '1-\d' is in/,
    ],
    ['words that no two groups have', { minCount: 29 }, 'invalid_vocabulary', /29 times/],
  ])('refuses %s before anything is written', async (_name, wrong, code, message) => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 12);
    const out = join(directory, 'run');
    const test = 'test' in wrong ? { test: data } : {};
    const training = trainTask('caption', { ...small, valid: 0, data, out, ...wrong, ...test } as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, string, RegExp]>([
    ['without a picture', '{"text": "a"}', /line 2, field 'features'/],
    ['with a picture and features', '{"image": "a.png", "features": "a.npy", "text": "a"}', /line 2, field 'features'/],
    ['without a word', '{"image": "a.png", "text": " "}', /line 2, field 'text'/],
    ['of features among pictures', '{"features": "a.npy", "text": "a"}', /a\.npy' is given as features/],
    ['of a picture that is not there', '{"image": "a.png", "text": "a"}', /a\.png'.*no such file/],
  ])('refuses a line %s', async (_name, line, message) => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 1);
    writeFileSync(data, `${readFileSync(data, 'utf8')}${line}\n`);
    const options = { ...small, data, out: join(directory, 'run'), valid: 0, test: 0 };
    await expect(trainTask('caption', options)).rejects.toThrow(message);
  });
});

const nlvr = realData('nlvr/dev');

describe('caption on real data', () => {
  it.skipIf(nlvr.isMissing)('learns sentences about scenes better than their words by number', async () => {
    const directory = temporaryDirectory();
    const lines = readFileSync(join(nlvr.path, 'dev.json'), 'utf8')
      .split('\n')
      .slice(0, 160)
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter(({ label }) => label === 'true')
      .map(({ sentence = '', identifier = '', directory: folder = '' }) => ({
        image: join(nlvr.path, 'images', folder, `dev-${identifier}-0.png`),
        text: sentence.toLowerCase().replaceAll(/[^a-z0-9 ]/g, ''),
        group: identifier.split('-')[0],
      }));
    const data = join(directory, 'nlvr.jsonl');
    writeFileSync(data, lines.map((line) => JSON.stringify(line)).join('\n'));
    const options = {
      ...small,
      data,
      out: join(directory, 'run'),
      columns: 16,
      cells: 3,
      units: 24,
      epochs: 5,
      minCount: 1,
    };
    const { metrics } = await trainTask('caption', options);
    const counts = new Map<string, number>();
    const words = lines.flatMap(({ text }) => [...text.split(' '), '</s>']);
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1 / words.length);
    const entropy = [...counts.values()].reduce((sum, part) => sum - part * Math.log(part), 0);
    expect(metrics.test?.['perplexity']).toBeLessThan(0.6 * Math.exp(entropy));
  });
});
