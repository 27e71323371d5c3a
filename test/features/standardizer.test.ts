import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { ColumnStatistics } from '../../src/features/column-statistics.js';
import { Standardizer, standardizeSequence } from '../../src/features/standardizer.js';
import { largestDistance } from './load-golden.js';
import { sharedData } from './shared-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const column = (rows: ArrayLike<number>, columns: number, index: number) =>
  Array.from(rows).filter((_, at) => at % columns === index);

/** Mean and standard deviation by two passes in double precision. */
function exactly(values: readonly number[]): readonly [mean: number, deviation: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}

function randomSequences(): Float32Array[] {
  const random = new Random(1, 'standardizer');
  return [3, 1, 40].map((steps) =>
    Float32Array.from(
      { length: steps * 3 },
      (_, at) => [5 + random.normal(), 1e4 + 0.5 * random.normal(), -2][at % 3] ?? 0,
    ),
  );
}

describe('Standardizer', () => {
  it('has the mean and the standard deviation of two passes over all rows', () => {
    const sequences = randomSequences();
    const all = sequences.flatMap((rows) => [...rows]);
    const { means, standardDeviations } = Standardizer.fit(sequences, 3).toJSON();
    for (const index of [0, 1]) {
      const [mean, deviation] = exactly(column(all, 3, index));
      expect(Math.abs((means[index] as number) / mean - 1)).toBeLessThan(1e-14);
      expect(Math.abs((standardDeviations[index] as number) / deviation - 1)).toBeLessThan(1e-11);
    }
  });

  it('centres constant columns and leaves their scale', () => {
    const sequences = randomSequences();
    const standardizer = Standardizer.fit(sequences, 3);
    expect(standardizer.toJSON().standardDeviations[2]).toBe(1);
    expect(new Set(column(standardizer.apply(sequences[2] as Float32Array), 3, 2))).toEqual(new Set([0]));
    expect([...standardizer.apply(Float32Array.of(5, 1e4, 1))][2]).toBe(3);
  });

  it('gives the training rows mean 0 and deviation 1, and leaves what it was given', () => {
    const sequences = randomSequences();
    const before = sequences.map((rows) => rows.slice());
    const standardizer = Standardizer.fit(sequences, 3);
    const all = sequences.flatMap((rows) => [...standardizer.apply(rows)]);
    for (const index of [0, 1]) {
      const [mean, deviation] = exactly(column(all, 3, index));
      expect(Math.abs(mean)).toBeLessThan(1e-6);
      expect(Math.abs(deviation - 1)).toBeLessThan(1e-6);
    }
    expect(sequences).toEqual(before);
  });

  it('keeps every digit of a small spread around a large mean', () => {
    const statistics = new ColumnStatistics(1);
    for (let step = 0; step < 1000; step++) statistics.add(Float32Array.of(1e7 + (step % 2)));
    expect(statistics.standardDeviations[0]).toBeCloseTo(0.5, 12);
    expect(statistics.count).toBe(1000);
  });

  it('inverts what it applied, also for some of the columns', () => {
    const sequences = randomSequences();
    const standardizer = Standardizer.fit(sequences, 3);
    const rows = sequences[2] as Float32Array;
    // A rounding of 1e4 is 5e-4.
    expect(largestDistance(standardizer.invert(standardizer.apply(rows)), rows)).toBeLessThan(1e-3);
    const second = Float32Array.from(column(standardizer.apply(rows), 3, 1));
    expect(largestDistance(standardizer.invert(second, 1, 1), column(rows, 3, 1))).toBeLessThan(1e-3);
    expect(() => standardizer.invert(second, 3, 1)).toThrow('columns 3 to 3 are not among the 3');
    expect(() => standardizer.invert(second, -1, 1)).toThrow(code('invalid_option'));
    expect(() => standardizer.invert(second, 1.5, 1)).toThrow(code('invalid_option'));
  });

  it('comes back from JSON bit for bit', () => {
    const standardizer = Standardizer.fit(randomSequences(), 3);
    const saved = JSON.parse(JSON.stringify(standardizer));
    expect(Standardizer.fromJSON(saved).toJSON()).toEqual(standardizer.toJSON());
    const rows = Float32Array.of(1, 2, 3);
    expect(Standardizer.fromJSON(saved).apply(rows)).toEqual(standardizer.apply(rows));
  });

  it.each([
    [null, 'invalid_option'],
    [{ means: [1] }, 'invalid_option'],
    [{ means: [], standardDeviations: [] }, 'invalid_option'],
    [{ means: [1, 2], standardDeviations: [1] }, 'length_mismatch'],
    [{ means: [Number.NaN], standardDeviations: [1] }, 'invalid_option'],
    [{ means: [0], standardDeviations: [0] }, 'invalid_option'],
    [{ means: ['0'], standardDeviations: [1] }, 'invalid_option'],
    [{ means: [null], standardDeviations: [1] }, 'invalid_option'],
    [{ means: [0], standardDeviations: [1], scale: 1 }, 'unknown_option'],
  ])('refuses the JSON %j', (json, expected) => {
    expect(() => Standardizer.fromJSON(json as never)).toThrow(code(expected));
  });

  it('refuses rows that do not fit, and changes nothing by them', () => {
    const statistics = new ColumnStatistics(2);
    statistics.add(Float32Array.of(1, 2));
    expect(() => statistics.add(Float32Array.of(1, 2, 3))).toThrow(
      '3 numbers are not a whole number of rows of 2 columns',
    );
    expect(() => statistics.add(Float32Array.of(1, 2, 3, Number.NaN))).toThrow('column 1 of row 1 is NaN');
    expect([statistics.count, ...statistics.means]).toEqual([1, 1, 2]);
    expect(() => Standardizer.fit([], 2)).toThrow(code('empty_data'));
    expect(() => Standardizer.fit([new Float32Array(0)], 2)).toThrow(code('empty_data'));
    expect(() => Standardizer.of(statistics).apply(new Float32Array(3))).toThrow(code('shape_mismatch'));
    expect(() => new ColumnStatistics(0)).toThrow(code('invalid_option'));
  });
});

describe('standardizeSequence', () => {
  it('takes away what is a sequence of its own: loudness and level', () => {
    const rows = Float32Array.of(1, 10, 2, 30, 6, 20);
    const louder = rows.map((value) => 4 * value + 16);
    expect(largestDistance(standardizeSequence(louder, 2), standardizeSequence(rows, 2))).toBeLessThan(1e-6);
    expect([...standardizeSequence(Float32Array.of(3, 4), 2)]).toEqual([0, 0]);
  });
});

const transformer = sharedData('etth1');
describe.skipIf(transformer.isMissing)('the transformer series', () => {
  it('is standardized by its first year, so that the rest does not leak', () => {
    const lines = readFileSync(path.join(transformer.folder, 'ETTh1.csv'), 'utf8').trim().split('\n').slice(1);
    const rows = Float32Array.from(lines.flatMap((line) => line.split(',').slice(1).map(Number)));
    const year = 365 * 24 * 7;
    const standardizer = Standardizer.fit([rows.subarray(0, year)], 7);
    const [trainMean, trainDeviation] = exactly(column(standardizer.apply(rows.subarray(0, year)), 7, 6));
    expect([trainMean.toFixed(4), trainDeviation.toFixed(4)].map(Number)).toEqual([0, 1]);
    // The oil is about one deviation colder afterwards.
    expect(exactly(column(standardizer.apply(rows.subarray(year)), 7, 6))[0]).toBeLessThan(-0.8);
  });
});

describe('rows in double precision', () => {
  const level = 432_100_000;
  const rows = Float64Array.from({ length: 64 }, (_, at) => level + at / 4);

  it('are standardised before they are rounded', () => {
    const standardizer = Standardizer.fit([rows], 1);
    const scaled = standardizer.apply(rows);
    expect(scaled).toBeInstanceOf(Float32Array);
    expect(new Set(scaled).size).toBe(64);
    const plain = Standardizer.fit([rows.map((value) => value - level)], 1).apply(rows.map((value) => value - level));
    for (const [at, value] of scaled.entries()) expect(value).toBeCloseTo(plain[at] as number, 5);
  });

  it('come back as doubles', () => {
    const standardizer = Standardizer.fit([rows], 1);
    const scaled = rows.slice();
    standardizer.applyInPlace(scaled);
    const back = standardizer.invert(scaled);
    expect(back).toBeInstanceOf(Float64Array);
    for (const [at, value] of back.entries()) expect(Math.abs(value - (rows[at] as number))).toBeLessThan(1e-6);
    expect(standardizer.invert(standardizer.apply(rows))).toBeInstanceOf(Float32Array);
  });
});
