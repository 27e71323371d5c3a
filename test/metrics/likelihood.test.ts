import { describe, expect, it } from 'vitest';
import { bitsFromNats, LikelihoodLoss, perplexity } from '../../src/metrics/likelihood.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('perplexity and bits', () => {
  it('of an even choice among n are n and log2 n', () => {
    for (const n of [1, 2, 65, 10_000]) {
      expect(perplexity(Math.log(n))).toBeCloseTo(n, 8);
      expect(bitsFromNats(Math.log(n))).toBeCloseTo(Math.log2(n), 12);
    }
  });

  it('weigh every part of a corpus by its symbols', () => {
    const loss = new LikelihoodLoss();
    loss.add(Math.log(2), 300);
    loss.add(Math.log(8), 100);
    loss.add(99, 0);
    expect(loss.symbols).toBe(400);
    expect(loss.value).toBeCloseTo(1.5 * Math.log(2), 14);
    expect(loss.perplexity).toBeCloseTo(2 ** 1.5, 14);
    expect(loss.bitsPerSymbol).toBeCloseTo(1.5, 14);
    // 400 words of 2000 characters.
    expect(loss.bitsPerCharacter(2000)).toBeCloseTo(0.3, 14);
  });

  it('are undefined before any symbol, and refuse what is no loss', () => {
    const { value, perplexity: none, bitsPerSymbol } = new LikelihoodLoss();
    expect([value, none, bitsPerSymbol]).toEqual([undefined, undefined, undefined]);
    for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY, '1' as never]) {
      expect(() => perplexity(wrong)).toThrow(code('invalid_option'));
      expect(() => bitsFromNats(wrong)).toThrow(code('invalid_option'));
      expect(() => new LikelihoodLoss().add(wrong, 1)).toThrow(code('invalid_option'));
    }
    expect(() => new LikelihoodLoss().add(1, 0.5)).toThrow(code('invalid_option'));
    expect(() => new LikelihoodLoss().bitsPerCharacter(0)).toThrow(code('invalid_option'));
  });

  it('change nothing when the symbols are refused', () => {
    const loss = new LikelihoodLoss();
    expect(() => loss.add(1, -1)).toThrow(code('invalid_option'));
    loss.add(2, 1);
    expect(loss.value).toBe(2);
  });
});
