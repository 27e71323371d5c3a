import { describe, expect, it } from 'vitest';
import { TokenStreams } from '../../src/data/streams.js';
import { sizeOf } from '../../src/tasks/definition/parts.js';
import { describeChoice, describeStructure } from '../../src/tasks/runner/compare-structures.js';
import { gainOf } from '../../src/tasks/runner/paired-gain.js';
import { blocksOf } from '../../src/tasks/runner/part-blocks.js';

describe('the gain of a structure', () => {
  it('has the standard error of the paired differences, not that of the scores', () => {
    const blocks = [[1, 2, 3, 4, 5]];
    const own = [[0.8, 1.9, 2.7, 3.9, 4.7]];
    // Differences of 0.2, 0.1, 0.3, 0.1, 0.3: neighbours are opposite, so that no covariance is added.
    const gain = gainOf({ score: 3, blocks }, { score: 2.8, blocks: own });
    expect(gain?.mean).toBeCloseTo(0.2, 12);
    expect(gain?.standardError).toBeCloseTo(0.1 / Math.sqrt(5), 12);
  });

  it('is less certain where neighbouring blocks are alike', () => {
    const zero = [[0, 0, 0, 0, 0, 0]];
    const error = (own: readonly number[]) =>
      gainOf({ score: 0, blocks: zero }, { score: 0, blocks: [own] })?.standardError;
    const apart = error([1, -1, 1, -1, 1, -1]) as number;
    expect(apart).toBeCloseTo(Math.sqrt(6 / 5 / 6), 12);
    // Covariances of 3/5 and 0 beside a variance of 6/5; their weights are 4/3 and 2/3.
    expect(error([1, 1, 1, -1, -1, -1])).toBeCloseTo(Math.sqrt((6 / 5 + (4 / 3) * (3 / 5)) / 6), 12);
  });

  it('leaves out blocks without a score, and has no error of fewer than two', () => {
    const other = { score: 1, blocks: [[1, Number.NaN], [1]] };
    expect(gainOf(other, { score: 0.5, blocks: [[0.5, 0.5], [0.5]] })).toEqual({ mean: 0.5, standardError: 0 });
    expect(gainOf(other, { score: 0.5, blocks: [[0.5, 0.5]] })).toEqual({ mean: 0.5 });
    expect(gainOf(other, {})).toBeUndefined();
    expect(gainOf({}, other)).toBeUndefined();
  });
});

describe('the blocks of a part', () => {
  it('deals examples out, so that an order by classes is in none of them', () => {
    const blocks = blocksOf(Array.from({ length: 25 }, (_, at) => at));
    expect(blocks).toHaveLength(10);
    expect(blocks[3]).toEqual([3, 13, 23]);
    expect(blocksOf([7, 8])).toEqual([[7], [8]]);
    expect(blocksOf([])).toEqual([]);
  });

  it('cuts examples that are read later into pieces that are together', async () => {
    const part = {
      count: 23,
      lengthOf: (at: number) => at + 1,
      read: (at: Int32Array) => [...at].map((each) => `e${each}`),
    };
    const blocks = blocksOf(part as never) as unknown as (typeof part)[];
    expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(23);
    const read = blocks.map((block) => block.read(Int32Array.from({ length: block.count }, (_, at) => at)));
    expect(read.flat()).toEqual(Array.from({ length: 23 }, (_, at) => `e${at}`));
    expect(blocks[1]?.lengthOf(0)).toBe((blocks[0]?.count ?? 0) + 1);
  });

  it('cuts a text between windows, and predicts each symbol once', () => {
    const text = new TokenStreams(
      Int32Array.from({ length: 205 }, (_, at) => at),
      { batch: 2, steps: 7 },
    );
    const blocks = blocksOf(text) as TokenStreams[];
    expect(blocks).toHaveLength(10);
    expect(blocks.reduce((sum, block) => sum + sizeOf(block), 0)).toBe(sizeOf(text));
    const targets = (of: TokenStreams) =>
      [...of].flatMap(({ targets: own }) => [...(Object.values(own ?? {})[0] as Int32Array)]);
    expect(blocks.flatMap(targets)).toEqual(targets(text));
  });
});

describe('what is said of a choice', () => {
  const base = { options: {}, epochs: 3, seconds: 1 };

  it('has the gain with its error, and why the default stays', () => {
    const results = [
      { ...base, name: 'default', score: 0.5 },
      { ...base, name: 'gru', score: 0.49, gain: { mean: 0.01, standardError: 0.02 } },
    ];
    expect(describeStructure(results[1] as (typeof results)[number])).toBe(
      "structure 'gru': score 0.4900 after 3 epochs, 0.010 ± 0.020 ahead of the default, 1.0 s",
    );
    expect(describeChoice({ results, chosen: 'default', judgedBy: '3 folds' })).toBe(
      "chosen: 'default', of 2 structures: 'gru' has the lowest score on 3 folds, but is not ahead of the default by more than a standard error",
    );
    expect(describeChoice({ results, chosen: 'gru', judgedBy: '3 folds' })).toMatch(/ahead of the default by more/);
    const late = [
      { ...base, name: 'default' },
      { ...base, name: 'gru', score: 0.5 },
    ];
    expect(describeChoice({ results: late, chosen: 'gru', judgedBy: '3 folds' })).toBe(
      "chosen: 'gru', of 2 structures the one with the lowest score on 3 folds; there was no time for an epoch of the default",
    );
    const even = { ...base, name: 'gru', score: 0.5, gain: { mean: 0, standardError: 0 } };
    expect(describeStructure(even)).toMatch(/, as good as the default, /);
  });
});
