import { describe, expect, it } from 'vitest';
import { listSome } from '../../src/core/list-some.js';
import { listNames } from '../../src/files/column-names.js';
import { describeErrors } from '../../src/tasks/recipes/forecast/forecast-evaluation.js';
import { newestGaps } from '../../src/tasks/recipes/forecast/forecast-gaps.js';

const names = Array.from({ length: 300 }, (_, at) => `c${at}`);

describe('long lists in messages', () => {
  it('have the first, and say how many more there are', () => {
    expect(listSome(['a', 'b'])).toBe('a, b');
    expect(listSome(names)).toBe('c0, c1, c2, c3, c4 and 295 more');
    expect(listSome(names, { most: 2, separator: '; ' })).toBe('c0; c1 and 298 more');
  });

  it('have as many names of columns as fit', () => {
    expect(listNames(['a', 'b'])).toBe('["a","b"]');
    expect(listNames(names)).toMatch(/^\["c0","c1",.*"\] and 28\d more$/);
    expect(listNames(names).length).toBeLessThan(100);
    expect(listNames(['x'.repeat(500), 'y']).length).toBeLessThan(100);
    expect(listNames([])).toBe('[]');
  });

  it('have columns whose numbers are missing in as many rows together', () => {
    const gaps = Float64Array.from({ length: 3 * names.length }, (_, at) =>
      at >= 2 * names.length || (at >= names.length && at % 2 === 0) ? Number.NaN : 1,
    );
    const { said } = newestGaps({ gaps, names, targets: 300, history: 3, begin: 0, end: 3 });
    expect(said).toEqual([
      "the last 2 rows of 'c0', 'c2', 'c4', 'c6', 'c8' and 145 more",
      "the last row of 'c1', 'c3', 'c5', 'c7', 'c9' and 145 more",
    ]);
  });

  it('have the errors of a few columns, or the largest of many and the range of the others', () => {
    const of = (count: number) =>
      describeErrors({
        ...{ mse: 1, mae: 1 },
        columns: Object.fromEntries(names.slice(0, count).map((name, at) => [name, { mse: at, mae: 1 }])),
      }).split('\n');
    expect(of(20)).toHaveLength(21);
    const lines = of(300);
    expect(lines).toHaveLength(13);
    expect(lines[1]).toBe('the 10 columns with the largest errors, of 300');
    expect(lines[2]).toMatch(/^c299 +MSE 299\.0000/);
    expect(lines[12]).toBe('290 more columns, MSE 0.0000 to 289.0000 (all: --json)');
  });
});
