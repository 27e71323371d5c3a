import { describe, expect, it } from 'vitest';
import { KeyLikelihood } from '../../src/metrics/key-likelihood.js';

describe('the likelihood of keys', () => {
  it('sums the nats of a frame, averages over the frames, and counts hits among what sounds or should', () => {
    const scores = new KeyLikelihood();
    expect([scores.value, scores.accuracy]).toEqual([undefined, 1]);
    const odds = (probability: number) => Math.log(probability / (1 - probability));
    scores.add([1, 0, 0, 1], [odds(0.9), odds(0.2), odds(0.7), odds(0.4)], 2);
    scores.add([0, 0], [odds(0.5), odds(0.1)], 2);
    const nats = [0.9, 0.8, 0.3, 0.4, 0.5, 0.9].reduce((sum, probability) => sum - Math.log(probability), 0);
    expect(scores.value).toBeCloseTo(nats / 3, 12);
    expect(scores.frames).toBe(3);
    expect(scores.accuracy).toBeCloseTo(1 / 3, 12);
  });

  it('stays finite for odds that no probability can hold', () => {
    const scores = new KeyLikelihood();
    scores.add([1, 0], [-2000, 2000], 2);
    expect(scores.value).toBe(4000);
  });

  it('refuses other sizes', () => {
    const scores = new KeyLikelihood();
    expect(() => scores.add([1, 0], [0], 2)).toThrow(/2 targets and 1 log odds/);
    expect(() => scores.add([1, 0, 1], [0, 0, 0], 2)).toThrow(expect.objectContaining({ code: 'length_mismatch' }));
    expect(scores.frames).toBe(0);
  });
});
