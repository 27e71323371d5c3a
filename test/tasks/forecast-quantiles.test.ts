import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sortLevels } from '../../src/tasks/recipes/forecast/forecast-quantiles.js';
import { trainTask } from '../../src/tasks/tasks.js';
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

describe('forecasts of quantiles', () => {
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
