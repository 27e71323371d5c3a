import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../src/tasks/runner/train-task.js';
import { evaluateTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, waveTable } from './trained.js';

const small = {
  ...QUIET,
  units: 16,
  history: 34,
  horizon: 8,
  period: 17,
  epochs: 8,
  batch: 8,
  learningRate: 1e-2,
} as const;

/** The squared errors of a network and of the naive rules on the test part. */
const errorsOf = ({ metrics, naive }: TaskResult) => {
  const ofRule = (name: string) => Number(naive?.results.find(({ rule }) => rule === name)?.metrics?.['mse']);
  return { own: Number(metrics.test?.['mse']), naive: ofRule('last value'), seasonal: ofRule('last season') };
};

interface Measured {
  readonly mse: number;
  readonly quantiles: {
    readonly pinball: number;
    readonly band?: { readonly nominal: number; readonly coverage: number };
  };
}

// Measured on SSE2, AVX2 and AVX-512 with three seeds: 0.05 of the naive error (direct) and 0.12 (autoregressive), rows within 0.5.
describe('forecast', () => {
  it.each(['direct', 'autoregressive'] as const)('beats the naive forecasts on two waves (%s)', async (mode) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = waveTable(directory);
    const result = await trainTask('forecast', { ...small, data, out, columns: 'a,b', mode });
    expect(result.examples).toEqual({ training: 319, validation: 113, test: 113 });
    const { own, naive, seasonal } = errorsOf(result);
    expect(own).toBeLessThan(0.2 * naive);
    expect(own).toBeLessThan(0.5 * seasonal); // column b has another period
    expect(Object.keys(result.metrics.test?.['columns'] as object)).toEqual(['a', 'b']);
    const { metrics } = await evaluateTask(out, { threads: 1 });
    expect(metrics).toEqual(result.metrics.test);
  });

  it('forecasts the rows behind a table in its own unit, from a file and from rows', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = waveTable(directory);
    await trainTask('forecast', { ...small, data, out, columns: 'a', covariates: 'b' });
    const whole = readFileSync(data, 'utf8').trimEnd().split('\n');
    const known = join(directory, 'known.csv');
    writeFileSync(known, whole.slice(0, 592).join('\n'));
    const [fromFile] = await predictions(out, { file: known });
    const truth = whole.slice(592, 600).map((line) => Number(line.split(',')[1]));
    const forecasted = (fromFile as { a: number[] }).a;
    expect(Object.keys(fromFile as object)).toEqual(['a']);
    for (const [step, value] of truth.entries())
      expect(Math.abs((forecasted[step] as number) - value)).toBeLessThan(1.5);
    const rows = whole.slice(592 - 34, 592).map((line) => line.split(',').slice(1).map(Number));
    expect(await predictions(out, { values: [rows] })).toEqual([fromFile]);
    await expect(predictions(out, { values: [rows.slice(1)] })).rejects.toThrow(/33 rows, 34 are needed/);
  });
});

// Measured on SSE2, AVX2 and AVX-512 with three seeds: 0.07 of the naive error, a coverage of 0.90 to 0.93.
describe('forecasts of quantiles', () => {
  const quantile = { ...small, horizon: 4 } as const;

  it('give a median, and a band that holds about as many of the numbers as its levels say', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = waveTable(directory);
    const result = await trainTask('forecast', { ...quantile, data, out, columns: 'a,b', quantiles: '0.10,0.5, 0.9' });
    const { mse, quantiles } = result.metrics.test as unknown as Measured;
    expect(mse).toBeLessThan(0.2 * errorsOf(result).naive);
    expect(quantiles.band?.nominal).toBe(0.8);
    expect(quantiles.band?.coverage).toBeGreaterThan(0.6);
    expect(quantiles.band?.coverage).toBeLessThan(0.98);
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
      ...quantile,
      columns: 'a',
      epochs: 2,
      quantiles: '0.5',
      baseline: 'season',
      scaling: 'window',
    } as const;
    const result = await trainTask('forecast', {
      ...options,
      data: waveTable(directory),
      out: join(directory, 'run'),
    });
    const { mse, quantiles } = result.metrics.test as unknown as Measured;
    expect(mse).toBeLessThan(0.1 * errorsOf(result).naive);
    expect(quantiles).toEqual({ pinball: expect.any(Number) });
  });
});
