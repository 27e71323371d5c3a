import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { truthOf, windowExample, windowsOf } from '../../src/tasks/recipes/forecast/forecast-windows.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, waveTable } from './trained.js';

const small = {
  ...QUIET,
  units: 16,
  history: 34,
  horizon: 8,
  period: 17,
  epochs: 12,
  batch: 8,
  learningRate: 1e-2,
} as const;

describe('windows of a table', () => {
  const rows = Float32Array.from({ length: 20 }, (_, at) => at ** 2 / 4); // 10 rows of 2 columns
  const form = { history: 3, horizon: 2, width: 2, targets: 2, season: 0, isScaled: false, levels: [] } as const;

  it('are counted by the rows that are forecast, what is known may lie before them', () => {
    const direct = { ...form, mode: 'direct' } as const;
    expect(windowsOf(rows, direct, [{ start: 0, begin: 0, end: 10 }]).count).toBe(6);
    expect(windowsOf(rows, direct, [{ start: 0, begin: 6, end: 10 }]).count).toBe(3);
    expect(windowsOf(rows, direct, [{ start: 0, begin: 0, end: 4 }]).count).toBe(0);
  });

  it.each(['direct', 'autoregressive'] as const)('say history and future against the last known step (%s)', (mode) => {
    const window = rows.subarray(4, 14);
    const { history, future } = truthOf(windowExample(window, { ...form, mode }), { ...form, mode });
    const against = (from: number, to: number) =>
      Float32Array.from(window.subarray(from, to), (value, at) => value - (window[4 + (at % 2)] as number));
    expect(history).toEqual(against(0, 6));
    expect(future).toEqual(against(6, 10));
  });

  it('say them so against the last season too', () => {
    const seasonal = { ...form, season: 2, horizon: 3, mode: 'direct' } as const;
    const window = rows.subarray(0, 12);
    const example = windowExample(window, seasonal);
    const against = (step: number, origin: number) =>
      [0, 1].map((column) => (window[2 * step + column] as number) - (window[2 * origin + column] as number));
    expect(example.target).toEqual(Float32Array.of(...against(3, 1), ...against(4, 2), ...against(5, 1)));
    expect(truthOf(example, seasonal).future).toEqual(
      Float32Array.of(...against(3, 2), ...against(4, 2), ...against(5, 2)),
    );
  });

  it.each([0, 2])(
    'are the same at ten times the size when each is scaled by its own deviation (season %i)',
    (season) => {
      const scaled = { ...form, season, isScaled: true, mode: 'direct' } as const;
      const window = rows.subarray(0, 10);
      const once = windowExample(window, scaled);
      const tenfold = windowExample(
        window.map((value) => 10 * value),
        scaled,
      );
      const near = (values: ArrayLike<number>) => Array.from(values, (value) => expect.closeTo(value, 4));
      expect([...tenfold.input]).toEqual(near(once.input));
      expect([...(tenfold.target as Float32Array)]).toEqual(near(once.target as Float32Array));
      const { history, future } = truthOf(windowExample(window, { ...form, mode: 'direct' }), {
        ...form,
        mode: 'direct',
      });
      const truth = truthOf(once, scaled);
      expect([[...truth.history], [...truth.future]]).toEqual([near(history), near(future)]);
      const flat = windowExample(new Float32Array(10).fill(3), scaled);
      expect([flat.input, flat.target]).toEqual([new Float32Array(6), new Float32Array(4)]);
    },
  );

  it('are of one column and a covariate in direct forecasts', () => {
    const { input, target } = windowExample(rows.subarray(0, 10), { ...form, targets: 1, mode: 'direct' });
    expect(input).toEqual(Float32Array.of(-4, -6, -3, -4, 0, 0));
    expect(target).toEqual(Float32Array.of(9 - 4, 16 - 4));
  });
});

describe('forecast', () => {
  it('learns the scaling from the training rows only', async () => {
    const directory = temporaryDirectory();
    const data = waveTable(directory);
    const scaling = async (file: string, name: string) => {
      const out = join(directory, name);
      await trainTask('forecast', { ...small, data: file, out, columns: 'a', epochs: 1 });
      const { means, standardDeviations } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task.saved;
      return { means, standardDeviations };
    };
    const lines = readFileSync(data, 'utf8').split('\n');
    const strange = join(directory, 'strange.csv');
    writeFileSync(strange, lines.map((line, at) => (at > 361 && line !== '' ? `${at},1000,1000` : line)).join('\n'));
    expect(await scaling(strange, 'b')).toEqual(await scaling(data, 'a'));
  });

  it.each<[string, object, RegExp]>([
    ['a column that the table has not', { columns: 'c' }, /a column 'c'/],
    ['a column twice', { columns: 'a,a' }, /different names/],
    [
      'covariates whose future is not known',
      { covariates: 'b', mode: 'autoregressive' },
      /'covariates' must be left out/,
    ],
    ['a season longer than what is known', { period: 35 }, /'period' must be at most the 34/],
    [
      'a season where each step is against the one before',
      { baseline: 'season', mode: 'autoregressive' },
      /'baseline'/,
    ],
    [
      'a network that reads steps which are not known yet',
      { direction: 'bidirectional', mode: 'autoregressive' },
      /'direction' must be forward/,
    ],
    ['scaled windows without an end', { scaling: 'window', mode: 'autoregressive' }, /'scaling' must be table/],
    ['a table that is too short', { rows: 60 }, /too_short|the training part .* has 36 of 60 rows, a window needs 42/],
    ['a part without a window', { test: 7 }, /the test part .* has 7 of 600 rows, a window needs 8/],
  ])('refuses %s before anything is written', async (_name, wrong, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const given = { ...small, data: waveTable(directory), out, columns: 'a', ...wrong };
    await expect(trainTask('forecast', given as never)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
