import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { splitExamples } from '../../src/data/split-examples.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('splitExamples', () => {
  it('puts each example into one part, and the same fraction of every class into the test', () => {
    const random = new Random(1, 'labels');
    for (let seed = 0; seed < 50; seed++) {
      const labels = Array.from({ length: 50 + random.integer(200) }, () => `class ${random.integer(5)}`);
      const test = 0.05 + 0.9 * random.uniform();
      const split = splitExamples(labels, { test, seed });
      expect([...split.train, ...split.test].sort((a, b) => a - b)).toEqual([...labels.keys()]);
      for (const part of [split.train, split.test]) expect(part).toEqual(Int32Array.from(part).sort());
      for (const label of new Set(labels)) {
        const count = labels.filter((other) => other === label).length;
        const held = split.test.filter((index) => labels[index] === label).length;
        expect(held).toBe(Math.min(count - 1, Math.max(1, Math.round(count * test))));
      }
    }
  });

  it('is the same for the same seed, another for another, and does not depend on other classes', () => {
    const labels = Array.from({ length: 100 }, (_, index) => index % 2);
    const split = splitExamples(labels, { test: 0.2, seed: 3 });
    expect(splitExamples(labels, { test: 0.2, seed: 3 })).toEqual(split);
    expect(splitExamples(labels, { test: 0.2, seed: 4 })).not.toEqual(split);
    expect(splitExamples(labels, { test: 0.2 })).toEqual(splitExamples(labels, { test: 0.2, seed: 1 }));
    const renamed = splitExamples(
      labels.map((label) => (label === 0 ? 0 : 7)),
      { test: 0.2, seed: 3 },
    );
    const even = (indices: Int32Array) => indices.filter((index) => index % 2 === 0);
    expect(even(renamed.test)).toEqual(even(split.test));
  });

  it('keeps both parts of a small class, and leaves a single example in training', () => {
    const { train, test } = splitExamples(['a', 'a', 'b', 'c', 'c', 'c'], { test: 0.1 });
    expect(test.length).toBe(2);
    expect(train).toContain(2);
    expect(splitExamples(['a', 'a'], { test: 0.99 }).train.length).toBe(1);
  });

  it('refuses fractions that are none, and labels of which nothing can be held back', () => {
    for (const test of [0, 1, -0.1, Number.NaN, undefined]) {
      expect(() => splitExamples(['a', 'a'], { test: test as number })).toThrow(code('invalid_option'));
    }
    expect(() => splitExamples(['a', 'b'], { test: 0.5 })).toThrow(code('too_short'));
    expect(() => splitExamples([], { test: 0.5 })).toThrow(code('too_short'));
    expect(() => splitExamples(['a', 'a'], { test: 0.5, train: 0.5 } as never)).toThrow(code('unknown_option'));
  });
});
