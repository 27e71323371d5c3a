import { describe, expect, it } from 'vitest';
import { SentenceVocabulary } from '../../src/data/sentence-vocabulary.js';
import { TokenizerVocabulary } from '../../src/data/tokenizer-vocabulary.js';

const SENTENCES = [
  ['a', 'cat', 'sat'],
  ['a', 'dog', 'sat'],
  ['ü', 'cat'],
];

describe('a vocabulary of sentences', () => {
  it.each(['word', 'character', 'byte'] as const)(
    'gives tokens again at the level %s, with marks of its own',
    (level) => {
      const vocabulary = SentenceVocabulary.of(SENTENCES, level);
      const { begin, end, size } = vocabulary;
      expect(begin).not.toBe(end);
      expect([begin, end].every((id) => id >= 0 && id < size)).toBe(true);
      for (const tokens of SENTENCES) {
        const ids = vocabulary.encode(tokens);
        expect(ids.includes(begin) || ids.includes(end)).toBe(false);
        expect(vocabulary.decode(ids)).toEqual(tokens);
        expect(vocabulary.decode(Int32Array.of(begin, ...ids, end, ...ids))).toEqual(tokens);
      }
      expect(vocabulary.symbolsOf([begin, ...vocabulary.encode(['a']), end])).toEqual(['<s>', 'a', '</s>']);
      const again = SentenceVocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
      expect([again.begin, again.end, again.size]).toEqual([begin, end, size]);
      expect(again.encode(['cat', 'sat'])).toEqual(vocabulary.encode(['cat', 'sat']));
    },
  );

  it('takes the marks that words have, and adds them behind bytes', () => {
    const words = SentenceVocabulary.of(SENTENCES, 'word', { minCount: 2 });
    expect([words.unknown, words.end, words.begin, words.size]).toEqual([0, 1, 2, 6]);
    expect([...words.encode(['a', 'dog'])]).toEqual([3, 0]);
    expect(words.decode(Int32Array.of(3, 0, 4))).toEqual(['a', '<unk>', 'cat']);
    const bytes = SentenceVocabulary.of(SENTENCES, 'byte');
    expect([bytes.unknown, bytes.begin, bytes.end, bytes.size]).toEqual([undefined, 256, 257, 258]);
    expect(bytes.encode(['ü'])).toEqual(Int32Array.of(195, 188));
  });

  it('serves the pieces of a tokenizer as well', () => {
    const tokenizer = {
      size: 3,
      encode: (text: string) => [...text].map((letter) => 'ab '.indexOf(letter)),
      decode: (ids: number[]) => ids.map((id) => 'ab '[id]).join(''),
    };
    const vocabulary = new SentenceVocabulary(new TokenizerVocabulary(tokenizer));
    expect([...vocabulary.encode(['ab', 'b'])]).toEqual([0, 1, 2, 1]);
    expect(vocabulary.decode(Int32Array.of(3, 0, 2, 1, 4))).toEqual(['a', 'b']);
    const json = JSON.parse(JSON.stringify(vocabulary));
    expect(SentenceVocabulary.fromJSON(json, { tokenizer }).size).toBe(5);
    expect(() => SentenceVocabulary.fromJSON(json)).toThrow(/need the tokenizer/);
  });

  it('refuses what is no symbol', () => {
    expect(() => SentenceVocabulary.of(SENTENCES, 'byte').decode(Int32Array.of(300))).toThrow(/300/);
    expect(() => SentenceVocabulary.of([], 'word')).toThrow(expect.objectContaining({ code: 'invalid_vocabulary' }));
  });
});
