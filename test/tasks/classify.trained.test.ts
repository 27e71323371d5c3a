import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, UNTRAINED, wordFolder } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, units: 16, embedding: 8, epochs: 12, batch: 16, learningRate: 1e-2, valid: 0.1 } as const;

// Measured on SSE2, AVX2 and AVX-512 with three seeds: all are right.
describe('classify', () => {
  it.each([
    ['last', 1],
    ['mean', 2],
    ['max', 3],
    ['attention', 1],
  ] as const)('learns words by their endings with pooling %s and seed %i', async (pooling, seed) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    // The network alone: naive Bayes knows the endings without any training.
    const alone = { ...small, blend: 'no' } as const;
    const result = await trainTask('classify', { ...alone, data: wordFolder(directory), out, pooling, seed });
    const untrained = await trainTask('classify', {
      ...{ ...alone, ...UNTRAINED, pooling, seed },
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
    const { metrics, best } = await trainTask('classify', { ...small, data, out, calibrate: 'no' });
    expect(best).toMatchObject({ score: 1 - Number(metrics.validation?.['meanProbability']) });
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
    await expect(predictions(out, { values: ['[1, 2]'] })).rejects.toThrow(code('invalid_row'));
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
