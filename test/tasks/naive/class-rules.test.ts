import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { MostFrequent } from '../../../src/tasks/naive/most-frequent.js';
import { NaiveBayes } from '../../../src/tasks/naive/naive-bayes.js';
import { NearestNeighbour } from '../../../src/tasks/naive/nearest-neighbour.js';

describe('naive Bayes', () => {
  it('is what the book computes: the example of Manning, Raghavan and Schütze, table 13.1', () => {
    const words = ['Chinese', 'Beijing', 'Shanghai', 'Macao', 'Tokyo', 'Japan'];
    const ids = (text: string) => text.split(' ').map((word) => words.indexOf(word));
    const rule = new NaiveBayes({ classes: 2, symbols: words.length, order: 1 });
    for (const text of ['Chinese Beijing Chinese', 'Chinese Chinese Shanghai', 'Chinese Macao'])
      rule.learn(ids(text), 1);
    rule.learn(ids('Tokyo Japan Chinese'), 0);
    expect(rule.classify(ids('Chinese Chinese Chinese Tokyo Japan'))).toBe(1); // 0.0003 against 0.0001
    expect(rule.classify(ids('Tokyo Japan'))).toBe(0);
  });

  it('tells orders of symbols apart with n-grams of two', () => {
    const [rule, bags] = [2, 1].map((order) => new NaiveBayes({ classes: 2, symbols: 3, order }));
    for (const each of [rule, bags]) {
      each?.learn([0, 1, 0, 1, 2], 0);
      each?.learn([1, 0, 2, 1, 0], 1);
    }
    expect(rule?.classify([0, 1])).toBe(0);
    expect(rule?.classify([1, 0])).toBe(1);
    expect(bags?.classify([1, 0])).toBe(bags?.classify([0, 1]));
  });
});

describe('the nearest neighbour', () => {
  it('finds the class of series of any length, and measures all features', () => {
    const random = new Random(1, 'series');
    const series = (label: number, length: number) => ({
      label,
      input: Float32Array.from({ length: 2 * length }, (_, at) => {
        const phase = (2 * Math.PI * Math.floor(at / 2)) / (length - 1);
        return (at % 2 === 0 ? 1 : Math.sin((label + 1) * phase)) + 0.1 * random.normal();
      }),
    });
    const training = Array.from({ length: 30 }, (_, at) => series(at % 3, 20 + (at % 7)));
    const rule = new NearestNeighbour(training, 2);
    for (let at = 0; at < 60; at++) {
      const { input, label } = series(at % 3, 15 + (at % 40));
      expect(rule.classify(input)).toBe(label);
    }
  });
});

describe('the most frequent label', () => {
  it('is that of the symbol, of all labels for a new symbol, and the smaller one of two', () => {
    const rule = new MostFrequent();
    expect(rule.label).toBe(-1);
    for (const [symbol, label] of [
      [7, 2],
      [7, 1],
      [7, 1],
      [8, 0],
      [8, 2],
      [9, 2],
    ]) {
      rule.learn(symbol as number, label as number);
    }
    expect([7, 8, 9, 10].map((symbol) => rule.labelOf(symbol))).toEqual([1, 0, 2, 2]);
    expect(rule.label).toBe(2);
  });
});
