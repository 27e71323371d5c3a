import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sortLevels } from '../../src/tasks/recipes/forecast/forecast-quantiles.js';
import { evaluateTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, waveTable } from './trained.js';

const small = {
  ...QUIET,
  columns: 'a,b',
  units: 16,
  history: 34,
  horizon: 4,
  period: 17,
  epochs: 8,
  batch: 8,
  learningRate: 1e-2,
} as const;

interface Measured {
  readonly mse: number;
  readonly naive: { readonly mse: number };
  readonly quantiles: {
    readonly pinball: number;
    readonly band?: { readonly nominal: number; readonly coverage: number };
  };
}

describe('forecasts of quantiles', () => {
  it('give a median, and a band that holds about as many of the numbers as its levels say', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = waveTable(directory);
    const result = await trainTask('forecast', { ...small, data, out, quantiles: '0.10,0.5, 0.9' });
    const { mse, naive, quantiles } = result.metrics.test as unknown as Measured;
    expect(mse).toBeLessThan(0.1 * naive.mse);
    expect(quantiles.band?.nominal).toBe(0.8);
    expect(quantiles.band?.coverage).toBeGreaterThan(0.6);
    expect(quantiles.band?.coverage).toBeLessThan(0.95);
    expect(quantiles.pinball).toBeLessThan(0.1);
    expect(result.summary).toMatch(/quantiles +mean pinball loss 0\.\d{4}\nouter band +covers \d\d\.\d %, of 80\.0 %/);
    expect(result.best?.score).toBe((result.metrics.validation as unknown as Measured).quantiles.pinball);
    expect((await evaluateTask(out, { threads: 1 })).metrics).toEqual(result.metrics.test);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task.quantiles).toBe('0.1,0.5,0.9');

    for await (const prediction of predictTask(out, { file: data, threads: 1 })) {
      expect(Object.keys(prediction)).toEqual(['a', 'b', 'quantiles']);
      const found = prediction['quantiles'] as Record<string, Record<string, number[]>>;
      for (const name of ['a', 'b']) {
        const { '0.1': low = [], '0.5': middle = [], '0.9': high = [] } = found[name] ?? {};
        expect(prediction[name]).toEqual(middle);
        expect([low.length, middle.length, high.length]).toEqual([4, 4, 4]);
        for (const [step, value] of middle.entries()) {
          expect(low[step]).toBeLessThanOrEqual(value);
          expect(high[step]).toBeGreaterThanOrEqual(value);
        }
      }
    }
  });

  it('have no band when the median is alone, and may be against the last season of scaled windows', async () => {
    const directory = temporaryDirectory();
    const options = {
      ...small,
      columns: 'a',
      epochs: 2,
      quantiles: '0.5',
      baseline: 'season',
      scaling: 'window',
    } as const;
    const { metrics } = await trainTask('forecast', {
      ...options,
      data: waveTable(directory),
      out: join(directory, 'run'),
    });
    const { mse, naive, quantiles } = metrics.test as unknown as Measured;
    expect(mse).toBeLessThan(0.1 * naive.mse);
    expect(quantiles).toEqual({ pinball: expect.any(Number) });
  });

  it('are put in order where they cross', () => {
    const sorted = sortLevels([Float32Array.of(1, -5, 3), Float32Array.of(2, -6, 3), Float32Array.of(3, -4, 1)]);
    expect(sorted).toEqual([Float32Array.of(1, -6, 1), Float32Array.of(2, -5, 3), Float32Array.of(3, -4, 3)]);
  });

  it.each<[string, object, RegExp]>([
    ['levels without the median', { quantiles: '0.1,0.9' }, /'quantiles' must have 0.5 among the levels/],
    ['levels that do not ascend', { quantiles: '0.5,0.1' }, /'quantiles' must be ascending/],
    ['a level of 1', { quantiles: '0.5,1' }, /'quantiles\[1\]' must be a finite number > 0 and < 1, got 1/],
    ['levels that are no numbers', { quantiles: '0.5,high' }, /'quantiles\[1\]'.*got NaN/],
    ['quantiles of one step at a time', { quantiles: '0.5', mode: 'autoregressive' }, /'quantiles' must be left out/],
    [
      'a column of the name of the quantiles',
      { quantiles: '0.5', columns: 'quantiles' },
      /'columns' must be other names/,
    ],
  ])('are refused: %s', async (_name, wrong, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const training = trainTask('forecast', { ...small, data: waveTable(directory), out, ...wrong } as never);
    await expect(training).rejects.toThrow(expect.objectContaining({ code: 'invalid_option' }));
    await expect(training).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
