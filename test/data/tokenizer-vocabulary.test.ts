import { describe, expect, it } from 'vitest';
import { vocabularyFromJSON } from '../../src/data/saved-vocabulary.js';
import { type SubwordTokenizer, TokenizerVocabulary } from '../../src/data/tokenizer-vocabulary.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Longest piece first, as a tokenizer with these pieces would do it; piece 0 stands for everything else. */
function tokenizerOf(pieces: readonly string[]): SubwordTokenizer {
  return {
    size: pieces.length,
    encode: (text) => {
      const ids: number[] = [];
      for (let at = 0; at < text.length; ) {
        const fitting = pieces.filter((piece, id) => id > 0 && text.startsWith(piece, at));
        const longest = fitting.sort((a, b) => b.length - a.length)[0];
        ids.push(longest === undefined ? 0 : pieces.indexOf(longest));
        at += longest?.length ?? 1;
      }
      return ids;
    },
    decode: (ids) => ids.map((id) => pieces[id]).join(''),
  };
}

const tokenizer = tokenizerOf(['?', 'a', 'b', 'ab', '\n', 'aba']);

describe('TokenizerVocabulary', () => {
  it('puts a tokenizer of the user where a vocabulary is wanted', () => {
    const vocabulary = new TokenizerVocabulary(tokenizer, { unknownId: 0, endOfSentenceId: 4 });
    expect(vocabulary.encode('abaab\nx')).toEqual(Int32Array.of(5, 3, 4, 0));
    expect(vocabulary.decode(Int32Array.of(5, 3, 4, 0))).toBe('abaab\n?');
    expect([vocabulary.size, vocabulary.level, vocabulary.joinedBy]).toEqual([6, 'subword', '']);
    expect([vocabulary.unknownId, vocabulary.endOfSentenceId]).toEqual([0, 4]);
    expect([vocabulary.symbolOf(5), vocabulary.decodeSymbol(4)]).toEqual(['aba', '\n']);
    expect(['ab', 'abb', 'x', '\n'].map((symbol) => vocabulary.idOf(symbol))).toEqual([3, undefined, undefined, 4]);
  });

  it('is saved by a fingerprint, and loaded with the same tokenizer only', () => {
    const vocabulary = new TokenizerVocabulary(tokenizer, { unknownId: 0 });
    const json = JSON.parse(JSON.stringify(vocabulary));
    expect(JSON.stringify(json).length).toBeLessThan(250);
    const loaded = vocabularyFromJSON(json, { tokenizer });
    expect([loaded.level, loaded.unknownId, loaded.endOfSentenceId, loaded.toJSON()]).toEqual([
      'subword',
      0,
      undefined,
      json,
    ]);
    expect(() => vocabularyFromJSON(json)).toThrow('its subwords need the tokenizer that the model was trained with');
    const smaller = tokenizerOf(['?', 'a']);
    expect(() => vocabularyFromJSON(json, { tokenizer: smaller })).toThrow(
      'its size is 2, the model was trained with 6',
    );
    const other = tokenizerOf(['?', 'a', 'b', 'ab', '\n', 'abb']);
    expect(() => vocabularyFromJSON(json, { tokenizer: other })).toThrow(code('vocabulary_mismatch'));
    for (const wrong of [
      { level: 'subword' },
      { ...json, tokenizer: { size: 6 } },
      { ...json, tokenizer: { ...json.tokenizer, unknownId: 'a' } },
    ]) {
      expect(() => vocabularyFromJSON(wrong, { tokenizer })).toThrow(code('invalid_vocabulary'));
    }
  });

  it('refuses what is no tokenizer, and marks outside its pieces', () => {
    for (const wrong of [undefined, {}, { size: 0, encode() {}, decode() {} }, { ...tokenizer, size: 1.5 }]) {
      expect(() => new TokenizerVocabulary(wrong as never)).toThrow(code('invalid_option'));
    }
    expect(() => new TokenizerVocabulary(tokenizer, { unknownId: 6 })).toThrow(code('invalid_option'));
    expect(() => new TokenizerVocabulary(tokenizer, { padId: 0 } as never)).toThrow(code('unknown_option'));
  });

  it('refuses ids that are none, from the tokenizer and from the caller', () => {
    const faulty = (ids: unknown) => new TokenizerVocabulary({ ...tokenizer, encode: () => ids as number[] });
    for (const ids of [undefined, [6], [-1], [0.5], ['a']]) {
      expect(() => faulty(ids).encode('a')).toThrow(code('invalid_vocabulary'));
    }
    const vocabulary = new TokenizerVocabulary(tokenizer);
    for (const id of [-1, 6, 0.5]) {
      expect(() => vocabulary.decode([id])).toThrow(code('index_out_of_range'));
      expect(() => vocabulary.symbolOf(id)).toThrow(code('index_out_of_range'));
    }
  });
});
