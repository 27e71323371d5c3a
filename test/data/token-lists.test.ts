import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vocabularyFromJSON } from '../../src/data/saved-vocabulary.js';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';
import { readParallelText } from '../../src/files/parallel-text.js';
import { realData } from './real-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a word vocabulary of lists of tokens', () => {
  const sentences = [
    ['the', 'cat', 'saw', 'the', 'dog'],
    ['a', 'cat'],
  ];
  const vocabulary = WordVocabulary.fromTokens(sentences);

  it('puts the marks first, then words by count', () => {
    expect(vocabulary.toJSON()).toEqual({
      level: 'word',
      unknown: true,
      symbols: ['<unk>', '</s>', '<s>', 'cat', 'the', 'a', 'dog', 'saw'],
    });
    expect([vocabulary.unknownId, vocabulary.endOfSentenceId, vocabulary.beginOfSentenceId]).toEqual([0, 1, 2]);
    expect(WordVocabulary.fromTokens(sentences, { minCount: 2, maxSize: 4 }).size).toBe(4);
  });

  it('encodes tokens with and without marks, and decodes them up to the end mark', () => {
    expect([...vocabulary.encodeTokens(['the', 'bird'])]).toEqual([4, 0]);
    expect([...vocabulary.encodeTokens(['the', 'cat'], { begin: true, end: true })]).toEqual([2, 4, 3, 1]);
    expect([...vocabulary.encodeTokens([], { end: true })]).toEqual([1]);
    expect(vocabulary.decodeTokens([2, 4, 0, 1, 5, 5])).toEqual(['the', '<unk>']);
    for (const sentence of sentences) {
      expect(vocabulary.decodeTokens(vocabulary.encodeTokens(sentence, { begin: true, end: true }))).toEqual(sentence);
    }
    expect(() => vocabulary.decodeTokens([8])).toThrow(code('index_out_of_range'));
  });

  it('reads texts as well: a line feed is the end of a sentence', () => {
    expect([...vocabulary.encode('the cat\n<s> a')]).toEqual([4, 3, 1, 0, 5]);
    expect(vocabulary.decode([4, 3, 1, 5])).toBe('the cat\na');
  });

  it('is saved and loaded with its marks', () => {
    const loaded = vocabularyFromJSON(JSON.parse(JSON.stringify(vocabulary))) as WordVocabulary;
    expect(loaded.toJSON()).toEqual(vocabulary.toJSON());
    expect(loaded.beginOfSentenceId).toBe(2);
    const json = vocabulary.toJSON();
    const swapped = { ...json, symbols: ['<unk>', '</s>', 'cat', '<s>'] };
    expect(() => vocabularyFromJSON(swapped)).toThrow(code('invalid_vocabulary'));
  });

  it('keeps words that read as marks apart from the marks', () => {
    const sentence = ['<s>', 'a', '</s>', 'a', '<s>'];
    const own = WordVocabulary.fromTokens([sentence]);
    expect(own.toJSON().symbols).toEqual(['<unk>', '</s>', '<s>', ' <s>', 'a', ' </s>']);
    const loaded = vocabularyFromJSON(JSON.parse(JSON.stringify(own))) as WordVocabulary;
    for (const each of [own, loaded]) {
      const ids = each.encodeTokens(sentence, { begin: true, end: true });
      expect([...ids]).toEqual([2, 3, 4, 5, 4, 3, 1]);
      expect(each.decodeTokens(ids)).toEqual(sentence);
      expect([...each.encode(each.decode(ids.subarray(1)))]).toEqual([...ids.subarray(1)]);
    }
    expect([...vocabulary.encodeTokens(['</s>'])]).toEqual([0]);
    const strange = { ...own.toJSON(), symbols: ['<unk>', '</s>', '<s>', ' a'] };
    expect(() => vocabularyFromJSON(strange)).toThrow(code('invalid_vocabulary'));
  });

  it('takes no marks from the tokens themselves, and no tokens that are none', () => {
    expect(WordVocabulary.fromTokens([['<s>', 'a', '</s>', '<unk>']]).size).toBe(7);
    for (const wrong of [[['a b']], [['']], [['a\n']], [[1]], [[]], []]) {
      expect(() => WordVocabulary.fromTokens(wrong as string[][])).toThrow(code('invalid_vocabulary'));
    }
  });

  it('encodes the tokens of a vocabulary of a text, which has no begin', () => {
    const ofText = WordVocabulary.fromText('a cat </s>\n');
    expect([ofText.beginOfSentenceId, ofText.idOf('</s>')]).toEqual([undefined, 2]);
    expect([...ofText.encodeTokens(['cat'], { end: true })]).toEqual([4, 1]);
    expect(() => ofText.encodeTokens(['cat'], { begin: true })).toThrow(code('invalid_option'));
    expect(() => vocabulary.encodeTokens(['cat'], { start: true } as never)).toThrow(code('unknown_option'));
    expect(() => vocabulary.encodeTokens(['cat'], { end: 1 } as never)).toThrow(code('invalid_option'));
  });
});

const enja = realData('enja');

describe.skipIf(enja.isMissing)('the Tanaka corpus', () => {
  it('comes back from its vocabularies, sentence by sentence', async () => {
    const pairs = await readParallelText(join(enja.path, 'dev.en'), join(enja.path, 'dev.ja'));
    for (const side of ['source', 'target'] as const) {
      const vocabulary = WordVocabulary.fromTokens(pairs.map((pair) => pair[side]));
      for (const pair of pairs) {
        expect(vocabulary.decodeTokens(vocabulary.encodeTokens(pair[side], { begin: true, end: true }))).toEqual(
          pair[side],
        );
      }
    }
  });
});
