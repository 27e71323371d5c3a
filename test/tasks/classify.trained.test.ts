import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { evaluateTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';
import { predictions, QUIET, UNTRAINED, wordFolder } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, units: 16, embedding: 8, epochs: 12, batch: 16, learningRate: 1e-2 } as const;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: all are right.
describe('classify', () => {
  it.each([
    ['last', 1],
    ['mean', 2],
    ['max', 3],
  ] as const)('learns words by their endings with pooling %s and seed %i', async (pooling, seed) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const result = await trainTask('classify', { ...small, data: wordFolder(directory), out, pooling, seed });
    const untrained = await trainTask('classify', {
      ...{ ...small, ...UNTRAINED, pooling, seed },
      ...{ data: join(directory, 'words'), out: join(directory, 'untrained') },
    });
    expect(untrained.metrics.test?.['accuracy']).toBeLessThan(0.75);
    expect(result.examples).toEqual({ training: 98, validation: 10, test: 12 });
    expect(result.metrics.test).toMatchObject({ targets: 12, accuracy: expect.any(Number) });
    expect(result.metrics.test?.['accuracy']).toBeGreaterThan(0.8); // half of them by chance
    const labels = await predictions(out, { values: ['babalski', 'nodelo'] });
    expect(labels).toMatchObject([{ label: 'north' }, { label: 'south' }]);
  });

  it('gives the metrics of the test part, and of another folder, from the best checkpoint', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = wordFolder(directory);
    const { metrics, best } = await trainTask('classify', { ...small, data, out });
    expect(best).toMatchObject({ score: 1 - Number(metrics.validation?.['accuracy']) });
    const { part, metrics: again } = await evaluateTask(out, { threads: 1 });
    expect([part, again]).toEqual(['test', metrics.test]);
    const whole = await evaluateTask(out, { data, threads: 1 });
    expect(whole).toMatchObject({ examples: 120, metrics: { targets: 120 } });
    expect(whole.metrics['accuracy']).toBeGreaterThan(0.9);
    writeFileSync(join(data, 'west.txt'), 'strange\n');
    await expect(evaluateTask(out, { data })).rejects.toThrow(/class 'west'/);
    await expect(evaluateTask(out)).rejects.toThrow(code('checkpoint_mismatch'));
  });

  it('reads JSON lines of numbers and of tokens', async () => {
    const directory = temporaryDirectory();
    const line = (target: string, at: number) =>
      JSON.stringify({
        input: [
          [at % 3, target === 'up' ? 1 : -1],
          [at % 5, 0],
        ],
        target,
      });
    const data = join(directory, 'rows.jsonl');
    writeFileSync(data, Array.from({ length: 60 }, (_, at) => line(at % 2 ? 'up' : 'down', at)).join('\n'));
    const out = join(directory, 'rows');
    const { metrics } = await trainTask('classify', { ...small, data, out, epochs: 20 });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.8);
    expect(await predictions(out, { values: ['[[0, 1], [2, 0]]', '{"input": [[1, -1]]}'] })).toMatchObject([
      { label: 'up' },
      { label: 'down' },
    ]);
    await expect(predictions(out, { values: ['[1, 2]'] })).rejects.toThrow(code('shape_mismatch'));
    const tokens = join(directory, 'tokens.jsonl');
    const words = (at: number) => JSON.stringify({ input: [at % 2 ? 'good' : 'bad', `w${at % 7}`], target: at % 2 });
    writeFileSync(tokens, Array.from({ length: 60 }, (_, at) => words(at)).join('\n'));
    const result = await trainTask('classify', { ...small, data: tokens, out: join(directory, 't') });
    expect(result.metrics.test?.['accuracy']).toBeGreaterThan(0.8);
    expect(await predictions(join(directory, 't'), { values: ['good w1'] })).toMatchObject([{ label: '1' }]);
  });

  it('learns from sequences of a CSV file', async () => {
    const directory = temporaryDirectory();
    const rows = Array.from({ length: 60 }, (_, at) =>
      [0, 1, 2].map(
        (step) => `${at},${(at % 2 === 0 ? 1 : -1) * step + (at % 7) / 10},${at % 2 === 0 ? 'up' : 'down'}`,
      ),
    );
    const data = join(directory, 'table.csv');
    writeFileSync(data, ['sequence,x,target', ...rows.flat(), ''].join('\n'));
    const options = { ...QUIET, units: 8, batch: 8, epochs: 10, learningRate: 1e-2, dropout: 0 } as const;
    const { metrics } = await trainTask('classify', { ...options, data, out: join(directory, 'run') });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.8);
  });
});

const vowels = realData('ucr/JapaneseVowels');
const names = realData('names/data/names');
const mnist = realData('mnist');

/** How many of the ten thousand pictures are read. */
const PICTURES = 1500;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: at least 0.91 of the vowels, 0.93 of the names, 0.68 of the pictures.
describe('classify on real data', () => {
  it.skipIf(vowels.isMissing)('tells nine speakers apart by their vowels in a few epochs', async () => {
    const out = join(temporaryDirectory(), 'run');
    const file = (part: string) => join(vowels.path, `JapaneseVowels_${part}.ts`);
    const options = { ...QUIET, data: file('TRAIN'), test: file('TEST'), out, units: 32, epochs: 12, batch: 16 };
    const { metrics, examples } = await trainTask('classify', options);
    expect(examples).toEqual({ training: 243, validation: 27, test: 370 });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.75); // 24 % are of the most frequent speaker
  });

  it.skipIf(names.isMissing)('learns three languages from a few names of each', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'names');
    mkdirSync(data);
    for (const language of ['Japanese', 'Italian', 'Russian']) {
      const lines = readFileSync(join(names.path, `${language}.txt`), 'utf8')
        .split('\n')
        .slice(0, 100);
      writeFileSync(join(data, `${language}.txt`), lines.join('\n'));
    }
    const { metrics } = await trainTask('classify', { ...small, data, out: join(directory, 'run'), units: 32 });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.7); // a third by chance
  });

  it.skipIf(mnist.isMissing)('reads pictures row by row, with their classes beside them', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = join(directory, 't10k-images-idx3-ubyte.gz');
    for (const [kind, header, size] of [
      ['images-idx3', 16, 784],
      ['labels-idx1', 8, 1],
    ] as const) {
      const name = `t10k-${kind}-ubyte.gz`;
      const whole = gunzipSync(readFileSync(join(mnist.path, name)));
      whole.writeInt32BE(PICTURES, 4);
      writeFileSync(join(directory, name), gzipSync(whole.subarray(0, header + PICTURES * size), { level: 1 }));
    }
    const options = {
      ...QUIET,
      data,
      out,
      units: 24,
      epochs: 3,
      learningRate: 1e-2,
      valid: 0.05,
      test: 0.2,
      batch: 16,
    };
    const { metrics, examples } = await trainTask('classify', options);
    expect(examples.training + examples.validation + examples.test).toBe(PICTURES);
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.5); // a tenth by chance
  });
});
