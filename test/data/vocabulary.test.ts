import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../src/core/code-points.js';
import { Random } from '../../src/core/random.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { vocabularyFromJSON } from '../../src/data/saved-vocabulary.js';
import type { Vocabulary, VocabularyJson } from '../../src/data/vocabulary.js';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';

const outside = expect.objectContaining({ code: 'index_out_of_range' });
const invalid = expect.objectContaining({ code: 'invalid_vocabulary' });

function throughJson(vocabulary: Vocabulary): Vocabulary {
  return vocabularyFromJSON(JSON.parse(JSON.stringify(vocabulary)));
}

describe('compareCodePoints', () => {
  it('orders by code point, not by UTF-16 unit', () => {
    const sorted = ['', 'a', 'ab', 'b', 'é', '\uff01', '\uffff', '😀', '😀a', '😁'];
    expect(new Random(1, 'order').shuffle([...sorted]).sort(compareCodePoints)).toEqual(sorted);
  });

  it('orders halves of pairs by their own code points, wherever they stand', () => {
    const pieces = ['', 'a', '\ud83d', '\ud83c', '\ude00', '\u{1F600}', '\u{1F389}', '\uff01', '\ue000', 'z'];
    const texts = pieces.flatMap((one) => pieces.flatMap((two) => pieces.map((three) => `${one}${two}${three}`)));
    const points = (text: string) => Array.from(text, (symbol) => symbol.codePointAt(0) as number);
    const byPoints = (left: string, right: string) => {
      const [a, b] = [points(left), points(right)];
      const at = a.findIndex((point, index) => point !== b[index]);
      if (at < 0) return a.length - b.length;
      return (a[at] as number) - (b[at] ?? -1);
    };
    const random = new Random(2, 'order');
    for (let turn = 0; turn < 5000; turn++) {
      const [left, right] = [texts[random.integer(texts.length)], texts[random.integer(texts.length)]] as [
        string,
        string,
      ];
      expect(Math.sign(compareCodePoints(left, right)), JSON.stringify([left, right])).toBe(
        Math.sign(byPoints(left, right)),
      );
    }
  });
});

describe('CharacterVocabulary', () => {
  it('holds the characters of the text in the order of their code points', () => {
    const vocabulary = CharacterVocabulary.fromText('hello 😀！');
    expect(vocabulary.toJSON()).toEqual({
      level: 'char',
      unknown: false,
      symbols: [' ', 'e', 'h', 'l', 'o', '！', '😀'],
    });
    expect(vocabulary.size).toBe(7);
    expect([vocabulary.level, vocabulary.joinedBy, vocabulary.unknownId, vocabulary.endOfSentenceId]).toEqual([
      'char',
      '',
      undefined,
      undefined,
    ]);
  });

  it('gives every code point one id and the text back', () => {
    const text = 'a😀b\ud800c\udc00\r\n\u0000é e\u0301'; // lone surrogates are characters, too
    const vocabulary = CharacterVocabulary.fromText(text);
    const ids = vocabulary.encode(text);
    expect(ids).toBeInstanceOf(Int32Array);
    expect(ids.length).toBe([...text].length);
    expect(vocabulary.decode(ids)).toBe(text);
    expect([...ids].map((id) => vocabulary.symbolOf(id))).toEqual([...text]);
    for (let id = 0; id < vocabulary.size; id++) expect(vocabulary.idOf(vocabulary.symbolOf(id))).toBe(id);
  });

  it('refuses a character that it does not hold, naming it and its position', () => {
    const vocabulary = CharacterVocabulary.fromText('abc😀');
    const failure = (text: string) => {
      try {
        vocabulary.encode(text);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(failure('a😀x')).toMatchObject({ code: 'unknown_symbol', details: { symbol: 'x', position: 3 } });
    expect(failure('x')).toMatchObject({ details: { symbol: 'x', position: 0 } });
    expect(failure('ab😁')).toMatchObject({
      message: 'character "😁" (U+1F601) at position 2 is not in the vocabulary',
      details: { symbol: '😁', position: 2 },
    });
  });

  it('reads unknown characters as the unknown mark when it has one', () => {
    const vocabulary = CharacterVocabulary.fromText('ab', { unknown: true });
    expect(vocabulary.size).toBe(3);
    expect([...vocabulary.encode('a😁b?')]).toEqual([1, 0, 2, 0]);
    expect(vocabulary.decode([1, 0, 2])).toBe('a\ufffdb');
    expect([vocabulary.symbolOf(0), vocabulary.idOf('<unk>'), vocabulary.unknownId]).toEqual(['<unk>', 0, 0]);
    expect([...throughJson(vocabulary).encode('a😁')]).toEqual([1, 0]);
  });

  it('knows no id of what is not one of its characters', () => {
    const vocabulary = CharacterVocabulary.fromText('ab😀');
    expect(['', 'ab', 'c', '😁', '<unk>'].map((symbol) => vocabulary.idOf(symbol))).toEqual(Array(5).fill(undefined));
  });

  it('refuses ids outside its range', () => {
    const vocabulary = CharacterVocabulary.fromText('ab');
    for (const id of [-1, 2, 0.5, Number.NaN]) {
      expect(() => vocabulary.decodeSymbol(id)).toThrow(outside);
      expect(() => vocabulary.decode([0, id])).toThrow(outside);
    }
    expect(() => vocabulary.symbolOf(2)).toThrow('id 2 is outside the vocabulary of 2 symbols');
  });

  it('refuses an empty text and unknown options', () => {
    expect(() => CharacterVocabulary.fromText('')).toThrow(invalid);
    expect(() => CharacterVocabulary.fromText('a', { minCount: 2 } as object)).toThrow(
      expect.objectContaining({ code: 'unknown_option' }),
    );
  });

  it('encodes 5 MB of text in well under a second', () => {
    const text = 'To be, or not to be: that is the question.\n'.repeat(120_000);
    const vocabulary = CharacterVocabulary.fromText(text);
    const begin = performance.now();
    const ids = vocabulary.encode(text);
    expect(performance.now() - begin).toBeLessThan(1000); // measured 25 ms
    expect(ids.length).toBe(text.length);
  });
});

describe('WordVocabulary', () => {
  const text = 'the cat saw the dog\na cat\n';

  it('puts the marks first, then words by count, equal counts by code point', () => {
    const vocabulary = WordVocabulary.fromText(text);
    expect(vocabulary.toJSON()).toEqual({
      level: 'word',
      unknown: true,
      symbols: ['<unk>', '<eos>', 'cat', 'the', 'a', 'dog', 'saw'],
    });
    expect([vocabulary.unknownId, vocabulary.endOfSentenceId, vocabulary.joinedBy, vocabulary.level]).toEqual([
      0,
      1,
      ' ',
      'word',
    ]);
  });

  it('reads line ends as end-of-sentence marks and other words as the unknown mark', () => {
    const vocabulary = WordVocabulary.fromText(text);
    expect([...vocabulary.encode('the  bird\n\nsaw')]).toEqual([3, 0, 1, 1, 6]);
    expect([...vocabulary.encode('')]).toEqual([]);
  });

  it('reads marks that the text itself writes as those marks, as the Penn Treebank files do', () => {
    const vocabulary = WordVocabulary.fromText('the <unk> of <unk> <unk>\n');
    expect(vocabulary.size).toBe(4);
    expect([...vocabulary.encode('<unk> the <eos>')]).toEqual([0, 3, 1]);
  });

  it('keeps the most frequent words within maxSize and those of at least minCount', () => {
    expect(WordVocabulary.fromText(text, { maxSize: 4 }).toJSON().symbols).toEqual(['<unk>', '<eos>', 'cat', 'the']);
    expect(WordVocabulary.fromText(text, { minCount: 2 }).toJSON().symbols).toEqual(['<unk>', '<eos>', 'cat', 'the']);
    expect(WordVocabulary.fromText(text, { minCount: 2, maxSize: 3 }).size).toBe(3);
    expect(() => WordVocabulary.fromText(text, { minCount: 3 })).toThrow(invalid);
    for (const options of [{ maxSize: 2 }, { minCount: 0 }, { maxSize: Number.NaN }]) {
      expect(() => WordVocabulary.fromText(text, options)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    }
  });

  it('decodes to a text that gives the same ids again', () => {
    const vocabulary = WordVocabulary.fromText(text);
    expect(vocabulary.decode([3, 2, 1, 1, 4, 0])).toBe('the cat\n\na <unk>');
    const random = new Random(2, 'decode');
    for (let round = 0; round < 200; round++) {
      const ids = Array.from({ length: random.integer(12) }, () => random.integer(vocabulary.size));
      expect([...vocabulary.encode(vocabulary.decode(ids))]).toEqual(ids);
    }
    expect(() => vocabulary.decode([7])).toThrow(outside);
  });

  it('holds words that are names of inherited properties', () => {
    const vocabulary = WordVocabulary.fromText('constructor __proto__ toString\n');
    expect(
      [...throughJson(vocabulary).encode('__proto__ toString valueOf')].map((id) => vocabulary.symbolOf(id)),
    ).toEqual(['__proto__', 'toString', '<unk>']);
  });

  it('encodes 5 MB of text in well under a second', () => {
    const words = Array.from({ length: 1000 }, (_, index) => `w${index * 7919}`);
    const line = `${words.join(' ')}\n`;
    const long = line.repeat(Math.ceil(5_000_000 / line.length));
    const vocabulary = WordVocabulary.fromText(long);
    const begin = performance.now();
    const ids = vocabulary.encode(long);
    expect(performance.now() - begin).toBeLessThan(1000); // measured 60 ms
    expect(ids.length % 1001).toBe(0);
  });
});

describe('vocabularyFromJSON', () => {
  const characters: VocabularyJson = { level: 'char', unknown: false, symbols: ['a', 'b'] };
  const words: VocabularyJson = { level: 'word', unknown: true, symbols: ['<unk>', '<eos>', 'cat'] };

  it('gives back vocabularies of both levels', () => {
    for (const vocabulary of [CharacterVocabulary.fromText('xyz😀'), WordVocabulary.fromText('x y z 😀 x\n')]) {
      const loaded = throughJson(vocabulary);
      expect(loaded.toJSON()).toEqual(vocabulary.toJSON());
      expect(loaded.encode('x')).toEqual(vocabulary.encode('x'));
    }
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['an array', []],
    ['another level', { ...characters, level: 'syllable' }],
    ['no symbols', { ...characters, symbols: [] }],
    ['symbols that are no array', { ...characters, symbols: 'ab' }],
    ['a symbol that is no string', { ...characters, symbols: ['a', 1] }],
    ['a symbol with two ids', { ...words, symbols: [...words.symbols, 'cat'] }],
    ['a character of two code points', { ...characters, symbols: ['a', 'bc'] }],
    ['an empty character', { ...characters, symbols: ['', 'a'] }],
    ['characters out of order', { ...characters, symbols: ['b', 'a'] }],
    ['a character vocabulary whose unknown mark is missing', { ...characters, unknown: true }],
    ['an unknown field that is no boolean', { ...characters, unknown: 1 }],
    ['words without marks', { ...words, symbols: ['cat', 'dog'] }],
    ['marks in the wrong order', { ...words, symbols: ['<eos>', '<unk>', 'cat'] }],
    ['words without an unknown mark', { ...words, unknown: false }],
    ['a word with white space', { ...words, symbols: ['<unk>', '<eos>', 'a cat'] }],
    ['an empty word', { ...words, symbols: ['<unk>', '<eos>', ''] }],
  ])('refuses %s', (_, json) => {
    expect(() => vocabularyFromJSON(json as VocabularyJson)).toThrow(invalid);
  });
});
