import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

/** The functions of examples/charts, which is JavaScript without types. */
interface Charts {
  learningCurve(series: readonly object[], options: object): string;
  heatMap(matrix: readonly (readonly number[])[], labels: object, options: object): string;
  forecastBand(forecast: object, options: object): string;
}
const file = pathToFileURL(path.join(projectRoot, 'examples/charts/charts.mjs')).href;
const { learningCurve, heatMap, forecastBand } = (await import(file)) as Charts;

/** Fails unless every element of the SVG is closed, in order. Returns how often each occurs. */
function elements(svg: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  const rest = svg.replace(/<(\/?)([a-zA-Z]+)((?:\s[\w-]+="[^"<]*")*)(\/?)>/g, (_, closing, name, __, single) => {
    if (closing === '/') {
      expect(open.pop()).toBe(name);
      return '';
    }
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (single !== '/') open.push(name);
    return '';
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  return counts;
}

const axes = { title: 'a <b> & "c"', xLabel: 'step', yLabel: 'loss' };

describe('learningCurve', () => {
  const series = [
    { name: 'training', x: [0, 10, 20], y: [3, 2, 1], best: 'none' },
    { name: 'validation <1>', x: [0, 20], y: [2, 2.5] },
  ];

  it('draws a line for each series and marks the best point', () => {
    const svg = learningCurve(series, axes);
    expect(elements(svg).get('circle')).toBe(1);
    expect(svg.match(/stroke-linejoin="round"/g)).toHaveLength(2);
    expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
    expect(learningCurve(series, axes)).toBe(svg);
    // The least loss of the second series is at its beginning: the left end of the axis.
    expect(svg).toContain('<circle cx="64"');
  });

  it('draws a series that never changes', () => {
    elements(learningCurve([{ name: 'flat', x: [1], y: [5] }], axes));
  });

  it('refuses unequal lengths, numbers that are not finite and no series at all', () => {
    expect(() => learningCurve([{ name: 'a', x: [1, 2], y: [1] }], axes)).toThrow(
      'series a has 2 places, but 1 values',
    );
    expect(() => learningCurve([{ name: 'a', x: [1], y: [Number.NaN] }], axes)).toThrow('finite numbers only, got NaN');
    expect(() => learningCurve([], axes)).toThrow('at least one number');
  });
});

describe('heatMap', () => {
  const options = { title: 'attention', rowLabel: 'written', columnLabel: 'read' };

  it('draws a cell for each number, the greatest one darkest', () => {
    const svg = heatMap(
      [
        [0, 1, 2],
        [3, 0, 4],
      ],
      { rows: ['彼', 'は'], columns: ['he', 'is', 'a long name'] },
      options,
    );
    expect(elements(svg).get('rect')).toBe(6 + 2);
    expect(svg).toContain('fill="rgb(8, 48, 107)" stroke="#fff"><title>は, a long name: 4</title>');
    expect(svg.match(/fill="rgb\(247, 251, 255\)"/g)).toHaveLength(2);
  });

  it('writes the numbers into the cells when asked to', () => {
    const labels = { rows: ['a'], columns: ['a', 'b'] };
    expect(heatMap([[0.25, 0.5]], labels, { ...options, numbers: (value: number) => `${100 * value} %` })).toContain(
      '>25 %<',
    );
  });

  it('refuses a matrix that does not fit its names', () => {
    expect(() => heatMap([[1]], { rows: ['a', 'b'], columns: ['a'] }, options)).toThrow('1 rows, but 2 names');
    expect(() => heatMap([[1, 2]], { rows: ['a'], columns: ['a'] }, options)).toThrow(
      'row 0 has 2 numbers, but there are 1',
    );
  });
});

describe('forecastBand', () => {
  const forecast = { history: [1, 2, 3], median: [3, 4], lower: [2, 2], upper: [4, 6], actual: [3.5] };
  const options = { ...axes, band: '80 %' };

  it('draws history, forecast, band and what came true', () => {
    const svg = forecastBand(forecast, options);
    elements(svg);
    for (const name of ['history', 'forecast', '80 %', 'what came true']) expect(svg).toContain(`>${name}</text>`);
    const { actual: _, ...unknown } = forecast;
    expect(forecastBand(unknown, options)).not.toContain('what came true');
  });

  it('refuses a band of another length than the forecast', () => {
    expect(() => forecastBand({ ...forecast, upper: [4] }, options)).toThrow('upper has 1 steps, but the median 2');
  });
});
