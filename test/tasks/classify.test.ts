import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, loadTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';
import { QUIET, wordFolder } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, units: 16, embedding: 8, epochs: 12, batch: 16, learningRate: 1e-2 } as const;

async function predictions(run: string, values: readonly string[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const prediction of predictTask(run, { values, threads: 1 })) found.push(prediction);
  return found;
}

describe('classify', () => {
  it.each(['last', 'mean', 'max'] as const)('learns words by their endings with pooling %s', async (pooling) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const result = await trainTask('classify', { ...small, data: wordFolder(directory), out, pooling });
    expect(result.examples).toEqual({ training: 98, validation: 10, test: 12 });
    expect(result.metrics.test).toMatchObject({ targets: 12, accuracy: expect.any(Number) });
    expect(result.metrics.test?.['accuracy']).toBeGreaterThan(0.9); // half of them by chance
    const labels = await predictions(out, ['babalski', 'nodelo']);
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

  it('ends with the same model when it is stopped and resumed', async () => {
    const directory = temporaryDirectory();
    const data = wordFolder(directory);
    const options = { ...small, data, epochs: 4, dropout: 0.2, checkpointEvery: 3, schedule: 'step:every=2' };
    await trainTask('classify', { ...options, out: join(directory, 'whole') });
    const out = join(directory, 'stopped');
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 10 && controller.abort(new Error('stop')) };
    const stopped = trainTask('classify', { ...options, out, signal: controller.signal, callbacks: [stop as never] });
    await expect(stopped).rejects.toThrow('stop');
    await trainTask('classify', { ...QUIET, out, resume: true });
    const bytes = (run: string) => loadTask(join(directory, run), { threads: 1 });
    const [whole, resumed] = [await bytes('whole'), await bytes('stopped')];
    for (const [name, { data: values }] of whole.model.parameters) {
      expect(resumed.model.parameters.get(name)?.data).toEqual(values);
    }
    const metricsOf = (run: string) =>
      readFileSync(join(directory, run, 'metrics.jsonl'), 'utf8').replaceAll(/"timing":\{[^}]*\}/g, '');
    expect(metricsOf('stopped')).toBe(metricsOf('whole'));
    whole.model.dispose();
    resumed.model.dispose();
  });

  it('refuses to resume with other data or another task, and leaves the run alone', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = wordFolder(directory);
    await trainTask('classify', { ...small, data, out, epochs: 1 });
    const before = readFileSync(join(out, 'config.json'), 'utf8');
    await expect(trainTask('tag', { ...QUIET, out, resume: true })).rejects.toThrow(/not one of the task 'tag'/);
    await expect(trainTask('classify', { ...QUIET, out, resume: true, units: 8 })).rejects.toThrow(
      /16 there and 8 here/,
    );
    wordFolder(directory, 70);
    await expect(trainTask('classify', { ...QUIET, out, resume: true, epochs: 2 })).rejects.toThrow(
      code('configuration_mismatch'),
    );
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(before);
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
    expect(metrics.test?.['accuracy']).toBe(1);
    expect(await predictions(out, ['[[0, 1], [2, 0]]', '{"input": [[1, -1]]}'])).toMatchObject([
      { label: 'up' },
      { label: 'down' },
    ]);
    await expect(predictions(out, ['[1, 2]'])).rejects.toThrow(code('shape_mismatch'));
    const tokens = join(directory, 'tokens.jsonl');
    const words = (at: number) => JSON.stringify({ input: [at % 2 ? 'good' : 'bad', `w${at % 7}`], target: at % 2 });
    writeFileSync(tokens, Array.from({ length: 60 }, (_, at) => words(at)).join('\n'));
    const result = await trainTask('classify', { ...small, data: tokens, out: join(directory, 't') });
    expect(result.metrics.test?.['accuracy']).toBe(1);
    expect(await predictions(join(directory, 't'), ['good w1'])).toMatchObject([{ label: '1' }]);
  });

  it.each<[string, object, string, RegExp]>([
    ['data that is not given', { data: undefined }, 'invalid_option', /'data' is missing/],
    ['data that is not there', { data: 'nowhere' }, 'file_unreadable', /nowhere/],
    ['a fraction of one', { valid: 1 }, 'invalid_option', /'valid' must be a fraction below 1.*got 1/],
    ['an option of another task', { horizon: 3 }, 'unknown_option', /'horizon'/],
    ['a misspelt recurrent option', { recurrent: { zonout: 0.1 } }, 'unknown_option', /zonout/],
  ])('refuses %s before anything is written', async (_name, wrong, expected, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const given = { ...small, data: wordFolder(directory), out, ...wrong };
    const training = trainTask('classify', given as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code: expected });
    expect(existsSync(out)).toBe(false);
  });
});

const vowels = realData('ucr/JapaneseVowels');
const names = realData('names/data/names');
const mnist = realData('mnist');

describe('classify on real data', () => {
  it.skipIf(vowels.isMissing)('tells nine speakers apart by their vowels in a few epochs', async () => {
    const out = join(temporaryDirectory(), 'run');
    const file = (part: string) => join(vowels.path, `JapaneseVowels_${part}.ts`);
    const options = { ...QUIET, data: file('TRAIN'), test: file('TEST'), out, units: 48, epochs: 12, batch: 16 };
    const { metrics, examples } = await trainTask('classify', options);
    expect(examples).toEqual({ training: 243, validation: 27, test: 370 });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.85); // 24 % are of the most frequent speaker
  });

  it.skipIf(names.isMissing)('learns three languages from a few names of each', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'names');
    mkdirSync(data);
    for (const language of ['Japanese', 'Italian', 'Russian']) {
      const lines = readFileSync(join(names.path, `${language}.txt`), 'utf8')
        .split('\n')
        .slice(0, 150);
      writeFileSync(join(data, `${language}.txt`), lines.join('\n'));
    }
    const { metrics } = await trainTask('classify', { ...small, data, out: join(directory, 'run'), units: 32 });
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.7); // a third by chance
  });

  it.skipIf(mnist.isMissing)('reads pictures row by row, with their classes beside them', async () => {
    const out = join(temporaryDirectory(), 'run');
    const data = join(mnist.path, 't10k-images-idx3-ubyte.gz');
    const options = {
      ...QUIET,
      data,
      out,
      units: 24,
      epochs: 3,
      learningRate: 1e-2,
      valid: 0.05,
      test: 0.8,
      batch: 16,
    };
    const { metrics, examples } = await trainTask('classify', options);
    expect(examples.training + examples.validation + examples.test).toBe(10_000);
    expect(metrics.test?.['accuracy']).toBeGreaterThan(0.5); // a tenth by chance
  });
});
