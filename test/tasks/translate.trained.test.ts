import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readParallelText } from '../../src/files/parallel-text.js';
import { corpusBleu } from '../../src/metrics/bleu.js';
import { evaluateTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { reversedTraining } from './reversed-language.js';
import { predictions, UNTRAINED } from './trained.js';

interface Found {
  readonly score: number;
  readonly nBest: readonly { readonly text: string; readonly score: number }[];
  readonly attention: { readonly source: string[]; readonly target: string[]; readonly weights: number[][] };
}

// Measured on SSE2, AVX2 and AVX-512 with three seeds: BLEU >= 0.97, perplexity <= 1.18, and 15 of 16 looks are right.
describe('translate', () => {
  it('learns words and their order with attention, and shows where it looked', async () => {
    const directory = temporaryDirectory();
    const options = reversedTraining(directory);
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
    const untrained = await trainTask('translate', { ...options, ...UNTRAINED, out: join(directory, 'untrained') });
    expect(untrained.metrics.test?.['bleu']).toBeLessThan(0.1);
    expect(untrained.metrics.test?.['perplexity']).toBeGreaterThan(8);
    expect(await evaluateTask(options.out, { threads: 1 })).toMatchObject({ part: 'test', metrics: metrics.test });
    const other = await evaluateTask(options.out, { data: options.valid, threads: 1 });
    expect(other).toMatchObject({ examples: 40, metrics: metrics.validation });

    const [found, unknown] = await predictions(options.out, { values: ['a b c d', ['a', 'z']] });
    expect(found).toMatchObject({ text: 'D C B A', score: expect.any(Number) });
    const { nBest, score, attention } = found as unknown as Found;
    expect(nBest).toHaveLength(3);
    expect(nBest[0]).toMatchObject({ text: 'D C B A', score });
    expect(nBest.map((each) => each.score)).toEqual(nBest.map((each) => each.score).sort((a, b) => b - a));
    expect([attention.source, attention.target]).toEqual([
      ['a', 'b', 'c', 'd'],
      ['D', 'C', 'B', 'A', '</s>'],
    ]);
    const values = ['a b c d', 'h g f e d', 'c a f', 'b d e g'];
    const looked = ((await predictions(options.out, { values })) as unknown as Found[]).flatMap((each) => {
      const { source, weights } = each.attention;
      const places = weights.slice(0, source.length).map((row) => row.indexOf(Math.max(...row)));
      return places.map((place, step) => place === source.length - 1 - step);
    });
    expect(looked.filter((isRight) => isRight).length).toBeGreaterThan(0.5 * looked.length); // a quarter by chance
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
    const options = reversedTraining(directory, { ...rare, epochs: 7, test: 0 }, 600);
    await trainTask('translate', options);
    const [found] = await predictions(options.out, { values: ['x y'] });
    expect((found as { text: string }).text).toBe('y x');
  });

  it.each([
    ['dot', 1],
    ['additive', 2],
    ['none', 3],
  ] as const)('trains with attention %s and seed %i', async (attention, seed) => {
    const directory = temporaryDirectory();
    const direction = attention === 'none' ? 'reverse' : 'bidirectional';
    const recurrent = { projection: 12, residual: true };
    const layers = { layers: 2, cell: 'lstm', output: 'own', dropout: 0.1, direction, recurrent } as const;
    const variant = { attention, ...layers, test: 0, seed };
    const options = reversedTraining(directory, { ...variant, epochs: 1, units: 16, level: 'character' }, 300);
    const { metrics, trainingLoss } = await trainTask('translate', options);
    expect(trainingLoss).toBeLessThan(Math.log(12)); // a guess among the symbols
    expect(metrics.validation?.['bleu']).toBeGreaterThanOrEqual(0);
    const [found] = await predictions(options.out, { values: ['a b'] });
    expect(found?.['attention'] === undefined).toBe(attention === 'none');
  });
});
