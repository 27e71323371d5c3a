import { describe, expect, it } from 'vitest';
import { editDistance } from '../../src/metrics/edit-distance.js';
import { characterErrorRate, ErrorRate, wordErrorRate } from '../../src/metrics/error-rate.js';
import { golden } from './load-golden.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('editDistance', () => {
  it('has the textbook values and their edits', () => {
    expect(editDistance('kitten', 'sitting')).toEqual({ distance: 3, substitutions: 2, deletions: 0, insertions: 1 });
    expect(editDistance('intention', 'execution')).toMatchObject({ distance: 5 });
    expect(editDistance('saturday', 'sunday')).toEqual({ distance: 3, substitutions: 1, deletions: 2, insertions: 0 });
    expect(editDistance('', 'abc')).toEqual({ distance: 3, substitutions: 0, deletions: 0, insertions: 3 });
    expect(editDistance('abc', '')).toEqual({ distance: 3, substitutions: 0, deletions: 3, insertions: 0 });
    expect(editDistance([], [])).toEqual({ distance: 0, substitutions: 0, deletions: 0, insertions: 0 });
  });

  it('agrees with NLTK, its edits add up, and turning the pair round exchanges deletions and insertions', () => {
    for (const { pair, distance } of golden.distances) {
      const edits = editDistance(...pair);
      expect(edits.distance, pair.join(' / ')).toBe(distance);
      expect(edits.substitutions + edits.deletions + edits.insertions).toBe(distance);
      expect(edits.insertions - edits.deletions).toBe(pair[1].length - pair[0].length);
      const turned = editDistance(pair[1], pair[0]);
      expect(turned).toEqual({ ...edits, deletions: edits.insertions, insertions: edits.deletions });
    }
  });

  it('counts a substitution rather than a deletion and an insertion', () => {
    expect(editDistance('ab', 'bc')).toEqual({ distance: 2, substitutions: 2, deletions: 0, insertions: 0 });
  });

  it('compares ids, words and what is equal to nothing else alike', () => {
    expect(editDistance(Int32Array.of(1, 2, 3), Int32Array.of(1, 3)).distance).toBe(1);
    expect(editDistance(['one', 'two'], ['one', 'Two']).distance).toBe(1);
    expect(editDistance(['1'] as unknown[], [1] as unknown[]).distance).toBe(1);
  });
});

describe('error rates', () => {
  it('are the edits of the corpus over the length of its references', () => {
    const rate = wordErrorRate(['the cat sat on the mat', 'yes'], ['the cat sat on mat', 'yes no maybe']);
    expect(rate.edits).toEqual({ distance: 3, substitutions: 0, deletions: 1, insertions: 2 });
    expect([rate.value, rate.referenceLength]).toEqual([3 / 7, 7]);
    // The mean of the sentences would be (1 / 6 + 2) / 2.
  });

  it('have the value of a published example', () => {
    // Jurafsky and Martin, "Speech and Language Processing", 3rd edition, on word error rate: 10 edits of 13 words, 76.9 %.
    // Their way has 6 substitutions, 3 insertions and 1 deletion; another of the same cost has more substitutions.
    const rate = wordErrorRate(
      ['i um the phone is i left the portable phone upstairs last night'],
      ['i got it to the fullest i love to portable form of stores last night'],
    );
    expect(rate).toMatchObject({ referenceLength: 13, value: 10 / 13 });
    expect(rate.edits).toEqual({ distance: 10, substitutions: 8, deletions: 0, insertions: 2 });
  });

  it('split at any white space, and count characters by code point', () => {
    expect(wordErrorRate([' a\tb \n c '], ['a b c']).value).toBe(0);
    expect(characterErrorRate(['a😀c'], ['a😁c'])).toMatchObject({ value: 1 / 3, referenceLength: 3 });
  });

  it('may exceed 1, and are undefined without a reference', () => {
    expect(wordErrorRate(['a'], ['b c d']).value).toBe(3);
    const rate = new ErrorRate();
    expect(rate.value).toBeUndefined();
    rate.add([], ['a']);
    expect([rate.value, rate.edits.insertions]).toEqual([undefined, 1]);
  });

  it('refuse lists of two lengths and what is no text', () => {
    expect(() => wordErrorRate(['a', 'b'], ['a'])).toThrow('there are 2 references, but 1 hypotheses');
    expect(() => characterErrorRate([1 as never], ['a'])).toThrow('reference 0 must be a string, got 1');
    expect(() => wordErrorRate(['a'], [undefined as never])).toThrow(code('invalid_option'));
  });
});
