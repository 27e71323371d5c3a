import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { blockMeans, standardErrorOf } from '../../src/tasks/naive/block-means.js';
import { fitLinear } from '../../src/tasks/naive/linear-autoregression.js';
import { forecastLinear, type LinearForecast } from '../../src/tasks/naive/linear-forecast.js';
import { scalingFor, settleTraining, settleWindow } from '../../src/tasks/recipes/forecast/forecast-defaults.js';
import { periodOfRows } from '../../src/tasks/recipes/forecast/forecast-period.js';
import { evaluateTask, loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes } from './trained.js';

/** Numbers of a normal distribution. */
function noise(count: number, name: string): number[] {
  const random = new Random(1, name);
  const normal = () => Array.from({ length: 12 }, () => random.uniform()).reduce((sum, each) => sum + each, -6);
  return Array.from({ length: count }, normal);
}

/** Each number is the sum of all before it. */
function walk(count: number, name: string): number[] {
  let sum = 0;
  return noise(count, name).map((step) => {
    sum += step;
    return sum;
  });
}

function tableOf(values: readonly number[], head = 'x', rowOf = (value: number, _row: number) => `${value}`): string {
  const file = join(temporaryDirectory(), 'table.csv');
  writeFileSync(file, `${[head, ...values.map(rowOf)].join('\n')}\n`);
  return file;
}

describe('the period of rows', () => {
  const periodOf = (values: readonly number[], most = 100) =>
    periodOfRows({ values: Float64Array.from(values), width: 1, columns: 1, begin: 0, end: values.length }, most);
  const week = Array.from({ length: 200 }, (_, row) => [5, 3, 2, 2, 3, 7, 9][row % 7] as number);

  it('is the shortest one that repeats, also with a trend and with noise', () => {
    expect(periodOf(week)).toBe(7);
    expect(periodOf(week.map((value, row) => value + row))).toBe(7);
    const noisy = noise(200, 'week');
    expect(periodOf(week.map((value, row) => value + (noisy[row] as number)))).toBe(7);
    expect(periodOf(week.map((value, row) => value + 10 * Math.sin(row / 30)))).toBe(7);
  });

  it('is none for noise, a random walk, constant rows, and where it is too long to be of use', () => {
    expect(periodOf(noise(300, 'noise'))).toBeUndefined();
    expect(periodOf(walk(300, 'walk'))).toBeUndefined();
    expect(periodOf(week.map(() => 1))).toBeUndefined();
    expect(periodOf(week, 5)).toBeUndefined();
    expect(periodOf([1, 2])).toBeUndefined();
  });
});

describe('the sizes of a window', () => {
  const settle = (rows: number, held: number, given: object = {}) =>
    settleWindow(
      {
        ...{ values: Float64Array.from(walk(rows, 'sizes')), width: 1, targets: 1, step: undefined },
        series: [{ begin: 0, training: rows, valid: held, test: held }],
      },
      given,
    );

  it.each([20, 30, 40, 60, 100, 1000, 10_000])('leave several windows of %i training rows', (rows) => {
    const { history, horizon } = settle(rows, Math.round(rows / 3));
    expect(rows - history - horizon + 1).toBeGreaterThanOrEqual(8);
    expect(horizon).toBeLessThanOrEqual(Math.max(1, rows / 6));
    expect(history).toBeGreaterThanOrEqual(horizon);
    expect(history).toBeLessThanOrEqual(192);
  });

  it('hold whole seasons, and what was given stays', () => {
    expect(settle(2000, 600, { period: 52 })).toMatchObject({ history: 156, period: 52, horizon: 24 });
    expect(settle(2000, 600, { period: 7 })).toMatchObject({ history: 98 });
    expect(settle(2000, 600, { history: 10, horizon: 5 })).toMatchObject({ history: 10, horizon: 5 });
    const { settings } = settle(60, 20);
    expect(settings.history?.reason).toBe('60 training rows');
  });

  it('scale windows one by one where series are of other sizes, and small sets have few units', () => {
    expect(scalingFor([[1, 2]]).scaling?.value).toBe('table');
    expect(
      scalingFor([
        [1, 2],
        [1, 10],
      ]).scaling,
    ).toEqual({ value: 'window', reason: 'deviations of the series differ 10-fold' });
    expect(scalingFor([]).scaling?.value).toBe('table');
    expect(settleTraining(100, {}, true).units?.value).toBeLessThan(
      settleTraining(8000, {}, true).units?.value as number,
    );
  });
});

describe('a linear autoregression', () => {
  const [history, horizon] = [6, 3];
  const windowsOf = (values: readonly number[]) => {
    const count = values.length - history - horizon + 1;
    const at = (index: number) => values[index] as number;
    const last = Float64Array.from({ length: count }, (_, window) => at(window + history - 1));
    const part = (size: number, from: number) =>
      Float32Array.from({ length: count * size }, (_, place) => {
        const window = Math.floor(place / size);
        return at(window + from + (place % size)) - (last[window] as number);
      });
    return { last, known: part(history, 0), future: part(horizon, history) };
  };
  let paced = 0;
  const pace = () => {
    paced += 1;
    return Promise.resolve();
  };
  const fitted = (values: readonly number[], border: number, period = 1): Promise<LinearForecast> => {
    const sizes = { history, horizon, period, orders: [1, 2, 3, 6] };
    return fitLinear(windowsOf(values.slice(0, border)), windowsOf(values.slice(border)), sizes, pace);
  };
  const forecastOf = (linear: LinearForecast, known: readonly number[]) => {
    const last = known.at(-1) as number;
    const out = new Float32Array(horizon);
    const steps = Float32Array.from(known, (value) => value - last);
    forecastLinear(linear, { known: steps, begin: 0, history, last }, { out, place: 0, stride: 1 });
    return [...out].map((value) => value + last);
  };

  it('finds the law of a series that follows one', async () => {
    const wave = Array.from({ length: 200 }, (_, row) => 3 + Math.sin(row));
    const found = forecastOf(await fitted(wave, 120), wave.slice(0, history));
    for (const [step, value] of found.entries()) expect(value).toBeCloseTo(wave[history + step] as number, 3);
  });

  it('lets the event loop run between choices', async () => {
    const before = paced;
    await fitted(
      Array.from({ length: 200 }, (_, row) => Math.sin(row)),
      120,
    );
    // Three forms, four orders, and penalties for most of them.
    expect(paced - before).toBeGreaterThan(40);
  });

  it('is the last season of a series that repeats, and the mean of noise', async () => {
    const season = Array.from({ length: 120 }, (_, row) => [4, 1, 7][row % 3] as number);
    for (const [step, value] of forecastOf(await fitted(season, 80, 3), season.slice(0, history)).entries())
      expect(value).toBeCloseTo(season[step] as number, 3);
    const around = noise(400, 'around').map((value) => value + 20);
    for (const value of forecastOf(await fitted(around, 300), around.slice(0, history)))
      expect(Math.abs(value - 20)).toBeLessThan(0.7);
  });

  it('is little more than the last value for short random walks, and much more for a trend', async () => {
    const errorsOf = async (values: readonly number[]) => {
      const linear = await fitted(values.slice(0, 50), 35);
      const starts = Array.from({ length: 20 }, (_, at) => 50 + at);
      const squares = starts.map((start) => {
        const found = forecastOf(linear, values.slice(start - history, start));
        const truth = values.slice(start, start + horizon);
        const sum = (of: (step: number) => number) =>
          truth.reduce((all, value, step) => all + (value - of(step)) ** 2, 0);
        return [sum((step) => found[step] as number), sum(() => values[start - 1] as number)] as const;
      });
      const total = (side: 0 | 1) => squares.reduce((all, each) => all + each[side], 0);
      return total(0) / total(1);
    };
    const walks = Array.from({ length: 20 }, (_, at) => walk(80, `short ${at}`));
    const ratios = await Promise.all(walks.map(errorsOf));
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.15);
    expect(await errorsOf(noise(80, 'trend').map((value, row) => value / 10 + row))).toBeLessThan(0.2);
  });

  it('is finite where the level hides the changes', async () => {
    const far = noise(60, 'far').map((value) => 1e6 + value / 1e4);
    const known = far.slice(0, history);
    for (const value of forecastOf(await fitted(far, 40), known)) expect(Math.abs(value - 1e6)).toBeLessThan(1);
  });

  it('is finite for constant rows', async () => {
    expect(
      forecastOf(
        await fitted(
          Array.from({ length: 40 }, () => 5),
          25,
        ),
        [5, 5, 5, 5, 5, 5],
      ),
    ).toEqual([5, 5, 5]);
  });
});

describe('the means of blocks', () => {
  it('are ten, and fewer where blocks would be shorter than the windows that overlap', () => {
    const values = Array.from({ length: 40 }, (_, at) => at);
    expect(blockMeans(values)).toHaveLength(10);
    expect(blockMeans(values)[0]).toBe(1.5);
    expect(blockMeans(values, 10)).toHaveLength(4);
    expect(blockMeans(values, 100)).toEqual([9.5, 29.5]);
    expect(blockMeans([7], 5)).toEqual([7]);
    expect(standardErrorOf([1, 3])).toBe(1);
  });
});

const short = { ...QUIET, units: 4, epochs: 1, columns: 'x' } as const;

describe('forecasts without options', () => {
  it('find a week in daily sales, and settle everything with a reason', async () => {
    const week = [5, 3, 2, 2, 3, 7, 9];
    const noisy = noise(250, 'sales');
    const dated = (value: number, row: number) =>
      `${new Date(Date.UTC(2024, 0, 1 + row)).toISOString().slice(0, 10)},${value}`;
    const sales = noisy.map((value, row) => 10 * (week[row % 7] as number) + value);
    const out = join(temporaryDirectory(), 'run');
    const given = { ...QUIET, out, epochs: 2, data: tableOf(sales, 'date,sales', dated) };
    const { settled, result } = await trainWithNotes('forecast', given);
    expect(settled).toMatchObject({
      period: [7, 'a week'],
      baseline: ['linear', expect.stringMatching(/last .*season/)],
    });
    for (const [, reason] of Object.values(settled)) expect(reason).not.toBe('');
    const errors = result.naive?.results.map(({ metrics }) => Number(metrics?.['mse'])) ?? [];
    expect(result.naive?.results.map(({ rule }) => rule)).toEqual([
      'last value',
      'last season',
      'mean',
      'linear autoregression',
    ]);
    expect(Number(result.metrics.test?.['mse'])).toBeLessThan(0.2 * Math.min(...errors.slice(0, 1)));
    const undated = { ...given, out: `${out}-undated`, data: tableOf(sales, 'sales') };
    expect((await trainWithNotes('forecast', undated)).settled['period']).toEqual([
      7,
      'autocorrelation of the training rows',
    ]);
  });

  it.each([20, 35, 60])('take %i rows', async (rows) => {
    const out = join(temporaryDirectory(), 'run');
    const { examples } = await trainTask('forecast', { ...short, out, data: tableOf(walk(rows, 'short')) });
    expect(Math.min(examples.training, examples.validation, examples.test)).toBeGreaterThan(0);
  });

  it('are those of a rule where the network is not ahead of it, which the run, its uses and its messages say', async () => {
    const out = join(temporaryDirectory(), 'run');
    const values = walk(300, 'rates');
    const given = {
      ...short,
      out,
      data: tableOf(values),
      history: 10,
      horizon: 3,
      learningRate: 1,
      baseline: 'last',
    } as const;
    const result = await trainTask('forecast', given);
    expect(result.answeredBy).toBe('last value');
    expect(result.best?.step).toBe(0);
    expect(result.summary).toContain("The rule 'last value' answers: no step of the training was ahead of it");
    const ofRule = result.naive?.results.find(({ rule }) => rule === 'last value')?.metrics;
    expect(result.metrics.test?.['mse']).toBeCloseTo(Number(ofRule?.['mse']), 6);
    const notes: string[] = [];
    const loaded = await loadTask(out, { threads: 1, task: 'forecast', onNote: (note) => notes.push(note) });
    expect([loaded.answeredBy, notes]).toEqual([
      'last value',
      [expect.stringContaining("The rule 'last value' answers")],
    ]);
    const rows = values.slice(0, 10);
    const [forecast] = await loaded.predict([rows]);
    const last = rows.at(-1) as number;
    for (const value of (forecast as { x: number[] }).x) expect(value).toBeCloseTo(last, 6);
    const stream = loaded.stream();
    const streamed = [];
    for (const row of rows) streamed.push(...(await stream.push(row)));
    expect(streamed).toEqual([forecast]);
    stream.close();
    loaded.dispose();
    const evaluation = await evaluateTask(out, { threads: 1 });
    expect(evaluation).toMatchObject({ answeredBy: 'last value', metrics: result.metrics.test });
    const without = await trainTask('forecast', { ...given, out: `${out}-without`, fallback: 'no' });
    expect(without.answeredBy).toBeUndefined();
    expect(without.best?.step).toBeGreaterThan(0);
  });

  it('go on after a stop to the same end, with the rule in the first place', async () => {
    const data = tableOf(walk(200, 'resumed'));
    const given = { ...short, data, epochs: 3, patience: 0, history: 12, horizon: 3 } as const;
    const out = (name: string) => join(temporaryDirectory(), name);
    const [whole, stopped] = [out('whole'), out('stopped')];
    const at = await trainTask('forecast', { ...given, out: whole });
    await trainTask('forecast', { ...given, out: stopped, epochs: 1 });
    const resumed = await trainTask('forecast', { ...QUIET, out: stopped, resume: true, epochs: 3, data });
    const { metrics, best, answeredBy } = resumed;
    expect([best?.step === 0, metrics.validation === undefined]).toEqual([at.best?.step === 0, false]);
    expect(answeredBy).toBe(at.answeredBy);
    expect(existsSync(join(stopped, 'best.safetensors'))).toBe(true);
  });

  it.each([
    ['mean', {}],
    ['season', { period: 5 }],
    ['linear', {}],
    ['linear', { scaling: 'window' }],
    ['linear', { quantiles: '0.1,0.5,0.9' }],
  ] as const)('begin with the rule %s (%j)', async (baseline, more) => {
    const out = join(temporaryDirectory(), 'run');
    const wave = noise(200, 'begin').map((value, row) => Math.sin(row) + value / 5);
    const given = {
      ...short,
      out,
      data: tableOf(wave),
      baseline,
      learningRate: 1e-9,
      history: 12,
      horizon: 4,
      ...more,
    };
    const { metrics, naive } = await trainTask('forecast', given);
    const names = { mean: 'mean', season: 'last season', linear: 'linear autoregression' };
    const ofRule = naive?.results.find(({ rule }) => rule === names[baseline])?.metrics;
    const isQuantile = 'quantiles' in more;
    expect(Number(metrics.test?.['mse']) / Number(ofRule?.['mse'])).toBeCloseTo(1, isQuantile ? 1 : 4);
    if (isQuantile) {
      const pinball = (each: unknown) => (each as { quantiles: { pinball: number } }).quantiles.pinball;
      expect(pinball(metrics.test) / pinball(ofRule)).toBeCloseTo(1, 1);
    }
    const { saved } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task;
    expect(Object.hasOwn(saved, 'linear')).toBe(baseline === 'linear');
    const rows = wave.slice(0, 12);
    const [forecast] = await predictions(out, { values: [rows] });
    if (baseline === 'season')
      expect(forecast?.['x']).toEqual(rows.slice(-5, -1).map((value) => expect.closeTo(value, 5)));
  });
});
