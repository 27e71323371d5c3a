import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { evaluateTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { captionedPictures } from './captioned-pictures.js';
import { predictions, QUIET } from './trained.js';

const small = {
  ...{ ...QUIET, units: 16, embedding: 8, epochs: 24, batch: 8, learningRate: 2e-2, dropout: 0, beams: 2 },
  ...{ rows: 2, columns: 4, cells: 1 },
} as const;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: perplexity <= 1.07 (shuffled >= 1.23), BLEU >= 0.98 (shuffled <= 0.67), 11 right.
describe('caption', () => {
  it('says what is in pictures that it has not seen, and far less of it where pictures are shuffled', async () => {
    const directory = temporaryDirectory();
    const data = captionedPictures(directory, 90);
    const train = (out: string, shuffleImages: boolean) =>
      trainTask('caption', { ...small, data, out: join(directory, out), shuffleImages });
    const { metrics, examples } = await train('run', false);
    expect(examples).toEqual({ training: 60, validation: 12, test: 18 });
    const { metrics: control } = await train('control', true);
    expect(metrics.test?.['perplexity']).toBeLessThan(1.13);
    expect(metrics.test?.['bleu']).toBeGreaterThan(0.85);
    // Two words of seven in which only the picture could help: 4 ^ (1 / 7) = 1.22.
    expect(control.test).toMatchObject({ shuffledImages: true });
    expect(control.test?.['perplexity']).toBeGreaterThan(1.17);
    expect(control.test?.['bleu']).toBeLessThan(0.75);

    const run = join(directory, 'run');
    expect((await evaluateTask(run, { threads: 1 })).metrics).toEqual(metrics.test);
    const other = captionedPictures(directory, 12, 2, 'other.jsonl');
    expect((await evaluateTask(run, { data: other, threads: 1 })).metrics['perplexity']).toBeLessThan(1.15);
    const lines = readFileSync(other, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = await predictions(run, { file: other }, { nBest: 2 });
    const right = found.filter(({ text }, at) => text === lines[at].text);
    expect(right.length).toBeGreaterThanOrEqual(8); // a quarter of twelve by chance
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
    [1, 'lstm', 2, 'dot', 'max'],
    [2, 'gru', 1, 'none', 'all'],
    [3, 'rnn', 1, 'general', 'mean'],
  ] as const)(
    'reads features of any model: seed %i, %s, %i layers, attention %s, start %s',
    async (seed, cell, layers, attention, start) => {
      const directory = temporaryDirectory();
      const tensors = new Map(
        Array.from({ length: 80 }, (_, at) => {
          const data = Float32Array.of(at % 2, 1, 0, at % 3, at % 2, 0);
          return [`p${at}`, { dtype: 'F32' as const, shape: [3, 2], data }];
        }),
      );
      await writeSafetensors(join(directory, 'all.safetensors'), tensors);
      const line = (_: unknown, at: number) =>
        JSON.stringify({ features: 'all.safetensors', tensor: `p${at}`, text: at % 2 ? 'odd it is' : 'even' });
      const data = join(directory, 'features.jsonl');
      writeFileSync(data, Array.from({ length: 80 }, line).join('\n'));
      const out = join(directory, 'run');
      const options = { ...small, data, out, seed, cell, layers, attention, start, epochs: 12, batch: 4 };
      const { metrics } = await trainTask('caption', options);
      expect(metrics.test?.['perplexity']).toBeLessThan(1.15); // who does not look has 2 ^ (1 / 3) = 1.26
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
});
