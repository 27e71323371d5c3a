import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { NGramModel } from '../../../src/tasks/naive/n-gram-model.js';

/** Probabilities of all symbols after a context, from the sums of `judge`. */
function distribution(model: NGramModel, context: readonly number[], symbols: number): number[] {
  const before = model.judge(context).sum;
  return Array.from({ length: symbols }, (_, id) => Math.exp(before - model.judge([...context, id]).sum));
}

describe('an n-gram model', () => {
  it('is a distribution after every context, seen or not', () => {
    const random = new Random(1, 'n-grams');
    const symbols = 6;
    const ids = Int32Array.from({ length: 400 }, () => random.integer(5)); // the last symbol never occurs
    for (const order of [1, 2, 3, 5]) {
      const model = new NGramModel({ symbols, order });
      model.learn(ids.subarray(0, 250));
      model.learn(ids.subarray(250));
      for (const context of [[0], [1, 2], [5], [4, 5, 0], [3, 3, 3, 3, 3]]) {
        const sum = distribution(model, context, symbols).reduce((total, p) => total + p, 0);
        expect(sum).toBeCloseTo(1, 10);
      }
    }
  });

  it('is interpolated Kneser-Ney by hand', () => {
    // Bigrams of 0 1 0 1 2: 01 twice, 10 once, 12 once. Symbols before: 0 after {1}, 1 after {0}, 2 after {1}.
    const model = new NGramModel({ symbols: 3, order: 2 });
    model.learn([0, 1, 0, 1, 2]);
    const discount = [3 / 3, 2 / (2 + 2 * 1)] as const; // unigrams: three counted once, none twice; bigrams: two once, one twice
    const unigram = (count: number) => Math.max(count - discount[0], 0) / 3 + ((discount[0] * 3) / 3) * (1 / 3);
    const after1 = (count: number) => Math.max(count - discount[1], 0) / 2 + ((discount[1] * 2) / 2) * unigram(1);
    expect(distribution(model, [1], 3)).toEqual([after1(1), after1(0), after1(1)].map((p) => expect.closeTo(p, 12)));
  });

  it('learns a pattern, and beats shorter n-grams where contexts matter', () => {
    const text = Int32Array.from({ length: 600 }, (_, at) => [0, 1, 0, 2][at % 4] as number);
    const mean = (order: number) => {
      const model = new NGramModel({ symbols: 3, order });
      model.learn(text.subarray(0, 400));
      const { sum, predicted } = model.judge(text.subarray(400));
      expect(predicted).toBe(199);
      return sum / predicted;
    };
    expect(mean(3)).toBeLessThan(0.05);
    expect(mean(1)).toBeGreaterThan(0.9);
  });
});
