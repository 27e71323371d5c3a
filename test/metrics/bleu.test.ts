import { describe, expect, it } from 'vitest';
import { Bleu, corpusBleu, sentenceBleu } from '../../src/metrics/bleu.js';
import { golden } from './load-golden.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const words = (text: string) => text.toLowerCase().split(' ');

describe('Bleu', () => {
  it("has the clipped precisions of Papineni's examples 1 and 2", () => {
    const references = [
      'It is a guide to action that ensures that the military will forever heed Party commands',
      'It is the guiding principle which guarantees the military forces always being under the command of the Party',
      'It is the practical guide for the army always to heed the directions of the party',
    ].map(words);
    const precisionsOf = (hypothesis: string, lists = references) => {
      const bleu = new Bleu({ order: 2 });
      bleu.add(words(hypothesis), lists);
      return bleu.precisions;
    };
    // Section 2.1: candidate 1 has 17/18 unigrams and 10/17 bigrams, candidate 2 has 8/14 and 1/13.
    expect(
      precisionsOf('It is a guide to action which ensures that the military always obeys the commands of the party'),
    ).toEqual([17 / 18, 10 / 17]);
    expect(precisionsOf('It is to insure the troops forever hearing the activity guidebook that party direct')).toEqual(
      [8 / 14, 1 / 13],
    );
    const cats = ['The cat is on the mat', 'There is a cat on the mat'].map(words);
    expect(precisionsOf('the the the the the the the', cats)).toEqual([2 / 7, 0]);
  });

  it('has the values that NLTK documents', () => {
    const { hypotheses, references, corpus, sentences } = golden.nltk;
    expect(corpusBleu(hypotheses, references)).toBeCloseTo(0.5920778868801042, 14);
    expect(corpusBleu(hypotheses, references)).toBeCloseTo(corpus, 14);
    for (const [index, expected] of sentences.entries()) {
      const score = sentenceBleu(hypotheses[index] as string[], references[index] as string[][]);
      expect(score).toBeCloseTo(expected, 14);
    }
    expect(sentences[0]).toBeCloseTo(0.5045666840058485, 14);
  });

  it('agrees with sacreBLEU on every corpus, with every smoothing', () => {
    let aboveZero = 0;
    for (const { hypotheses, references, scores } of golden.sacrebleu) {
      for (const { options, score, brevityPenalty } of scores) {
        const bleu = new Bleu(options);
        for (const [index, hypothesis] of hypotheses.entries()) bleu.add(hypothesis, references[index] as string[][]);
        const name = `${hypotheses.length} sentences, ${JSON.stringify(options)}`;
        expect(bleu.value, name).toBeCloseTo(score, 12);
        if (score > 0) expect(bleu.brevityPenalty, name).toBeCloseTo(brevityPenalty, 12);
        if (score > 0) aboveZero++;
      }
    }
    expect(aboveZero).toBeGreaterThan(40);
  });

  it('penalises brevity against the closest reference, the shorter of two', () => {
    const bleu = new Bleu({ order: 1 });
    bleu.add(
      ['a', 'a', 'a'],
      [
        ['a', 'a', 'a', 'a', 'a'],
        ['a', 'a', 'a', 'a'],
        ['a', 'a'],
      ],
    );
    expect([bleu.referenceLength, bleu.brevityPenalty]).toEqual([2, 1]);
    bleu.add(['a'], [['a', 'b', 'c', 'd']]);
    expect([bleu.hypothesisLength, bleu.referenceLength]).toEqual([4, 6]);
    expect(bleu.brevityPenalty).toBeCloseTo(Math.exp(-0.5), 15);
  });

  it('is 1 for a perfect translation, 0 for an empty or a wrong one, and undefined before any', () => {
    expect(new Bleu().value).toBeUndefined();
    const five = ['a', 'b', 'c', 'd', 'e'];
    expect(sentenceBleu(five, [five])).toBe(1);
    expect(sentenceBleu([], [five])).toBe(0);
    expect(sentenceBleu([], [five], { smoothing: 'add-k' })).toBe(0);
    expect(sentenceBleu(['x'], [five], { smoothing: 'exp' })).toBe(0);
    expect(sentenceBleu(five.slice(0, 3), [five.slice(0, 3)])).toBe(0);
    expect(sentenceBleu(five.slice(0, 3), [five.slice(0, 3)], { effectiveOrder: true })).toBe(1);
  });

  it('tells ids from words, and words with spaces from two words', () => {
    expect(sentenceBleu([1, 2], [[1, 2]], { order: 2 })).toBe(1);
    expect(sentenceBleu(['1', '2'], [[1, 2]], { order: 1 })).toBe(0);
    expect(sentenceBleu(['a b', 'c'], [['a', 'b c']], { order: 2 })).toBe(0);
  });

  it('refuses what is no list, no reference and unequal lists', () => {
    const bleu = new Bleu();
    expect(() => bleu.add('a b' as never, [['a']])).toThrow('the hypothesis must be a list of tokens, got "a b"');
    expect(() => bleu.add(['a'], ['a' as never])).toThrow(code('invalid_option'));
    expect(() => bleu.add(['a'], [])).toThrow(code('empty_data'));
    expect(bleu.value).toBeUndefined();
    expect(() => corpusBleu([['a']], [])).toThrow('there are 1 hypotheses, but references for 0');
    expect(() => corpusBleu([], [])).toThrow(code('empty_data'));
    expect(() => new Bleu({ order: 0 })).toThrow(code('invalid_option'));
    expect(() => new Bleu({ smoothing: 'floor' as never })).toThrow(code('invalid_option'));
    expect(() => new Bleu({ k: 0 })).toThrow(code('invalid_option'));
    expect(() => new Bleu({ ngrams: 4 } as never)).toThrow(code('unknown_option'));
  });
});
