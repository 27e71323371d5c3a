/** Words of texts that read as marks of a vocabulary. */
import { describe, expect, it } from 'vitest';
import { SentenceVocabulary } from '../../src/data/sentence-vocabulary.js';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';

const throughJson = (vocabulary: WordVocabulary) =>
  WordVocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary.toJSON())));
const invalid = expect.objectContaining({ code: 'invalid_vocabulary' });

describe('marks that a text writes', () => {
  const text = 'a <eos> b\n<unk> <unk> c\n';

  it('are words like any other where an option says so, and survive JSON and decoding', () => {
    for (const words of [WordVocabulary.fromText(text, { writtenMarks: 'words' })].flatMap((v) => [
      v,
      throughJson(v),
    ])) {
      expect(words.toJSON().symbols).toEqual(['<unk>', '<eos>', ' <unk>', ' <eos>', 'a', 'b', 'c']);
      expect([...words.encode('a <eos> b\nd <unk>')]).toEqual([4, 3, 5, 1, 0, 2]);
      expect(words.decode(words.encode(text))).toBe(text);
    }
  });

  it('are outside of a vocabulary whose text has none of them', () => {
    const words = WordVocabulary.fromText('a b\n', { writtenMarks: 'words' });
    expect([...throughJson(words).encode('a <eos> <unk>\n')]).toEqual([2, 0, 0, 1]);
  });

  it('are the marks by default, as in vocabularies that were saved without a word of it', () => {
    const saved = { level: 'word', unknown: true, symbols: ['<unk>', '<eos>', 'a', 'b', 'c'] } as const;
    const words = WordVocabulary.fromText(text);
    expect(words.toJSON()).toEqual(saved);
    for (const each of [words, WordVocabulary.fromJSON(saved)]) {
      expect([...each.encode('a <eos> <unk>\n')]).toEqual([2, 1, 0, 1]);
    }
  });

  it('cannot be words without a word of it', () => {
    const symbols = ['<unk>', '<eos>', ' <eos>', 'a'];
    expect(() => WordVocabulary.fromJSON({ level: 'word', unknown: true, symbols })).toThrow(invalid);
    expect(() =>
      WordVocabulary.fromJSON({ level: 'word', unknown: true, symbols, writtenMarks: 'marks' } as never),
    ).toThrow(invalid);
    expect(() => WordVocabulary.fromText('a', { writtenMarks: 'none' as never })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });
});

describe('marks among tokens', () => {
  const tokens = ['<unk>', '<s>', '</s>', 'a'];

  it('are words like any other', () => {
    for (const words of [WordVocabulary.fromTokens([tokens])].flatMap((v) => [v, throughJson(v)])) {
      const ids = words.encodeTokens(tokens, { begin: true, end: true });
      expect(new Set(ids).size).toBe(6);
      expect(words.decodeTokens(ids)).toEqual(tokens);
      expect([...words.encodeTokens(['b'])]).toEqual([words.unknownId]);
      expect(new SentenceVocabulary(words).decode(ids)).toEqual(tokens);
    }
  });

  it('are unknown in a vocabulary without them, as in those that were saved before', () => {
    const words = WordVocabulary.fromJSON({ level: 'word', unknown: true, symbols: ['<unk>', '</s>', '<s>', 'a'] });
    expect([...words.encodeTokens(tokens)]).toEqual([0, 0, 0, 3]);
  });
});
